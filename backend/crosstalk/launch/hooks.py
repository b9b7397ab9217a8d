"""What `crosstalk.wsgi` and the files in deploy/ need of the server that runs the application.

Nothing of the application is imported here: the servers read their files before they patch the standard library.
"""

import atexit
import gc
import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import Any, NoReturn

from crosstalk.settings import Settings, SettingsError, load_settings

# After `stop` the server may take so long to end by itself.
_GRACE_S = 1.5
_CLOSING_S = 3.0
THREADS = 8
_SPARE_THREADS = 64
_YOUNG_OBJECTS = 20_000
# What gunicorn understands as: do not try again.
APP_LOAD_ERROR = 4


def stop_with_server(stop: Callable[[], None]) -> None:
    """When the server around us is told to end, calls `stop` first, while it still serves: clients hear it from us.

    To be called in the main thread of the process that serves, once the server has taken the signals. Servers tell their
    application too late or not at all.
    """
    import _thread
    import threading  # here, since the servers patch it before they load the application and after they read their files

    theirs: dict[int, Any] = {}
    begun: list[int] = []
    ended = threading.Event()

    def work() -> None:
        try:
            stop()
        finally:
            ended.set()
        for number in begun:
            if callable(theirs.get(number)):
                os.kill(os.getpid(), number)
                time.sleep(_GRACE_S)
        # They would wait on for connections of which nothing will come any more, and Python's own end for every thread.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def told(number: int, frame: FrameType | None) -> None:
        if ended.is_set():
            theirs[number](number, frame)
        elif not begun:
            begun.append(number)
            # Apart from this thread or greenlet: it may be the hub, or hold a lock that closing needs.
            _thread.start_new_thread(work, ())

    def take(*numbers: int) -> None:
        for number in numbers:
            theirs[number] = signal.signal(number, told)

    def finish() -> None:
        """It ends without having been told to."""
        if not begun:
            stop()
        else:
            ended.wait(_CLOSING_S)

    if "uwsgi" in sys.modules:
        import gevent

        # Its master passes every wish to end on as one of these. Once its loop runs, which takes them for itself before.
        gevent.spawn(take, signal.SIGHUP, signal.SIGINT, signal.SIGTERM)
    else:
        take(signal.SIGTERM, signal.SIGINT, signal.SIGQUIT)
    atexit.register(finish)


def settle_memory() -> None:
    """Before the first request: what has been made stays, and need not be looked at again whenever memory is collected.

    With thousands of connections a collection of everything takes longer than a message; what really is garbage here is
    freed by counting references.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 20, 100)


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
    """`threads` of gunicorn."""
    return threads_for(settings())


def threads_for(own: Settings) -> int:
    """A handful serves REST. Without the loop, a WebSocket or a poll holds one for as long as it lives."""
    return THREADS if own.fastlane else own.max_connections + _SPARE_THREADS


def refuse(why: str) -> NoReturn:
    """One line, and no second try."""
    print(f"crosstalk: {why}", file=sys.stderr, flush=True)
    sys.exit(APP_LOAD_ERROR)
