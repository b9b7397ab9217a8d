"""Crosstalk under somebody else's server: gunicorn, uWSGI, any WSGI server. Looks at the server before it starts anything."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any

from crosstalk.launch import async_mode, hooks
from crosstalk.launch.file_limits import too_few
from crosstalk.settings import Settings, SettingsError, load_settings, notices

if TYPE_CHECKING:
    from flask import Flask

# Requests that are answered while every connection is taken.
_SPARE = 10
_FEWEST = 4
# Packages on the stack that say nothing of the server.
_PASSED_OVER = ("crosstalk", "__main__", "")


class ServerError(Exception):
    """A server on which Crosstalk cannot run. Its text is one line and says what to change."""


@dataclass(frozen=True)
class Host:
    """What the server at hand offers."""

    name: str
    mode: async_mode.AsyncMode
    processes: int = 1
    at_once: int | None = None
    """Requests and connections that it holds at the same time; None where nothing bounds them."""

    @property
    def driver(self) -> str:
        """Flask-SocketIO's name of the mode."""
        return "gevent_uwsgi" if self.name == "uWSGI" else self.mode


def hosted() -> "Flask":
    """The application, started. What does not fit ends the process with one line."""
    try:
        settings = load_settings()
        for line in notices(settings):
            print(f"crosstalk: {line}", file=sys.stderr, flush=True)
        host = _fitting(settings)
    except (SettingsError, ServerError, async_mode.ModeError) as refused:
        hooks.refuse(str(refused))
    async_mode.prepare(host.mode)
    return _started(_within(settings, host), host.driver)


def _started(settings: Settings, driver: str) -> "Flask":
    from crosstalk.app import create_app, prepare_database
    from crosstalk.core.database_lock import DatabaseInUse

    try:
        lock = prepare_database(settings)
    except (SettingsError, DatabaseInUse) as refused:
        hooks.refuse(str(refused))
    app = create_app(settings, async_mode=driver)
    crosstalk = app.extensions["crosstalk"]
    crosstalk.start()
    hooks.settle_memory()

    def stop() -> None:
        crosstalk.stop()
        # Before the server has ended: when it starts its workers anew, the next one waits for this.
        lock.release()

    hooks.stop_with_server(stop)
    return app


def _fitting(settings: Settings) -> Host:
    """The server at hand. Raises ServerError when it does not fit the settings."""
    setting = settings.async_mode
    host = _host()
    wanted = async_mode.chosen(setting)
    if wanted != host.mode:
        given = f"CROSSTALK_ASYNC_MODE={setting!r}" + (f" means {wanted} here" if setting == "auto" else "")
        raise ServerError(f"{given}, but {host.name} runs on {host.mode}; write CROSSTALK_ASYNC_MODE={host.mode}")
    if host.processes != 1:
        raise ServerError(
            f"{host.name} is configured to start {host.processes} processes; set it to 1, because live connections and SQLite need a single process"
        )
    if settings.fastlane and host.driver in ("threading", "gevent"):
        host = replace(host, at_once=None)  # live connections are not the server's: the loop takes them
    if host.at_once is not None and host.at_once < _FEWEST:
        raise ServerError(f"{host.name} serves only {host.at_once} at a time, and every live connection is one; write 100")
    return host


def _host() -> Host:
    """The server that loads the application, by what it leaves in the process and on the stack: WSGI has no name for it.

    A server that is not known is refused: most have a few threads, and hold one for each live connection.
    """
    uwsgi: Any = sys.modules.get("uwsgi")
    if uwsgi is not None:
        return _uwsgi(uwsgi)
    # gunicorn and Flask say nothing of their settings, but the application is called from an object that has them.
    for frame in _callers():
        caller: Any = frame.f_locals.get("self")
        if type(caller).__module__.startswith(("gunicorn.", "geventwebsocket.gunicorn")) and hasattr(caller, "cfg"):
            return _gunicorn(caller.cfg)
        if frame.f_globals.get("__name__") == "flask.cli" and frame.f_code.co_name == "run_command":
            if not frame.f_locals.get("with_threads", True):
                raise ServerError("flask run serves one request at a time without threads; leave out --without-threads")
            return Host("flask run", async_mode.patched())
    mode, loader = async_mode.patched(), _loader()
    if mode != "threading" and loader in (None, mode):
        return Host(f"{mode}'s server", mode)
    raise ServerError(
        f"{loader or 'this program'} is no server that Crosstalk knows; run `crosstalk serve`, gunicorn, uWSGI or `flask run`, or "
        "gevent's or eventlet's own server in a program that patches first (docs/deploy.md)"
    )


def _loader() -> str | None:
    """The package that imports the application; None when it is a program of no package."""
    for frame in _callers():
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in _PASSED_OVER and package not in sys.stdlib_module_names:
            return package
    return None


def _gunicorn(settings: Any) -> Host:
    kind = settings.worker_class_str
    if settings.preload_app:
        raise ServerError("gunicorn loads the application before its worker starts; leave out --preload")
    name = f"gunicorn with the worker class {kind!r}"
    if kind in ("sync", "gunicorn.workers.sync.SyncWorker"):
        raise ServerError(f"{name} serves one request at a time; write --worker-class gthread --threads 8")
    if "gevent" in kind.lower():
        return Host(name, "gevent", settings.workers, settings.worker_connections)
    if "eventlet" in kind:
        return Host(name, "eventlet", settings.workers, settings.worker_connections)
    if kind in ("gthread", "crosstalk.launch.gthread.Worker"):
        return Host(name, "threading", settings.workers, min(settings.threads, settings.worker_connections))
    raise ServerError(f"{name} is none that Crosstalk knows; write gthread, gevent or eventlet")


def _uwsgi(uwsgi: ModuleType) -> Host:
    greenlets = _option(uwsgi, "gevent")
    if greenlets is None:
        raise ServerError("uWSGI needs green threads for live connections; add --gevent 1000 --gevent-early-monkey-patch")
    if not hasattr(uwsgi, "websocket_handshake"):
        raise ServerError("this uWSGI was built without WebSocket; install libssl-dev and build it again")
    return Host("uWSGI", "gevent", int(uwsgi.numproc), int(greenlets))


def _option(uwsgi: ModuleType, name: str) -> str | None:
    value = uwsgi.opt.get(name)
    return value.decode() if isinstance(value, bytes) else value


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _within(settings: Settings, host: Host) -> Settings:
    """Never more live connections than the process has files for and the server holds, less what REST needs."""
    fitting, budget = hooks.fitted_or_refused(settings)
    if (line := too_few(settings, budget)) is not None:
        print(f"crosstalk: {line}", file=sys.stderr, flush=True)
    if host.at_once is None:
        return fitting
    most = max(1, host.at_once - min(_SPARE, host.at_once // 2))
    return fitting.model_copy(update={"max_connections": min(fitting.max_connections, most)})
