"""Twice the input costs twice the time, below the operations: frames, payloads, queries, headers, origins."""

import unicodedata
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http.errors import ParseException
from gunicorn.http.parser import RequestParser
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from bounds.adversarial import VALUES
from bounds.doubling import assert_linear
from crosstalk.core.errors import CrosstalkError
from crosstalk.features.messages.catch_up import CatchUp
from crosstalk.http.gate import _origin_of
from crosstalk.http.origins import OriginList
from fastlane.bounds import QUERY_CHARACTERS, query_of
from fastlane.engine import MOST_IN_A_REQUEST
from fastlane.frames import MOST_FRAGMENTS, FrameError, FrameReader, Message
from fastlane.handshake import accept
from fastlane.kept import kept
from fastlane.payload import packets_in
from fastlane.refusals import Refusal
from transport.frames import BINARY, CONTINUATION, PING, TEXT, frame

Bytes = Callable[[int], bytes]

FRAMES: dict[str, Bytes] = {
    "one message": lambda n: frame(TEXT, b"a" * n),
    "messages of a byte": lambda n: frame(TEXT, b"a") * (n // 7),
    "empty messages": lambda n: frame(BINARY) * (n // 6),
    "fragments of a byte": lambda n: frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"a", fin=False) * (n // 7),
    "empty fragments": lambda n: frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"", fin=False) * (n // 6),
    "fragments of 100 bytes": lambda n: frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"a" * 100, fin=False) * (n // 108),
    "pings": lambda n: frame(PING, b"a" * 125) * (n // 131),
    "pings between fragments": lambda n: (
        frame(TEXT, b"a", fin=False) + (frame(PING) + frame(CONTINUATION, b"a", fin=False)) * (n // 13)
    ),
    "text in many bytes a letter": lambda n: frame(TEXT, "😀" * (n // 4)),
    "text that is no UTF-8 at its end": lambda n: frame(TEXT, b"a" * n + b"\xff"),
}


@pytest.mark.parametrize("size", [5, 65_536])
@pytest.mark.parametrize("case", FRAMES)
def test_frames_however_they_arrive(case: str, size: int) -> None:
    def make(n: int) -> Callable[[], object]:
        sent = FRAMES[case](n)
        pieces = [sent[at : at + size] for at in range(0, len(sent), size)]

        def run() -> None:
            reader, found = FrameReader(2_000_000), list[Message]()
            with suppress(FrameError):
                for piece in pieces:
                    reader.feed(piece, found)
                    found.clear()

        return run

    assert_linear(make, 150_000, f"{case} in pieces of {size}")


def test_a_message_has_a_bounded_number_of_fragments() -> None:
    """Empty ones are no bytes, and yet each is kept."""
    reader, found = FrameReader(1_000_000), list[Message]()
    reader.feed(frame(TEXT, b"a", fin=False) + frame(CONTINUATION, b"", fin=False) * (MOST_FRAGMENTS - 1), found)
    reader.feed(frame(PING), found)
    with pytest.raises(FrameError) as refused:
        reader.feed(frame(CONTINUATION, b"", fin=False), found)
    assert refused.value.code == 1009


PAYLOADS: dict[str, Bytes] = {
    "one packet": lambda n: b"4" * n,
    "empty packets": lambda n: b"\x1e" * n,
    "packets": lambda n: b"4\x1e" * (n // 2) + b"4",
    "base64": lambda n: b"b" + b"AAAA" * (n // 4),
    "what is no base64": lambda n: b"b" + b"A=*" * (n // 3),
    "packets in base64": lambda n: b"bAAAA\x1e" * (n // 6) + b"4",
    "no UTF-8": lambda n: b"4" * n + b"\xff",
    "letters of many bytes": lambda n: "文".encode() * (n // 3),
}


@pytest.mark.parametrize("case", PAYLOADS)
def test_polling_payloads(case: str) -> None:
    def make(n: int) -> Callable[[], object]:
        body = PAYLOADS[case](n)

        def run() -> None:
            with suppress(ValueError):
                assert len(packets_in(body, MOST_IN_A_REQUEST)) <= MOST_IN_A_REQUEST + 1

        return run

    assert_linear(make, 700_000, case)


QUERIES: dict[str, Callable[[int], str]] = {
    "fields": lambda n: "&a=b" * (n // 4),
    "empty fields": lambda n: "&" * n,
    "one field": lambda n: "sid=" + "a" * n,
    "escapes": lambda n: "sid=" + "%41" * (n // 3),
    "broken escapes": lambda n: "%" * n,
    "equal signs": lambda n: "=" * n,
    "plus signs": lambda n: "a=" + "+" * n,
    "the same field": lambda n: "after=1&" * (n // 8),
    "digits": lambda n: "after=" + "9" * n,
}


@pytest.mark.parametrize("case", QUERIES)
def test_queries(case: str) -> None:
    def make(n: int) -> Callable[[], object]:
        query = QUERIES[case](n)

        def run() -> None:
            with suppress(ValueError):
                query_of(query)
            request = Request(EnvironBuilder(path="/", query_string=query).get_environ())
            with suppress(CrosstalkError):
                CatchUp.read(request.args.to_dict(), strict=False)

        return run

    assert_linear(make, 20_000, case)


def test_a_long_query_is_refused_unread() -> None:
    with pytest.raises(ValueError, match="at most"):
        query_of("a" * (QUERY_CHARACTERS + 1))
    with pytest.raises(ValueError, match="at most"):
        query_of("&a=b" * 100)


LIST = OriginList.parse(
    ("https://app.example.com", "https://*.example.org", "http://localhost:5173"),
    own=("http://localhost:5002",),
    production=False,
)
HEADERS: dict[str, Callable[[int], str]] = {
    **{f"https:// and {name}": (lambda n, text=text: "https://" + text(n)) for name, text in VALUES.items()},  # type: ignore[misc]
    "labels": lambda n: "https://" + "a." * (n // 2) + "example.org",
    "punycode": lambda n: "https://" + "xn--80ak6aa92e." * (n // 15) + "example.org",
    "ports": lambda n: "https://a" + ":1" * (n // 2),
    "users": lambda n: "https://" + "a@" * (n // 2),
    "slashes": lambda n: "/" * n,
    "commas": lambda n: "http://a," * (n // 9),
    "brackets": lambda n: "http://[" + ":" * n + "]",
    "blanks": lambda n: " " * n + "a",
}


@pytest.mark.parametrize("case", HEADERS)
def test_origins_and_headers_of_a_handshake(case: str) -> None:
    def make(n: int) -> Callable[[], object]:
        value = HEADERS[case](n).encode("utf-8", "replace").decode("latin-1")

        def run() -> None:
            origin = _origin_of({"HTTP_ORIGIN": value})
            assert origin is not None
            LIST.decide(origin)
            environ: dict[str, Any] = {"HTTP_HOST": value, "HTTP_SEC_WEBSOCKET_VERSION": "13", "HTTP_SEC_WEBSOCKET_KEY": value}
            kept(environ, None)
            for connection, upgrade in ((value, "websocket"), ("upgrade", value), ("upgrade", "websocket")):
                with suppress(Refusal):
                    accept({**environ, "HTTP_CONNECTION": connection, "HTTP_UPGRADE": upgrade})

        return run

    assert_linear(make, 15_000, case)


FIELDS: dict[str, Callable[[int], str]] = {
    "cookies": lambda n: "Cookie: " + "a=b; " * (n // 5),
    "quoted cookies": lambda n: 'Cookie: a="' + '\\"' * (n // 2),
    "a token": lambda n: "Authorization: Bearer " + "a." * (n // 2),
    "a content type": lambda n: "Content-Type: application/json" + '; a="b' * (n // 6),
    "parameters": lambda n: "Content-Type: a/b" + ";a=b" * (n // 4),
    "blanks": lambda n: "Content-Type:" + " " * n + "a",
    "languages": lambda n: "Accept-Encoding: " + "a;q=0.1," * (n // 8),
    "forwarded": lambda n: "X-Forwarded-For: " + "1.2.3.4, " * (n // 9),
    "repeated": lambda n: "\r\n".join("X: a" + "b" * (n // 90) for _ in range(90)),
    "a long path": lambda n: "X: a",
}


@pytest.mark.parametrize("case", FIELDS)
def test_headers_cookies_and_tokens(case: str) -> None:
    """What gunicorn's parser and Flask's request do with a head of the size that is let through to them."""
    config = Config()

    def make(n: int) -> Callable[[], object]:
        path = "/" + "a/" * (n // 8) if case == "a long path" else "/"
        sent = f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{FIELDS[case](n // 2)}\r\n\r\n".encode()

        def run() -> None:
            try:
                parsed = next(RequestParser(config, iter([sent]), ("127.0.0.1", 1)))
            except (ParseException, OSError):
                return
            request = Request(EnvironBuilder(path=parsed.path, headers=parsed.headers).get_environ())
            assert request.cookies is not None
            assert request.mimetype is not None
            assert request.accept_encodings is not None
            assert request.access_route is not None
            assert request.authorization is None or request.authorization.token is not None

        return run

    assert_linear(make, 8_000, case)


def test_the_measure_finds_what_is_quadratic() -> None:
    def marks(n: int) -> Callable[[], object]:
        text = "a" + "\u0300\u0327" * (n // 4)
        return lambda: unicodedata.normalize("NFKC", text)

    def copies(n: int) -> Callable[[], object]:
        def run() -> None:
            rest = bytes(n)
            while rest:
                rest = rest[100:]

        return run

    for make, n in ((marks, 8_000), (copies, 200_000)):
        with pytest.raises(AssertionError, match="times"):
            assert_linear(make, n, "quadratic")
