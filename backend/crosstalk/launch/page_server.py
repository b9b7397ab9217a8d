"""An ordinary static file server for the built page.

Any static host will do in its place; this one is here so that `make run` needs none.
"""

import socket
import sys
import threading
from collections import OrderedDict
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

from crosstalk.launch.page_headers import api_of, page_headers
from crosstalk.launch.ports import bind

CONNECTIONS = 64
SILENCE_S = 10


class _PageRequest(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENCE_S
    # Spelled out: what the machine's own table says differs from machine to machine.
    extensions_map = {
        "": "application/octet-stream",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".css": "text/css; charset=utf-8",
        ".json": "application/json",
        ".map": "application/json",
        ".webmanifest": "application/manifest+json",
        ".svg": "image/svg+xml",
        ".png": "image/png",
        ".ico": "image/x-icon",
        ".woff2": "font/woff2",
        ".txt": "text/plain; charset=utf-8",
    }

    def send_head(self) -> Any:
        if isinstance(self.server, PageServer):
            self.server.has_asked(self.connection)
        return super().send_head()

    def end_headers(self) -> None:
        self.send_header("Cache-Control", self._cache_control())
        for name, value in page_headers(api_of(Path(self.directory))):
            self.send_header(name, value)
        super().end_headers()

    def _cache_control(self) -> str:
        path = getattr(self, "path", "").partition("?")[0]
        # The build puts a hash of the content into these names.
        return "public, max-age=31536000, immutable" if path.startswith("/assets/") else "no-cache"

    def list_directory(self, path: object) -> BytesIO | None:
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal of `make run` is for what matters."""


class PageServer(ThreadingHTTPServer):
    """Serves a built page from a socket that is bound already. Holds at most `CONNECTIONS` connections, with a thread each."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, listener: socket.socket, directory: Path) -> None:
        address = listener.getsockname()
        super().__init__(address, partial(_PageRequest, directory=str(directory)), bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self._held: OrderedDict[int, socket.socket] = OrderedDict()
        self._lock = threading.Lock()
        self.server_activate()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Starts a thread for the connection. At the bound, the one that has not asked for anything longest is closed."""
        with self._lock:
            self._held[id(request)] = request
            if len(self._held) > CONNECTIONS:
                _, oldest = self._held.popitem(last=False)
                with suppress(OSError):  # the peer has closed it
                    oldest.shutdown(socket.SHUT_RDWR)
        super().process_request(request, client_address)

    def has_asked(self, connection: socket.socket) -> None:
        """The connection has sent a whole request: it is the last one to be closed at the bound."""
        with self._lock:
            if id(connection) in self._held:
                self._held.move_to_end(id(connection))

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._held.pop(id(request), None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closed, or stopped reading, in the middle of an answer is not an error of this server."""
        if not isinstance(sys.exc_info()[1], ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def serve_page(host: str, port: int, directory: Path) -> None:
    PageServer(bind(host, port, "CROSSTALK_PAGE_PORT"), directory).serve_forever()
