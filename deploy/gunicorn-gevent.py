# gunicorn with its gevent worker, WebSocket by simple-websocket.
#
#   pip install './backend[gevent]'
#   gunicorn -c deploy/gunicorn-gevent.py crosstalk.wsgi:app
#
# CROSSTALK_ASYNC_MODE is gevent (auto finds it). Where gevent-websocket is installed as well, take
# gunicorn-gevent-websocket.py: that is the pair that is tested.

from crosstalk.launch import hooks

bind = hooks.address()
workers = 1
worker_class = "gevent"
worker_connections = hooks.settings().max_connections + 1000
keepalive = 5
graceful_timeout = 6
control_socket_disable = True
# Whom to believe is CROSSTALK_TRUSTED_PROXIES, for every server alike.
forwarded_allow_ips = ""
secure_scheme_headers = {}
