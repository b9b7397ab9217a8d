"""One HTTP request on a connection of its own, with nothing that mends, follows or merges what was answered."""

import base64
import json
import os
import ssl
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

PATIENCE_S = 8.0


class Unreachable(Exception):
    """No answer. `problem` is one of: name, refused, tls, timeout, cut."""

    def __init__(self, problem: str, told: str) -> None:
        super().__init__(told)
        self.problem = problem


@dataclass(frozen=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        """The body when it is JSON, else None."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None

    def all(self, name: str) -> list[str]:
        """Every header of that name, as often as it stands there."""
        return [value for key, value in self.headers if key.lower() == name]


def ask(
    url: str,
    path: str,
    *,
    method: str = "GET",
    origin: str | None = None,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    patience: float = PATIENCE_S,
) -> Answer:
    """Raises Unreachable."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    sent = {**({"Origin": origin} if origin else {}), **(headers or {})}
    try:
        with closing(kind(parts.hostname or "", parts.port, timeout=patience)) as connection:
            connection.request(method, parts.path.rstrip("/") + path, body, sent)
            answer = connection.getresponse()
            raw = b"" if answer.status == 101 else answer.read()
            return Answer(answer.status, tuple(answer.getheaders()), raw)
    except ssl.SSLError as refused:
        raise Unreachable("tls", str(getattr(refused, "verify_message", None) or refused.reason or refused)) from refused
    except TimeoutError as late:
        raise Unreachable("timeout", f"no answer within {patience:g} s") from late
    except ConnectionRefusedError as refused:
        raise Unreachable("refused", "nobody listens on that port") from refused
    except (HTTPException, ConnectionError) as cut:
        raise Unreachable("cut", str(cut) or "the connection was cut before an answer") from cut
    except OSError as unknown:
        raise Unreachable("name", str(unknown.strerror or unknown)) from unknown


def ask_for_websocket(url: str, query: str, *, origin: str | None) -> Answer:
    """The handshake as a browser sends it. 101 is a yes; the connection is dropped at once."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
    }
    return ask(url, f"/socket.io/?{query}&transport=websocket", origin=origin, headers=headers)
