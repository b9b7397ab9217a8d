"""What is read of a model's answer, over the real protocol: every form in which servers send it, and bounds for hostile ones."""

import gzip
import json
import threading
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from model_server import ModelServer, Reply, Script

from crosstalk.features.streams.completions import Call, Model
from crosstalk.features.streams.model_errors import QUOTA, UNAVAILABLE, ModelCut, ModelError, ModelRefused

KEY = "sk-secret/+key"
MIB = 1_048_576
CUT, REFUSED = ModelCut, ModelRefused


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer().serving() as serving:
        yield serving


def answered(model: ModelServer, script: Script, **bounds: float) -> str:
    model.script = script
    asked = Model(model.url, "small", KEY, **({"first_byte_s": 10.0, "silence_s": 10.0} | bounds))
    return "".join(Call(asked, [{"role": "user", "content": "?"}], on_bytes=lambda: None).pieces())


def chunk(content: Any, finish: str | None = None) -> str:
    return json.dumps({"choices": [{"delta": {"content": content}, "finish_reason": finish}]}, ensure_ascii=False)


def events(*data: str, end: str = "\n") -> bytes:
    return "".join(f"data: {one}{end}{end}" for one in data).encode()


WHOLE = events(chunk("4"), chunk("2 漢🙂\u2028\u0085"), chunk("", "stop"), "[DONE]")
TEXT = "42 漢🙂\u2028\u0085"


def parts(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def sends(*data: bytes, kind: str = "text/event-stream", **headers: str) -> Script:
    def script(reply: Reply) -> None:
        reply.begin(kind, **headers)
        for one in data:
            reply.send_bytes(one)
        reply.send_end()

    return script


FORMS: dict[str, Script] = {
    "one byte at a time": sends(*parts(WHOLE, 1)),
    "characters cut in the middle": sends(*parts(WHOLE, 7)),
    "CRLF": sends(WHOLE.replace(b"\n", b"\r\n")),
    "CRLF, cut between CR and LF": sends(*parts(WHOLE.replace(b"\n", b"\r\n"), 1)),
    "CR alone": sends(WHOLE.replace(b"\n", b"\r")),
    "a byte order mark": sends(b"\xef\xbb\xbf" + WHOLE),
    "a byte order mark in parts": sends(*parts(b"\xef\xbb\xbf" + WHOLE, 1)),
    "no blank behind the colon": sends(WHOLE.replace(b"data: ", b"data:")),
    "data over several lines": sends(WHOLE.replace(b'"choices"', b'\ndata: "choices"')),
    "gzip, though not asked for": sends(gzip.compress(WHOLE), Content_Encoding="gzip"),
    "gzip, one byte at a time": sends(*parts(gzip.compress(WHOLE), 1), Content_Encoding="gzip"),
    "deflate": sends(zlib.compress(WHOLE), Content_Encoding="deflate"),
    "another type": sends(WHOLE, kind="application/octet-stream"),
    "another charset": sends(WHOLE, kind="text/event-stream; charset=latin-1"),
    "an unknown charset": sends(WHOLE, kind="text/event-stream; charset=no-such-thing"),
    "an end in quotation marks": sends(WHOLE.replace(b"[DONE]", b'"[DONE]"')),
    "an end in small letters": sends(WHOLE.replace(b"[DONE]", b"[done]")),
    "no end but a reason": sends(WHOLE.removesuffix(events("[DONE]"))),
    "no reason but an end": sends(WHOLE.replace(events(chunk("", "stop")), b"")),
    "parts that are strings": sends(events(chunk(["4", {"type": "text", "text": "2 漢🙂\u2028\u0085"}], "stop"))),
    "JSON in one piece": sends(
        json.dumps({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}).encode(), kind="application/json"
    ),
}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_is_read_in_every_form(model: ModelServer, form: str) -> None:
    assert answered(model, FORMS[form]) == TEXT


def endless(data: bytes, *, before: bytes = b"") -> Script:
    """The same again and again, until the connection is closed."""

    def script(reply: Reply) -> None:
        reply.begin()
        if before:
            reply.send_bytes(before)
        while not reply.hung_up.is_set():
            reply.send_bytes(data)

    return script


BOMB = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
ZEROS = BOMB.compress(b"0" * (64 * MIB)) + BOMB.flush()

HOSTILE: dict[str, tuple[Script, type[ModelError], str]] = {
    "a line without an end": (endless(b"x" * MIB, before=b"data: "), REFUSED, "could not be read"),
    "an event of endless lines": (endless(b"data: x\n" * 100_000), REFUSED, "could not be read"),
    "JSON without an end": (
        lambda reply: (reply.begin("application/json"), [reply.send_bytes(b" \n\n" * MIB) for _ in range(3)], reply.send_end()),
        REFUSED,
        "could not be read",
    ),
    "a little gzip that becomes much": (sends(ZEROS, Content_Encoding="gzip"), REFUSED, "could not be read"),
    "broken gzip": (sends(b"no gzip", Content_Encoding="gzip"), REFUSED, "could not be read"),
    "an unknown encoding": (sends(WHOLE, Content_Encoding="br"), REFUSED, "could not be read"),
    "keep-alives without an end": (endless(b": ping\n\n"), CUT, "took too long"),
    "thoughts without an end": (
        endless(b'data: {"choices": [{"delta": {"reasoning_content": "hm"}}]}\n\n'),
        CUT,
        "took too long",
    ),
    "a redirect": (lambda reply: reply.refuse(307, "elsewhere"), REFUSED, UNAVAILABLE),
    "an endless refusal": (lambda reply: reply.refuse(503, "x" * 8 * MIB), REFUSED, UNAVAILABLE),
    "too many requests": (lambda reply: reply.refuse(429, ""), REFUSED, QUOTA),
    "a reset": (lambda reply: (reply.begin(), reply.text("a"), reply.cut()), CUT, "was cut"),
    "a body that is shorter than it says": (
        lambda reply: (reply.begin(), reply.text("a", "stop"), reply.send_raw(b"ffff\r\nhalf"), reply.cut()),
        CUT,
        "was cut",
    ),
    "HTML": (sends(b"<html>", kind="text/html"), REFUSED, "could not be read"),
    "a page of another type": (sends(b"data of some sort"), CUT, "was cut"),
}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_a_hostile_answer_ends_with_an_error_and_little_memory(model: ModelServer, hostile: str) -> None:
    script, error, words = HOSTILE[hostile]
    with pytest.raises(error, match=words):
        answered(model, script, answer_s=1.5)


def test_a_head_that_arrives_byte_by_byte_is_given_up_by_the_answer(model: ModelServer) -> None:
    """Each byte restarts the timeout of the connection; `close`, which the answer calls in its own time, ends it."""
    asked = Model(model.url, "small", KEY)
    call = Call(asked, [], on_bytes=lambda: None)
    reading = threading.Event()

    def script(reply: Reply) -> None:
        reading.set()
        while not reply.hung_up.is_set():
            reply.send_raw(b"H")
            reply.wait_for_the_hang_up(0.05)

    model.script = script
    threading.Thread(target=lambda: (reading.wait(10), call.close()), daemon=True).start()
    with pytest.raises(ModelError):
        list(call.pieces())


@pytest.mark.parametrize("status", [401, 200])
def test_no_form_of_the_key_is_in_the_log(model: ModelServer, status: int) -> None:
    forms = [KEY, "sk-secret%2F%2Bkey", "c2stc2VjcmV0LytrZXk=", "QmVhcmVyIHNrLXNlY3JldC8ra2V5"]
    words = f"bad key: {' '.join(forms)}."
    script = (
        sends(events(json.dumps({"error": {"message": words}}))) if status == 200 else lambda reply: reply.refuse(401, words)
    )
    with structlog.testing.capture_logs() as lines, pytest.raises(ModelRefused, match=UNAVAILABLE):
        answered(model, script)
    [line] = lines
    assert not [form for form in forms if form in line["words"]], line
    assert line["words"].count("[key]") == len(forms)
