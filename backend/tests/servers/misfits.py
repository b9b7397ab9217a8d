"""Servers that do not fit what is asked for, and what Crosstalk says of each."""

from typing import NamedTuple

from roster import APP, DEPLOY

GUNICORN = ("gunicorn", "--bind", "127.0.0.1:{port}", "--log-level", "warning", "--no-control-socket")
PLAIN = GUNICORN[:-1]  # what 25.3 does not know
UWSGI = ("uwsgi", "--http", "127.0.0.1:{port}", "--http-websockets", "--master", "--need-app", "--module", APP)


class Misfit(NamedTuple):
    environment: str
    command: tuple[str, ...]
    mode: str
    told: tuple[str, ...]
    fastlane: str = "on"


MISFITS = {
    "threads, but gevent is asked for": Misfit("gevent", (*GUNICORN, "--threads", "100", APP), "gevent", ("CROSSTALK_ASYNC_MODE=threading",)),
    "threads, but auto finds gevent": Misfit("gevent", (*GUNICORN, "--threads", "100", APP), "auto", ("means gevent here", "CROSSTALK_ASYNC_MODE=threading")),
    "the file for threads where gevent is": Misfit("gevent", ("gunicorn", "-c", str(DEPLOY / "gunicorn-threads.py"), APP), "auto", ("CROSSTALK_ASYNC_MODE=threading",)),
    "gevent, but threading is asked for": Misfit("gevent", (*GUNICORN, "-k", "gevent", APP), "threading", ("CROSSTALK_ASYNC_MODE=gevent",)),
    "eventlet, but threading is asked for": Misfit("eventlet", (*PLAIN, "-k", "eventlet", APP), "threading", ("CROSSTALK_ASYNC_MODE=eventlet",)),
    "gevent's own server, but eventlet is asked for": Misfit("gevent", ("crosstalk", "serve"), "eventlet", ("eventlet is not installed",)),
    "uWSGI, but threading is asked for": Misfit("uwsgi", (*UWSGI, "--gevent", "100", "--gevent-early-monkey-patch"), "threading", ("CROSSTALK_ASYNC_MODE=gevent",)),
    "uWSGI without gevent": Misfit("uwsgi", UWSGI, "auto", ("--gevent",)),
    "uWSGI with two processes": Misfit("uwsgi", (*UWSGI, "--gevent", "100", "--gevent-early-monkey-patch", "--processes", "2"), "auto", ("2 processes", "set it to 1")),
    "gunicorn's sync worker": Misfit("threads", (*GUNICORN, APP), "auto", ("--threads 8",)),
    "too few threads": Misfit("threads", (*GUNICORN, "--threads", "3", APP), "auto", ("3 at a time", "write 100"), fastlane="off"),
    "two workers with threads": Misfit("threads", (*GUNICORN, "--threads", "100", "--workers", "2", APP), "auto", ("2 processes", "set it to 1")),
    "two workers with gevent": Misfit("gevent", (*GUNICORN, "-k", "gevent", "--workers", "2", APP), "auto", ("2 processes", "set it to 1")),
    "loaded before the fork": Misfit("threads", (*GUNICORN, "--threads", "100", "--preload", APP), "auto", ("--preload",)),
}  # fmt: skip
