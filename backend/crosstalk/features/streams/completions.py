"""A language model behind the Chat Completions protocol: `POST {base}/chat/completions` with `stream: true`.

The answer is a stream of server-sent events, each with a piece of the text in `choices[0].delta.content`, the last one
`[DONE]`. OpenAI's API reference describes it; servers of open models speak it with variations, which are accepted: keep-alives
of any form, `choices: null`, content as a list of parts, an answer in one piece of JSON, an end without `[DONE]`.
"""

import base64
import json
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import httpx
import structlog
from httpx_sse import EventSource, SSEError
from pydantic import BaseModel

from crosstalk.features.streams.answer_body import EVENT_BYTES, UNREADABLE, AnswerBody, bounded
from crosstalk.features.streams.model_errors import ModelCut, ModelError, ModelRefused, refusal

CONNECT_S = 10.0
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
    answer_s: float = 3600.0
    """Seconds until an answer is interrupted that has not ended by itself, whatever arrives."""
    context_characters: int = 16_000
    """Characters of the conversation that the model is given."""


class _Part(BaseModel):
    type: str = "text"
    text: str | None = None


class _Message(BaseModel):
    content: str | list[_Part | str] | None = None
    refusal: str | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            parts = (part if isinstance(part, _Part) else _Part(text=part) for part in self.content)
            return "".join(part.text or "" for part in parts if part.type == "text")
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
                headers={"Accept-Encoding": "identity"}
                | ({"Authorization": f"Bearer {self._model.key}"} if self._model.key else {}),
                extensions={"trace": self._note_connection},
            ) as answer,
        ):
            answer.stream = AnswerBody(answer, most_s=self._model.answer_s, on_bytes=self._on_bytes)
            if answer.status_code != 200:
                raise self._refused(answer)
            yield from _whole_characters(self._texts(answer))

    def _refused(self, answer: httpx.Response) -> ModelError:
        text = bounded(answer.iter_bytes(), _ERROR_BYTES)[:_ERROR_BYTES].decode(errors="replace")
        self._log("the model refused", text, status=answer.status_code)
        return refusal(answer.status_code, text)

    def _log(self, event: str, words: str, **more: Any) -> None:
        """The model's own words are for the operator: they may name the organisation, or parts of the key."""
        log.warning(event, words=_without_key(words, self._model.key)[:500], **more)

    def _texts(self, answer: httpx.Response) -> Iterator[str]:
        """The pieces of the text. Raises ModelError for everything but a complete answer."""
        said, finish, done = False, None, False
        for chunk in self._chunks(answer):
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

    def _chunks(self, answer: httpx.Response) -> Iterator[_Chunk | None]:
        """The chunks of the answer; None is its declared end."""
        finished = False
        kind = answer.headers.get("Content-Type", "").lower()
        try:
            if kind.startswith("application/json"):
                yield self._read(bounded(answer.iter_bytes(), EVENT_BYTES))
                yield None
                return
            # Some servers name no type, or another one. Events are UTF-8 whatever the type says.
            if not kind.startswith("text/html"):
                answer.headers["Content-Type"] = "text/event-stream"
            answer.encoding = "utf-8"
            for sent in EventSource(answer).iter_sse():
                data = sent.data.strip()
                if data.strip('"').upper() == "[DONE]":
                    yield None
                    return
                if data:
                    chunk = self._read(data)
                    finished = finished or any(choice.finish_reason for choice in chunk.choices or [])
                    yield chunk
        except (SSEError, ValueError, RecursionError) as broken:
            # Behind the end of the text only statistics follow: they are not needed.
            if not finished:
                raise ModelRefused(UNREADABLE) from broken

    def _read(self, data: str | bytes) -> _Chunk:
        # The standard library's reader, since some models send the halves of a surrogate pair in two chunks.
        chunk = _Chunk.model_validate(json.loads(data))
        if chunk.error:
            self._log("the model gave up", str(chunk.error))
            raise refusal(200, str(chunk.error))
        return chunk

    def _note_connection(self, event: str, details: dict[str, Any]) -> None:
        # The socket, so that `close` need not wait for the next byte (httpcore's trace extension).
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connection = details["return_value"]
            if self._closed:
                self.close()


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


def _without_key(words: str, key: str) -> str:
    """The words with the key taken out, in each form in which a server may repeat it."""
    if not key:
        return words
    raw = key.encode(errors="replace")
    encoded = (base64.b64encode(prefix + raw).decode().rstrip("=") for prefix in (b"", b"Bearer "))
    for form in (key, quote(key, safe=""), json.dumps(key)[1:-1], *encoded):
        words = words.replace(form, "[key]")
    return words
