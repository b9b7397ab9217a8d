"""`crosstalk serve` on threads: the API in the foreground, under gunicorn.

One worker, because the rooms' live state is in the process; the application is made before the fork, so that a worker
that died is replaced in milliseconds.
"""

import os
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from crosstalk.app import create_app, prepare_database
from crosstalk.launch import hooks
from crosstalk.launch.banner import print_refusal, print_served
from crosstalk.launch.banner import say as _say
from crosstalk.launch.file_limits import too_few
from crosstalk.launch.gthread import Worker
from crosstalk.launch.ports import bind, inherited_listener
from crosstalk.launch.processes import die_with_parent, follow_make, make_is_interrupted
from crosstalk.settings import Settings

# A stopping worker tells its clients, and waits so long for their connections to end; the master waits so long for the worker.
_CLIENTS_GRACE_S = 1
_GRACE_S = 5
_STACK_BYTES = 512 * 1024

_die_with_master = die_with_parent(signal.SIGKILL)


def serve_threads(settings: Settings, *, quiet: bool = False) -> None:
    """Serve until a signal ends it. Raises PortError before anything else is done."""
    follow_make()
    folder = hooks.heartbeat_folder(settings)
    listener = inherited_listener() or bind(settings.host, settings.port, "CROSSTALK_PORT")
    asked, (settings, budget) = settings, hooks.fitted_or_refused(settings)
    if (line := too_few(asked, budget)) is not None:
        _say(line)
    threading.stack_size(_STACK_BYTES)
    prepare_database(settings)  # the master keeps the lock, so that no other server comes between two workers
    app = create_app(settings)
    app.extensions["crosstalk"].refusals.tell = print_refusal
    api = _Api(settings, app, listener, hooks.connections_for(settings, budget), folder)
    if not quiet:
        print_served(settings)
    _Master(api).run()


class _Api(BaseApplication):  # type: ignore[misc]
    """The application and gunicorn's settings for it."""

    def __init__(self, settings: Settings, app: Flask, listener: socket.socket, connections: int, folder: str) -> None:
        self._settings = settings
        self._connections = connections
        self._heartbeat_folder = folder
        self._app = app
        self._file_descriptor = listener.detach()
        super().__init__()

    def load_config(self) -> None:
        threads = hooks.threads_for(self._settings)
        for name, value in {
            "bind": f"fd://{self._file_descriptor}",
            "workers": 1,
            "worker_class": _Worker,
            "threads": threads,
            "worker_connections": self._connections,
            "worker_tmp_dir": self._heartbeat_folder,
            "preload_app": True,
            "keepalive": self._settings.keepalive_s,
            "timeout": hooks.STALLED_S,
            "graceful_timeout": _GRACE_S,
            "control_socket_disable": True,
            # Whom to believe is CROSSTALK_TRUSTED_PROXIES, for every server alike.
            "forwarded_allow_ips": "",
            "secure_scheme_headers": {},
            "accesslog": None,
            "loglevel": "warning",
            "pre_fork": _before_fork,
        }.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


class _Master(Arbiter):  # type: ignore[misc]
    # The terminal has gone: in the foreground that is the end, not a wish to read the settings again.
    handle_hup = Arbiter.handle_term

    def handle_usr2(self) -> None:
        """gunicorn would start a second master on the same database."""
        _say("USR2 is ignored: one process owns the database; restart with SIGTERM and a new start")

    def wait_for_signals(self, timeout: float = 1.0) -> list[int]:
        signals: list[int] = super().wait_for_signals(timeout=timeout)
        return [*signals, signal.SIGTERM] if make_is_interrupted() else signals


class _Worker(Worker):
    def init_process(self) -> None:
        _die_with_master()
        self.cfg.set("graceful_timeout", _CLIENTS_GRACE_S)  # in this process; the master keeps its own
        self._closing: list[threading.Thread] = []
        super().init_process()

    def run(self) -> None:
        self.wsgi.extensions["crosstalk"].start()
        hooks.settle_memory()
        super().run()
        for thread in self._closing:
            thread.join(_GRACE_S)
        # The interpreter's own end waits for every thread, also for those whose client does not answer any more.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if not self.booted:
            super().handle_exit(sig, frame)
        elif not self._closing:
            # In a thread: a signal may come while this one holds a lock that closing needs.
            closing = threading.Thread(target=self._close, name="closing", daemon=True)
            self._closing.append(closing)
            closing.start()

    def _close(self) -> None:
        """Until everybody has been told, it lets people in: who polls is told in the answer to another request."""
        self.wsgi.extensions["crosstalk"].stop()
        super().handle_exit(signal.SIGTERM, None)

    # SIGINT and SIGQUIT: members are told that the server stops, however it is stopped.
    handle_quit = handle_exit


def _before_fork(_master: Arbiter, worker: Any) -> None:
    if worker.age > 1:
        _say("the API's worker process ended; another one starts")
