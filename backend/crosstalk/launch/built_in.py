"""`crosstalk serve --built-in`: the server that comes with the async mode. Werkzeug's, with threads, is for development."""

import _thread
import os
import signal
import sys
from importlib.util import find_spec
from types import FrameType
from typing import Any

from crosstalk.launch import hooks
from crosstalk.launch.async_mode import AsyncMode, patched, prepare
from crosstalk.launch.banner import print_refusal, print_served
from crosstalk.launch.processes import follow_make
from crosstalk.settings import Settings

_LAST_ANSWERS_S = 0.3


def serve_built_in(settings: Settings, mode: AsyncMode, *, quiet: bool = False) -> None:
    """Serve until a signal ends it."""
    follow_make()
    if patched() != mode:
        # Too much has been imported here already.
        arguments = ["serve", "--built-in", *(["--quiet"] if quiet else [])]
        os.execv(sys.executable, [sys.executable, "-m", "crosstalk.patched", mode, *arguments])
    prepare(mode)
    settings, _ = hooks.fitted_or_refused(settings)
    # Here, so that everything waits in the way of the mode.
    from crosstalk.app import create_app, prepare_database

    prepare_database(settings)
    app = create_app(settings, async_mode=mode)
    crosstalk = app.extensions["crosstalk"]
    crosstalk.refusals.tell = print_refusal
    crosstalk.start()

    def close() -> None:
        crosstalk.stop()
        crosstalk.socketio.sleep(_LAST_ANSWERS_S)
        sys.stdout.flush()
        sys.stderr.flush()
        # The interpreter's own end waits for every thread, also for those whose client does not answer any more.
        os._exit(0)

    def stopping(_signal: int, _frame: FrameType | None) -> None:
        # Apart from this thread or greenlet: it may be the hub, or hold a lock that closing needs.
        _thread.start_new_thread(close, ())

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stopping)
    if not quiet:
        print_served(settings)
    own = _werkzeug() if mode == "threading" else _pywsgi() if mode == "gevent" else {}
    crosstalk.socketio.run(app, host=settings.host, port=settings.port, **own)


def _werkzeug() -> dict[str, Any]:
    from werkzeug.serving import WSGIRequestHandler

    class Quiet(WSGIRequestHandler):
        """Says nothing of requests: their addresses hold session ids, and to it the end of a WebSocket is a bad request."""

        def log(self, type: str, message: str, *args: object) -> None:
            return

    return {"allow_unsafe_werkzeug": True, "request_handler": Quiet}


def _pywsgi() -> dict[str, Any]:
    if find_spec("geventwebsocket") is not None:
        return {}  # it brings a handler that does the same
    from gevent.pywsgi import WSGIHandler

    class Upgrading(WSGIHandler):  # type: ignore[misc]
        """Takes what comes after a WebSocket for no further request."""

        def run_application(self) -> None:
            super().run_application()
            if "HTTP_UPGRADE" in self.environ:
                self.close_connection = True

    return {"handler_class": Upgrading}
