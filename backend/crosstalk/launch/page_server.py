"""An ordinary static file server for the built page.

Any static host will do in its place; this one is here so that `make run` needs none.
"""

import json
import socket
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from email.message import Message
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
            if self.server.api_for is not None and self._file == "/config.json":
                return self._config()
            if (elsewhere := self.server.moved_to(self.headers)) is not None:
                return self._redirect(f"{elsewhere}{self.path}")
        return super().send_head()

    def end_headers(self) -> None:
        # The build puts a hash of the content into the names of assets.
        unchanging = self._file.startswith("/assets/")
        self.send_header("Cache-Control", "public, max-age=31536000, immutable" if unchanging else "no-cache")
        host = self._host
        for name, value in page_headers(self._api()):
            # Over plain HTTP browsers ignore it with an error in the console, except on loopback.
            if name != "Cross-Origin-Opener-Policy" or host == "" or _is_loopback(host):
                self.send_header(name, value)
        super().end_headers()

    @property
    def _file(self) -> str:
        return getattr(self, "path", "").partition("?")[0]

    def _api(self) -> str:
        """The address of the API that this request's page is to use."""
        api_for = self.server.api_for if isinstance(self.server, PageServer) else None
        if api_for is None:
            return api_of(Path(self.directory))
        return api_for(self._host)

    @property
    def _host(self) -> str:
        # A request that cannot be read has no headers.
        headers: Message | None = getattr(self, "headers", None)
        return "" if headers is None else headers.get("Host", "")

    def _redirect(self, url: str) -> None:
        self.send_response(HTTPStatus.TEMPORARY_REDIRECT)
        self.send_header("Location", url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _config(self) -> BytesIO:
        content = json.dumps({"api": self._api()}).encode() + b"\n"
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", self.extensions_map[".json"])
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return BytesIO(content)

    def list_directory(self, path: object) -> BytesIO | None:
        self.send_error(HTTPStatus.NOT_FOUND)
        return None

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal of `make run` is for what matters."""


def _is_loopback(host: str) -> bool:
    """Whether a Host header names this machine itself; browsers trust a page from there as one over TLS."""
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name in ("localhost", "[::1]") or name.endswith(".localhost") or name.startswith("127.")


class PageServer(ThreadingHTTPServer):
    """Serves a built page from a socket that is bound already. Holds at most `CONNECTIONS` connections, with a thread each."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self, listener: socket.socket, directory: Path, api_for: Callable[[str], str] | None = None, origin: str | None = None
    ) -> None:
        """`api_for` gives the API's address for a Host header; without it, the page's config.json on disk has the address.

        Who opens the page at another name of this machine than that of `origin` is sent there: it is the allowed one.
        """
        self.api_for = api_for
        self._origin = origin
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

    def moved_to(self, headers: Message) -> str | None:
        """The origin for a browser that opens the page at 127.0.0.1 or [::1] instead of localhost; None for other requests."""
        host = headers.get("Host", "").rpartition(":")[0]
        navigates = headers.get("Sec-Fetch-Mode") == "navigate"
        return self._origin if navigates and host in ("127.0.0.1", "[::1]") else None

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


def serve_page(host: str, port: int, directory: Path, api_for: Callable[[str], str], origin: str | None) -> None:
    PageServer(bind(host, port, "CROSSTALK_PAGE_PORT"), directory, api_for, origin).serve_forever()
