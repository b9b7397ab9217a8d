# gunicorn with its eventlet worker. 25.3.0 is the newest gunicorn that has one, and eventlet itself is no longer developed.
#
#   pip install './backend[eventlet]'
#   gunicorn -c deploy/gunicorn-eventlet.py crosstalk.wsgi:app
#
# CROSSTALK_ASYNC_MODE is eventlet (auto finds it).

import eventlet

eventlet.monkey_patch()  # before anything of ours is imported

from crosstalk.launch import hooks  # noqa: E402

bind = hooks.address()
workers = 1
worker_class = "eventlet"
worker_connections = hooks.settings().max_connections + 1000
keepalive = 5
graceful_timeout = 6
control_socket_disable = True
# Whom to believe is CROSSTALK_TRUSTED_PROXIES, for every server alike.
forwarded_allow_ips = ""
secure_scheme_headers = {}
