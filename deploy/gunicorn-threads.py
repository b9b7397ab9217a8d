# gunicorn with a handful of threads, and one loop for all WebSockets: the server of `crosstalk serve`, started by gunicorn.
#
#   make install
#   .venv/bin/gunicorn -c deploy/gunicorn-threads.py crosstalk.wsgi:app
#
# CROSSTALK_ASYNC_MODE is threading (auto finds it where neither gevent nor eventlet is installed).

from crosstalk.launch import hooks

bind = hooks.address()
workers = 1
# gunicorn's own, but nobody holds a thread who has not sent a whole request.
worker_class = "crosstalk.launch.gthread.Worker"
threads = hooks.threads()
worker_connections = hooks.worker_connections()
worker_tmp_dir = hooks.worker_tmp_dir()
# CROSSTALK_KEEPALIVE_S: longer than the proxy in front keeps an idle connection, which it may send a request on.
keepalive = hooks.keepalive()
timeout = hooks.STALLED_S
graceful_timeout = 6
# USR2 would start a second process on the same database.
pre_exec = hooks.refuse_second_master
control_socket_disable = True
# Whom to believe is CROSSTALK_TRUSTED_PROXIES, for every server alike.
forwarded_allow_ips = ""
secure_scheme_headers = {}
