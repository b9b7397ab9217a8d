# gunicorn with threads, WebSocket by simple-websocket: the server of `crosstalk serve`, started by gunicorn itself.
#
#   pip install ./backend
#   gunicorn -c deploy/gunicorn-threads.py crosstalk.wsgi:app
#
# CROSSTALK_ASYNC_MODE is threading (auto finds it where neither gevent nor eventlet is installed).

from crosstalk.launch import hooks

bind = hooks.address()
workers = 1
# gunicorn's own, but for where it waits for a peer to hang up.
worker_class = "crosstalk.launch.gthread.Worker"
threads = hooks.threads()
worker_connections = threads + 1000
keepalive = 5
graceful_timeout = 6
control_socket_disable = True
# Whom to believe is CROSSTALK_TRUSTED_PROXIES, for every server alike.
forwarded_allow_ips = ""
secure_scheme_headers = {}
