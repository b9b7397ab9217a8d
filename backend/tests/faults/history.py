"""What every client did and was told. The checker compares it with the log of the server."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

UNCERTAIN = "internal"
"""The server's own fault: it may have been stored or not."""
RETRYABLE = frozenset({"unavailable", "rate_limited", UNCERTAIN})
"""After these a client sends again: nothing was stored, or it finds out what was."""

Message = dict[str, Any]


@dataclass
class Send:
    """One send, under its client_id: however often it was tried, it has one result."""

    author: str
    client_id: str
    room_id: str
    content: dict[str, Any]
    began: float
    attempts: int = 0
    acks: list[Message] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    unanswered: int = 0
    """Attempts of which nobody said what became of them."""

    left_open: int = 0
    """Attempts that a server which was told to stop had and did not answer."""

    @property
    def refused(self) -> bool:
        """Whether the server has said no to every attempt, and so nothing may be stored."""
        return bool(self.refusals) and not self.acks and not self.unanswered


@dataclass
class Answer:
    """How long something took to be answered, and how."""

    seconds: float
    code: str
    """`ok`, or the code of the refusal."""


class History:
    """Shared by all clients of a trial; they live on one event loop, so that nothing is locked."""

    def __init__(self) -> None:
        self.sends: dict[tuple[str, str], Send] = {}
        self.answers: list[Answer] = []
        self.false_steps: list[str] = []
        """What a client saw that it should never see; each is a violation."""
        self.catch_ups: list[tuple[int, float]] = []
        """(changes that were missed, seconds from the dial until the client was whole)"""
        self.cuts = 0
        self.acked = 0
        self.ended: dict[str, list[str]] = {}
        """Who was told by session:ended to come back, by reason."""
        self.stop_at = float("inf")
        """When the server was told to stop; what was sent before has to be answered."""
        self._looks: list[tuple[Callable[[], bool], asyncio.Event]] = []

    def send(self, author: str, client_id: str, room_id: str, content: dict[str, Any]) -> Send:
        key = (author, client_id)
        if key not in self.sends:
            self.sends[key] = Send(author, client_id, room_id, content, time.monotonic())
        return self.sends[key]

    def ack(self, send: Send, message: Message, seconds: float) -> None:
        if not send.acks:
            self.acked += 1
        send.acks.append(message)
        self.answers.append(Answer(seconds, "ok"))
        self.changed()

    def refuse(self, send: Send, code: str, seconds: float) -> None:
        if code == UNCERTAIN:
            send.unanswered += 1
        else:
            send.refusals.append(code)
        self.answers.append(Answer(seconds, code))
        self.changed()

    def told(self, name: str, reason: str) -> None:
        self.ended.setdefault(reason, []).append(name)
        self.changed()

    def lose(self, send: Send, sent_at: float) -> None:
        """The connection ended before the answer came."""
        send.unanswered += 1
        if sent_at < self.stop_at < time.monotonic():
            send.left_open += 1

    def false_step(self, what: str) -> None:
        self.false_steps.append(what)

    def changed(self) -> None:
        """Wakes those whose moment has come."""
        for look, event in self._looks:
            if not event.is_set() and look():
                event.set()

    async def until(self, what: str, look: Callable[[], bool], seconds: float) -> None:
        """Waits for a state of the trial, which some client's next step brings about."""
        event = asyncio.Event()
        if look():
            return
        self._looks.append((look, event))
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            raise AssertionError(f"not within {seconds} s: {what}") from None
        finally:
            self._looks.remove((look, event))


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0
