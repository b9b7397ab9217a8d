"""The body of a polling request: Engine.IO packets with separators between them (Engine.IO protocol 4, "Packet encoding")."""

import base64
from wsgiref.types import WSGIEnvironment

from fastlane.refusals import Refusal

SEPARATOR = "\x1e"


def read_body(environ: WSGIEnvironment, most: int) -> bytes:
    """The body of a POST, at most `most` bytes. Raises Refusal: 400, 411 or 413.

    With Transfer-Encoding the length is known at the end only; such a body is read up to the first byte too many. A WSGI server
    that does not end `wsgi.input` there (no `wsgi.input_terminated`) would wait for ever, so the client must send a length.
    """
    stream = environ["wsgi.input"]
    if environ.get("HTTP_TRANSFER_ENCODING"):
        if not environ.get("wsgi.input_terminated"):
            raise Refusal("411 LENGTH REQUIRED", "The request needs a Content-Length", reason="no_length")
        body = _read(stream, most + 1)
        if len(body) > most:
            raise _too_large(most)
        return body
    length = str(environ.get("CONTENT_LENGTH") or "0")
    if not (length.isascii() and length.isdigit()):
        raise Refusal("400 BAD REQUEST", "The Content-Length is not a number", reason="bad_payload")
    # A number of many digits is not converted: that would be slow, and beyond 4,300 of them an error.
    if len(length) > len(str(most)) or int(length) > most:
        raise _too_large(most)
    return bytes(stream.read(int(length)))


def _read(stream: object, most: int) -> bytes:
    parts, left = [], most
    while left and (part := stream.read(left)):  # type: ignore[attr-defined]
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def _too_large(most: int) -> Refusal:
    return Refusal("413 CONTENT TOO LARGE", f"The request has more than {most} bytes", reason="too_large")


def packets_in(body: bytes, most: int) -> list[str | bytes]:
    """The packets of a request; those in base64 as bytes. Raises ValueError. Of a request with more than `most` packets, `most`
    and the rest, as text."""
    parts = body.decode().split(SEPARATOR, most)
    if "" in parts:
        raise ValueError("a packet has a type at least")
    if len(parts) > most:
        return list(parts)
    return [base64.b64decode(one[1:], validate=True) if one[:1] == "b" else one for one in parts]
