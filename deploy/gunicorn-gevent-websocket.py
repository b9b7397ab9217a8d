# gunicorn with the worker of gevent-websocket.
#
#   scripts/server-env.sh gevent-websocket
#   .venvs/gevent-websocket/bin/gunicorn -c deploy/gunicorn-gevent-websocket.py crosstalk.wsgi:app
#
# CROSSTALK_ASYNC_MODE is gevent (auto finds it). gevent-websocket had its last release in 2017: take gunicorn-gevent.py
# unless something else of yours needs it.

from crosstalk.launch import hooks

bind = hooks.address()
workers = 1
worker_class = "geventwebsocket.gunicorn.workers.GeventWebSocketWorker"
worker_connections = hooks.worker_connections(green=True)
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
