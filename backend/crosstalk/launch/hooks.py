"""What `crosstalk.wsgi` and the files in deploy/ need of the server that runs the application.

Nothing of the application is imported here: the servers read their files before they patch the standard library.
"""

import atexit
import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from types import FrameType
from typing import Any, NoReturn

from crosstalk.settings import Settings, SettingsError, load_settings

_CLIENTS_GRACE_S = 2
_CLOSING_S = 3.0
_SPARE_THREADS = 64
# What gunicorn understands as: do not try again.
APP_LOAD_ERROR = 4


def stop_with_server(stop: Callable[[], None]) -> None:
    """Calls `stop` as soon as the server around us is told to end, while it still serves: clients hear it from us.

    To be called in the main thread of the process that serves, once the server has taken the signals. Servers tell their
    application too late or not at all.
    """
    import _thread
    import threading  # here, since the servers patch it before they load the application and after they read their files

    ended = threading.Event()
    begun: list[bool] = []

    def work() -> None:
        try:
            stop()
        finally:
            ended.set()

    def begin() -> None:
        if not begun:
            begun.append(True)
            # Apart from this thread or greenlet: it may be the hub, or hold a lock that closing needs.
            _thread.start_new_thread(work, ())

    def told(theirs: Callable[[int, FrameType | None], Any], number: int, frame: FrameType | None) -> None:
        begin()
        theirs(number, frame)

    def finish() -> None:
        begin()
        ended.wait(_CLOSING_S)

    if "uwsgi" in sys.modules:
        import gevent

        def listen() -> None:
            # Its master passes every wish to end on as one of these; and what Python calls a handler is never called under it.
            for number in (signal.SIGHUP, signal.SIGINT):
                gevent.signal_handler(number, begin)

        # Once its loop runs: a watcher that comes before uWSGI's own would keep that from being heard.
        gevent.spawn(listen)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        theirs = signal.getsignal(number)
        if callable(theirs) and theirs is not signal.default_int_handler:
            signal.signal(number, partial(told, theirs))
    atexit.register(finish)


# ── settings of gunicorn, for the files in deploy/ ──


def settings() -> Settings:
    try:
        return load_settings()
    except SettingsError as refused:
        refuse(str(refused))


def address() -> str:
    """`bind`: the host and the port of our own settings."""
    own = settings()
    return f"[{own.host}]:{own.port}" if ":" in own.host else f"{own.host}:{own.port}"


def threads() -> int:
    """`threads`: a WebSocket holds one for as long as it lives, and REST must find one free."""
    return settings().max_connections + _SPARE_THREADS


def post_worker_init(worker: Any) -> None:
    """The hook of that name. The master kills after `graceful_timeout`: the worker must not wait as long for its clients."""
    worker.cfg.set("graceful_timeout", _CLIENTS_GRACE_S)


def worker_exit(_master: Any, worker: Any) -> None:
    """The hook of that name. The interpreter's own end would wait for threads whose client does not answer any more."""
    if worker.booted:
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def refuse(why: str) -> NoReturn:
    """One line, and no second try."""
    print(f"crosstalk: {why}", file=sys.stderr, flush=True)
    sys.exit(APP_LOAD_ERROR)
