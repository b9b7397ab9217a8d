"""For any WSGI server: `crosstalk.wsgi:app`. The files in deploy/ start it on each of them."""

from crosstalk.launch.hosting import hosted

app = hosted()
