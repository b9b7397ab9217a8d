# gunicorn with its eventlet worker. 25.3.0 is the newest gunicorn that has one, and eventlet itself is no longer developed.
#
#   scripts/server-env.sh eventlet
#   .venvs/eventlet/bin/gunicorn -c deploy/gunicorn-eventlet.py crosstalk.wsgi:app
#
# CROSSTALK_ASYNC_MODE is eventlet (auto finds it).

import eventlet

eventlet.monkey_patch()  # before anything of ours is imported

from crosstalk.launch import hooks  # noqa: E402

bind = hooks.address()
workers = 1
worker_class = "eventlet"
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
