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
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryFile
from types import FrameType
from typing import Any, NoReturn

from crosstalk.launch.file_limits import FileBudget, fitted
from crosstalk.settings import Settings, SettingsError, load_settings

# After `stop` the server may take so long to end by itself.
_GRACE_S = 1.5
_CLOSING_S = 3.0
THREADS = 8
_SPARE_THREADS = 64
_YOUNG_OBJECTS = 20_000
# gunicorn's master kills a worker that has not moved for so long, and takes a laptop's or a container's pause for that.
STALLED_S = 120
MEMORY_FOLDER = Path("/dev/shm")
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
    return threads_for(fitted_or_refused(settings())[0])


def threads_for(own: Settings) -> int:
    """A handful serves REST. Without the loop, a WebSocket or a poll holds one for as long as it lives."""
    return THREADS if own.fastlane else own.max_connections + _SPARE_THREADS


def worker_connections(*, green: bool = False) -> int:
    """`worker_connections` of gunicorn. Raises the limit of open files for this process, and so for its workers."""
    own, budget = fitted_or_refused(settings())
    return connections_for(own, budget, green=green)


def connections_for(own: Settings, budget: FileBudget, *, green: bool = False) -> int:
    """Connections that the server itself holds. The loop takes the live ones from it; where there is no loop, and on green
    threads, where a poll waits in one of them, they count as well."""
    return budget.waiting if own.fastlane and not green else budget.total


def fitted_or_refused(own: Settings) -> tuple[Settings, FileBudget]:
    """`file_limits.fitted`, or the end of the process with one line."""
    try:
        return fitted(own)
    except SettingsError as refused:
        refuse(str(refused))


def keepalive() -> int:
    """`keepalive` of gunicorn, in seconds."""
    return settings().keepalive_s


def worker_tmp_dir() -> str:
    """`worker_tmp_dir` of gunicorn."""
    return heartbeat_folder(settings())


def heartbeat_folder(own: Settings) -> str:
    """Where gunicorn's workers keep the file by which the master sees that they run: in memory where that can be had, since
    a slow disk would stall the worker, else beside the database. Ends the process with one line when neither is writable."""
    database = Path(own.database_url.removeprefix("sqlite:///")).parent
    if _can_be_written(MEMORY_FOLDER):
        return str(MEMORY_FOLDER)
    with suppress(OSError):
        database.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _can_be_written(database):
        refuse(f"neither {MEMORY_FOLDER} nor {database} can be written; make one of them writable (CROSSTALK_DATABASE_URL)")
    return str(database.resolve())


def _can_be_written(folder: Path) -> bool:
    try:
        with TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def refuse_second_master(_master: object) -> NoReturn:
    """`pre_exec` of gunicorn, called in the process that SIGUSR2 forks: a second master would open the same database."""
    print("crosstalk: USR2 is ignored: one process owns the database; restart with SIGTERM and a new start", file=sys.stderr)
    sys.stderr.flush()
    os._exit(0)


def refuse(why: str) -> NoReturn:
    """One line, and no second try."""
    print(f"crosstalk: {why}", file=sys.stderr, flush=True)
    sys.exit(APP_LOAD_ERROR)
