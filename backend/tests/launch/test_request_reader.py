"""What has arrived of a request: read without a process, in pieces of every size."""

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.doubling import assert_linear
from crosstalk.launch.chunks import MOST_CHUNKS
from crosstalk.launch.request_reader import BAD, HEAD_TOO_LONG, MOST_HEAD_BYTES, Progress, RequestReader

MOST = 10_000


def reader() -> RequestReader:
    return RequestReader(lambda method, target: MOST)


def head(*fields: str, line: str = "POST /api/x HTTP/1.1") -> bytes:
    return "\r\n".join([line, "Host: localhost", *fields, "", ""]).encode()


def chunked(*chunks: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    return b"".join(b"%x\r\n%s\r\n" % (len(one), one) for one in chunks) + end


CHUNKED = "Transfer-Encoding: chunked"
EXPECT = "Expect: 100-continue"

WHOLE: dict[str, tuple[bytes, bytes]] = {
    "no body": (head(line="GET /x HTTP/1.1"), b""),
    "a length": (head("Content-Length: 5") + b"hello", b"hello"),
    "one chunk": (head(CHUNKED) + chunked(b"hello"), b"hello"),
    "some chunks": (head(CHUNKED) + chunked(b"he", b"l", b"lo"), b"hello"),
    "an extension": (head(CHUNKED) + b'5;a=b;c="d"\r\nhello\r\n0\r\n\r\n', b"hello"),
    "trailers": (head(CHUNKED) + chunked(b"hello", end=b"0\r\nX-After: 1\r\nY: \r\n\r\n"), b"hello"),
    "no chunk": (head(CHUNKED) + b"0\r\n\r\n", b""),
    "upper case": (head("TRANSFER-ENCODING: Chunked") + b"5\r\nhello\r\n000\r\n\r\n", b"hello"),
    "blank lines first": (b"\r\n\r\n" + head("Content-Length: 5") + b"hello", b"hello"),
}


def pieces(sent: bytes, size: int) -> Iterator[bytes]:
    return (sent[at : at + size] for at in range(0, len(sent), size))


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize("case", WHOLE)
def test_a_request_is_whole_when_all_of_it_has_arrived_and_not_before(case: str, size: int) -> None:
    sent, body = WHOLE[case]
    found = reader()
    *before, last = [found.feed(piece) for piece in pieces(sent, size)]
    assert last is Progress.WHOLE
    assert set(before) <= {Progress.UNFINISHED}
    assert found.answer == b""
    taken = found.take()
    fields, _, given_body = taken.partition(b"\r\n\r\n")
    assert given_body == body
    assert b"ransfer" not in fields
    assert re.findall(rb"(?i)content-length: (\d+)", fields) in ([b"%d" % len(body)], [])
    assert not found.begun


def test_what_stands_behind_a_request_is_handed_on_with_it() -> None:
    next_one = b"GET /next HTTP/1.1\r\nHo"
    for sent in (head("Content-Length: 2") + b"hi", head(CHUNKED) + chunked(b"hi")):
        found = reader()
        assert found.feed(sent + next_one) is Progress.WHOLE
        assert found.take().endswith(b"\r\n\r\nhi" + next_one)


BROKEN = {
    "two lengths": head("Content-Length: 5", "Content-Length: 6"),
    "the same length twice": head("Content-Length: 5", "Content-Length: 5"),
    "a list of lengths": head("Content-Length: 5, 5"),
    "a signed length": head("Content-Length: +5"),
    "a length in hexadecimal": head("Content-Length: 0x5"),
    "a length of many digits": head("Content-Length: " + "9" * 5_000),
    "chunks and a length": head("Content-Length: 5", CHUNKED),
    "gzip, then chunks": head("Transfer-Encoding: gzip, chunked"),
    "chunks twice": head("Transfer-Encoding: chunked, chunked"),
    "chunks in two fields": head(CHUNKED, CHUNKED),
    "no chunks at last": head("Transfer-Encoding: identity"),
    "chunks in HTTP/1.0": head(CHUNKED, line="POST /x HTTP/1.0"),
    "a folded line": head("X: 1", " Content-Length: 5"),
    "a bare line feed": b"POST /x HTTP/1.1\nContent-Length: 5\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01",
    "not the size of a chunk": head(CHUNKED) + b"x\r\n",
    "a signed size": head(CHUNKED) + b"+5\r\nhello\r\n",
    "a size without an end": head(CHUNKED) + b"5" * 300,
    "an extension without an end": head(CHUNKED) + b"5;" + b"a" * 300,
    "a bare carriage return in an extension": head(CHUNKED) + b"5;a\rb\r\nhello\r\n",
    "a bare line feed behind a size": head(CHUNKED) + b"5\nhello\r\n0\r\n\r\n",
    "a chunk that is longer than it says": head(CHUNKED) + b"4\r\nhello\r\n0\r\n\r\n",
    "trailers without an end": head(CHUNKED) + b"0\r\n" + b"x: " + b"a" * 5_000,
    "a trailer that is none": head(CHUNKED) + b"0\r\nnot one\r\n\r\n",
    "a trailer that frames": head(CHUNKED) + b"0\r\nContent-Length: 5\r\n\r\n",
    "chunks of one byte": head(CHUNKED) + b"1\r\na\r\n" * 2_000,
}


@pytest.mark.parametrize("size", [1, 1_000_000])
@pytest.mark.parametrize("case", BROKEN)
def test_what_two_readers_could_read_in_two_ways_is_refused_at_once(case: str, size: int) -> None:
    found = reader()
    for piece in pieces(BROKEN[case], size):
        if found.feed(piece) is Progress.OVER:
            break
    else:
        pytest.fail("it waits for more")
    assert found.answer == BAD


@pytest.mark.parametrize("sent", [b"GET /" + b"a" * MOST_HEAD_BYTES, head(*[f"X-{number}: 1" for number in range(101)])])
def test_a_long_head_is_refused(sent: bytes) -> None:
    found = reader()
    assert found.feed(sent) is Progress.OVER
    assert found.answer == HEAD_TOO_LONG


def test_a_body_that_is_too_long_is_not_waited_for_and_not_handed_on() -> None:
    for sent in (
        head(f"Content-Length: {MOST + 1}"),
        head(f"Content-Length: {MOST + 1}", EXPECT),
        head("Content-Length: 999999999999999"),
        head(CHUNKED) + b"%x\r\n" % (MOST + 1),
        head(CHUNKED) + chunked(b"a" * 6_000) + b"",
        head(CHUNKED) + chunked(b"a" * 6_000, end=b"") + b"fa1\r\n",
    ):
        found = reader()
        progress = found.feed(sent)
        if b"1770" in sent and b"fa1" not in sent:
            assert (progress, found.is_last) == (Progress.WHOLE, False), "what just fits is taken"
            continue
        assert (progress, found.answer) == (Progress.WHOLE, b"")
        assert found.is_last
        declared = re.search(rb"Content-Length: (\d+)\r\n", taken := found.take())
        assert declared is not None
        assert int(declared[1]) > MOST
        assert taken.endswith(b"\r\n\r\n")
        assert b"xpect" not in taken


def test_more_chunks_than_a_body_needs_are_refused_however_large_it_may_be() -> None:
    found = RequestReader(lambda method, target: 100_000_000)
    found.feed(head(CHUNKED))
    for number in range(MOST_CHUNKS + 1):
        progress = found.feed(b"64\r\n" + b"a" * 100 + b"\r\n")
        assert progress is (Progress.OVER if number == MOST_CHUNKS else Progress.UNFINISHED)


@pytest.mark.parametrize("body", [(head(EXPECT, "Content-Length: 5"), b"hello"), (head(EXPECT, CHUNKED), chunked(b"hello"))])
def test_a_client_that_waits_for_it_is_told_once_to_continue(body: tuple[bytes, bytes]) -> None:
    first, rest = body
    found = reader()
    said = b""
    for piece in [*pieces(first, 10), *pieces(rest, 2)]:
        progress = found.feed(piece)
        said, found.answer = said + found.answer, b""
    assert progress is Progress.WHOLE
    assert said == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert b"xpect" not in found.take(), "or gunicorn would say it again"


def test_nothing_is_said_when_the_body_is_there_or_the_client_speaks_http_1_0() -> None:
    for sent in (
        head(EXPECT, "Content-Length: 5") + b"h",
        head(EXPECT, CHUNKED) + b"5\r\nhel",
        head(EXPECT, "Content-Length: 5", line="POST /x HTTP/1.0"),
    ):
        found = reader()
        assert found.feed(sent) is Progress.UNFINISHED
        assert found.answer == b""


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=12), st.integers(1, 60))
def test_chunks_are_the_body_however_they_arrive(chunks: list[bytes], size: int) -> None:
    found = reader()
    progress = [found.feed(piece) for piece in pieces(head(CHUNKED) + chunked(*chunks), size)]
    assert progress[-1] is Progress.WHOLE
    assert found.take().partition(b"\r\n\r\n")[2] == b"".join(chunks)


@given(st.binary(max_size=300), st.integers(1, 30))
def test_whatever_arrives_is_taken_refused_or_waited_for(sent: bytes, size: int) -> None:
    for start in (b"", head(CHUNKED), head("Content-Length: 20", EXPECT), b"POST /x HTTP/1.1\r\n"):
        found = reader()
        for piece in pieces(start + sent, size):
            if found.feed(piece) is not Progress.UNFINISHED:
                break
        assert found.held <= len(start + sent)


LARGE = {
    "one chunk": lambda n: chunked(b"a" * n),
    "chunks of the least size": lambda n: chunked(*[b"a" * max(64, n // 900)] * min(900, n // 64)),
    "extensions": lambda n: b"".join(b"40;%s\r\n%s\r\n" % (b"a" * 200, b"a" * 64) for _ in range(min(900, n // 270))),
    "trailers": lambda n: chunked(b"a", end=b"0\r\n" + b"a: b\r\n" * (n // 6)),
    "a size without an end": lambda n: b"0" * n,
}


@pytest.mark.parametrize("size", [50, 65_536])
@pytest.mark.parametrize("case", LARGE)
def test_a_body_of_twice_the_size_costs_twice_the_time(case: str, size: int) -> None:
    def make(n: int) -> object:
        sent = list(pieces(head(CHUNKED) + LARGE[case](n), size))

        def run() -> None:
            found = RequestReader(lambda method, target: 4_000_000)
            for piece in sent:
                if found.feed(piece) is not Progress.UNFINISHED:
                    return

        return run

    assert_linear(make, 400_000, f"{case} in pieces of {size}")  # type: ignore[arg-type]


FIELDS = {
    "one long field": lambda n: "X: " + "a" * n,
    "many fields": lambda n: "\r\n".join("a:b" for _ in range(n // 5)),
    "blanks": lambda n: "X:" + " \t" * (n // 2) + "a",
    "cookies": lambda n: "Cookie: " + "a=b; " * (n // 5),
    "colons": lambda n: "X" + ":" * n,
    "no end": lambda n: "\r" * n,
    "empty lines": lambda n: "a\r\n" * (n // 3),
}


@pytest.mark.parametrize("size", [10, 65_536])
@pytest.mark.parametrize("case", FIELDS)
def test_a_head_of_twice_the_size_costs_twice_the_time(case: str, size: int) -> None:
    def make(n: int) -> object:
        sent = list(pieces(head(FIELDS[case](n)), size))

        def run() -> None:
            found = reader()
            for piece in sent:
                if found.feed(piece) is not Progress.UNFINISHED:
                    return

        return run

    assert_linear(make, 15_000, f"{case} in pieces of {size}")  # type: ignore[arg-type]
