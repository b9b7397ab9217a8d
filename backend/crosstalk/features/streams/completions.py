"""A language model behind the Chat Completions protocol: `POST {base}/chat/completions` with `stream: true`.

The answer is a stream of server-sent events, each with a piece of the text in `choices[0].delta.content`, the last one
`[DONE]`. OpenAI's API reference describes it; servers of open models speak it with variations, which are accepted: keep-alives
of any form, `choices: null`, content as a list of parts, an answer in one piece of JSON, an end without `[DONE]`.
"""

import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import structlog
from httpx_sse import EventSource, SSEError
from pydantic import BaseModel

from crosstalk.features.streams.model_errors import ModelCut, ModelError, ModelRefused, refusal

CONNECT_S = 10.0
LINE_BYTES = 4 * 1_048_576
"""An event is one line: a longer one is no event of this protocol."""
_ERROR_BYTES = 65_536
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)
log = structlog.get_logger("model")


@dataclass(frozen=True)
class Model:
    base_url: str
    name: str
    key: str
    first_byte_s: float = 600.0
    """Seconds until the first byte of the answer: a server may have to load the model."""
    silence_s: float = 120.0
    """Seconds between two bytes after that."""
    context_characters: int = 16_000
    """Characters of the conversation that the model is given."""


class _Part(BaseModel):
    type: str = "text"
    text: str | None = None


class _Message(BaseModel):
    content: str | list[_Part] | None = None
    refusal: str | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""


class _Choice(BaseModel):
    delta: _Message | None = None
    message: _Message | None = None
    finish_reason: str | None = None


class _Chunk(BaseModel):
    choices: list[_Choice] | None = None
    error: Any = None


class Call:
    """One question and its answer. `close` may be called from another thread, at any time."""

    def __init__(self, model: Model, messages: list[dict[str, str]], *, on_bytes: Callable[[], None]) -> None:
        self._model = model
        self._messages = messages
        self._on_bytes = on_bytes
        self._connection: Any = None
        self._closed = False

    def close(self) -> None:
        """Closes the connection, so that the model stops."""
        self._closed = True
        if self._connection is not None:
            try:
                self._connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # the connection was closed already

    def pieces(self) -> Iterator[str]:
        """The text as it arrives, in whole characters. Raises ModelError."""
        try:
            yield from self._answer()
        except httpx.TimeoutException as silent:
            raise ModelCut("The model stopped sending.") from silent
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as unreachable:
            raise ModelRefused("The model cannot be reached.") from unreachable
        except httpx.HTTPError as cut:
            raise ModelCut("The connection to the model was cut.") from cut

    def _answer(self) -> Iterator[str]:
        timeout = httpx.Timeout(max(self._model.first_byte_s, self._model.silence_s), connect=CONNECT_S)
        with (
            httpx.Client(timeout=timeout) as client,
            client.stream(
                "POST",
                f"{self._model.base_url.rstrip('/')}/chat/completions",
                json={"model": self._model.name, "messages": self._messages, "stream": True},
                headers={"Authorization": f"Bearer {self._model.key}"} if self._model.key else {},
                extensions={"trace": self._note_connection},
            ) as answer,
        ):
            answer.stream = _Watched(answer.stream, self._on_bytes)
            if answer.status_code != 200:
                raise self._refused(answer)
            yield from _whole_characters(_texts(answer))

    def _refused(self, answer: httpx.Response) -> ModelError:
        words = b""
        for part in answer.iter_bytes():
            words += part
            if len(words) > _ERROR_BYTES:
                break
        text = words[:_ERROR_BYTES].decode(errors="replace")
        self.log_refusal(answer.status_code, text)
        return refusal(answer.status_code, text)

    def log_refusal(self, status: int, words: str) -> None:
        """The model's own words are for the operator: they may name the organisation, or parts of the key."""
        shown = words.replace(self._model.key, "[key]") if self._model.key else words
        log.warning("the model refused", status=status, words=shown[:500])

    def _note_connection(self, event: str, details: dict[str, Any]) -> None:
        # The socket, so that `close` need not wait for the next byte (httpcore's trace extension).
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connection = details["return_value"]
            if self._closed:
                self.close()


class _Watched(httpx.SyncByteStream):
    """The body of an answer, which reports that bytes arrive and bounds the length of a line."""

    def __init__(self, body: Any, on_bytes: Callable[[], None]) -> None:
        self._body = body
        self._on_bytes = on_bytes

    def __iter__(self) -> Iterator[bytes]:
        line = 0
        for part in self._body:
            self._on_bytes()
            newline = part.rfind(b"\n")
            line = line + len(part) if newline < 0 else len(part) - newline - 1
            if line > LINE_BYTES:
                raise ModelRefused("The model's answer could not be read.")
            yield part

    def close(self) -> None:
        self._body.close()


def _texts(answer: httpx.Response) -> Iterator[str]:
    """The pieces of the text. Raises ModelError for everything but a complete answer."""
    said, finish, done = False, None, False
    for chunk in _chunks(answer):
        if chunk is None:
            done = True
            break
        for choice in (chunk.choices or [])[:1]:
            message = choice.delta or choice.message or _Message()
            if message.refusal:
                raise refusal(200, "content_filter")
            if text := message.text():
                said = True
                yield text
            finish = choice.finish_reason or finish
    if finish == "content_filter":
        raise refusal(200, finish)
    if finish == "length":
        raise ModelCut("The model reached its length limit.")
    if finish is None and not done:
        raise ModelCut("The connection to the model was cut.")
    if not said:
        raise ModelRefused("The model answered nothing.")


def _chunks(answer: httpx.Response) -> Iterator[_Chunk | None]:
    """The chunks of the answer; None is its declared end."""
    finished = False
    try:
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            yield _read(answer.read())
            yield None
            return
        for sent in EventSource(answer).iter_sse():
            data = sent.data.strip()
            if data == "[DONE]":
                yield None
                return
            if data:
                chunk = _read(data)
                finished = finished or any(choice.finish_reason for choice in chunk.choices or [])
                yield chunk
    except (SSEError, ValueError, RecursionError) as broken:
        # Behind the end of the text only statistics follow: they are not needed.
        if not finished:
            raise ModelRefused("The model's answer could not be read.") from broken


def _read(data: str | bytes) -> _Chunk:
    # The standard library's reader, since some models send the halves of a surrogate pair in two chunks.
    chunk = _Chunk.model_validate(json.loads(data))
    if chunk.error:
        log.warning("the model gave up", words=str(chunk.error)[:500])
        raise refusal(200, str(chunk.error))
    return chunk


def _whole_characters(texts: Iterator[str]) -> Iterator[str]:
    """Without what no message may contain: NUL, and halves of surrogate pairs, which are joined when both arrive."""
    held = ""
    for text in texts:
        text = (held + text).replace("\0", "")
        held = text[-1:] if text and ord(text[-1]) in _HIGH else ""
        text = text[: len(text) - len(held)]
        if any(ord(one) in _HIGH or ord(one) in _LOW for one in text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if text:
            yield text
