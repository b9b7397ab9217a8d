"""A language model behind the Chat Completions protocol: `POST {base}/chat/completions` with `stream: true`.

The answer is a stream of server-sent events, each with a piece of the text in `choices[0].delta.content`, the last one
`[DONE]`. OpenAI's API reference describes it; most servers of open models speak it as well.
"""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError

CONNECT_S = 10.0
_HIGH, _LOW = range(0xD800, 0xDC00), range(0xDC00, 0xE000)


class ModelError(Exception):
    """The model, or the way to it, gave up. The text is for the people in the room."""


class ModelRefused(ModelError):
    """It said no; asking the same again is of no use."""


class ModelCut(ModelError):
    """It was answering, and the connection ended or fell silent."""


@dataclass(frozen=True)
class Model:
    base_url: str
    name: str
    key: str


class Call:
    """One question and its answer. `close` may come from another thread, at any time."""

    def __init__(self, model: Model, messages: list[dict[str, str]], *, silence_s: float) -> None:
        self._model = model
        self._messages = messages
        self._timeout = httpx.Timeout(silence_s, connect=CONNECT_S)
        self._connection: Any = None
        self._closed = False

    def close(self) -> None:
        """Hangs up: the model is to stop, not to go on for nobody."""
        self._closed = True
        if self._connection is not None:
            try:
                self._connection.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            except OSError:
                return  # it had ended by itself

    def pieces(self) -> Iterator[str]:
        """The text as it comes. Raises ModelError."""
        try:
            with (
                httpx.Client(timeout=self._timeout) as client,
                client.stream(
                    "POST",
                    f"{self._model.base_url.rstrip('/')}/chat/completions",
                    json={"model": self._model.name, "messages": self._messages, "stream": True},
                    headers={"Authorization": f"Bearer {self._model.key}"} if self._model.key else {},
                    extensions={"trace": self._note_connection},
                ) as answer,
            ):
                if answer.status_code != 200:
                    answer.read()
                    raise ModelRefused(f"The model answered {answer.status_code}: {_message_in(answer)}.")
                yield from _whole_characters(_texts(answer))
        except httpx.TimeoutException as silent:
            raise ModelCut("The model fell silent.") from silent
        except (httpx.ConnectError, httpx.UnsupportedProtocol, httpx.InvalidURL) as unreachable:
            raise ModelRefused("The model cannot be reached.") from unreachable
        except httpx.HTTPError as cut:
            raise ModelCut("The connection to the model was cut.") from cut

    def _note_connection(self, event: str, details: dict[str, Any]) -> None:
        # The socket, so that whoever closes need not wait for the next byte (httpcore's trace extension).
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._connection = details["return_value"]
            if self._closed:
                self.close()


def _texts(answer: httpx.Response) -> Iterator[str]:
    finished = False
    try:
        for sent in EventSource(answer).iter_sse():
            if sent.data == "[DONE]":
                return
            chunk = json.loads(sent.data)
            if chunk.get("error"):
                raise ModelRefused(f"The model gave up: {_message_of(chunk['error'])}.")
            for choice in chunk.get("choices", [])[:1]:
                if text := (choice.get("delta") or {}).get("content"):
                    yield text
                finished = finished or choice.get("finish_reason") is not None
    except (SSEError, ValueError, AttributeError, TypeError) as broken:
        raise ModelRefused("The model's answer is not what the protocol says.") from broken
    if not finished:
        raise ModelCut("The connection to the model was cut.")


def _whole_characters(texts: Iterator[str]) -> Iterator[str]:
    """Without what no message may contain: NUL, and halves of surrogate pairs, which are joined when both come."""
    held = ""
    for text in texts:
        text = (held + text).replace("\0", "")
        held = text[-1:] if text and ord(text[-1]) in _HIGH else ""
        text = text[: len(text) - len(held)]
        if any(ord(one) in _HIGH or ord(one) in _LOW for one in text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if text:
            yield text


def _message_in(answer: httpx.Response) -> str:
    try:
        return _message_of(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase or "no reason given"


def _message_of(error: Any) -> str:
    text = error.get("message") if isinstance(error, dict) else error
    return str(text).strip().rstrip(".")[:150]
