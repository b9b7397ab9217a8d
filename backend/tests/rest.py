"""REST as bytes on a socket: one connection a request, and nothing between the test and the server that mends it."""

import json
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import Any

NOTHING = object()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None

    @property
    def code(self) -> str | None:
        """The error code, when it is one."""
        if not self.headers.get("content-type", "").startswith("application/problem+json"):
            return None
        code: str = self.body["code"]
        return code

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.body.get("fields", {}))

    def vary(self) -> set[str]:
        return {one.strip().lower() for one in self.headers.get("vary", "").split(",")}


def ask(
    port: int,
    method: str,
    path: str,
    body: Any = NOTHING,
    *,
    token: str | None = None,
    raw: bytes | None = None,
    headers: list[tuple[str, str]] | None = None,
) -> Answer:
    """`body` is sent as JSON, `raw` as it is; `headers` may repeat a name."""
    sent = [("Authorization", f"Bearer {token}")] if token is not None else []
    if body is not NOTHING:
        raw = json.dumps(body).encode()
    if raw is not None:
        sent += [("Content-Type", "application/json"), ("Content-Length", str(len(raw)))]
    names = {name.lower() for name, _ in headers or []}
    sent = [one for one in sent if one[0].lower() not in names] + (headers or [])
    with closing(HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in sent:
            connection.putheader(name, value)
        # What is too large is answered before it was read to the end.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.endheaders(raw)
        answer = connection.getresponse()
        found: dict[str, str] = {}
        for name, value in answer.getheaders():
            key = name.lower()
            found[key] = f"{found[key]}, {value}" if key in found else value
        return Answer(answer.status, found, answer.read())
