"""An ordinary static file server for the built page.

Any static host will do in its place; this one is here so that `make run` needs none.
"""

import sys
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path

from crosstalk.launch.ports import bind


class _PageRequest(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
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

    def end_headers(self) -> None:
        self.send_header("Cache-Control", self._cache_control())
        self.send_header("X-Content-Type-Options", "nosniff")
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


class _PageServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away in the middle of an answer is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def serve_page(host: str, port: int, directory: Path) -> None:
    listener = bind(host, port, "CROSSTALK_PAGE_PORT")
    server = _PageServer((host, port), partial(_PageRequest, directory=str(directory)), bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_activate()
    server.serve_forever()
