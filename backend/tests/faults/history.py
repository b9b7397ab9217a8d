"""What every client did and was told. The checker compares it with the log of the server."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

UNCERTAIN = "internal"
"""The server's own fault: it may have been stored or not."""
RETRYABLE = frozenset({"unavailable", "rate_limited", UNCERTAIN})
"""After these a client sends again: nothing was stored, or it finds out what was."""

Message = dict[str, Any]


@dataclass
class Wish:
    """Something that is to be stored. However often it was tried, it has one result."""

    author: str
    room_id: str
    attempts: int = 0
    acks: list[Message] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    unanswered: int = 0
    """Attempts of which nobody said what became of them."""

    left_open: int = 0
    """Attempts that a server which was told to stop owed an answer, and did not give it."""

    @property
    def refused(self) -> bool:
        """Whether the server has said no to every attempt, and so nothing may be stored."""
        return bool(self.refusals) and not self.acks and not self.unanswered


@dataclass(kw_only=True)
class Send(Wish):
    """One send, under its client_id."""

    client_id: str
    content: dict[str, Any]
    changes: list["Change"] = field(default_factory=list)
    """What its author made of it afterwards, one after the other."""


@dataclass(kw_only=True)
class Change(Wish):
    """An edit, or without a text a deletion, of what was sent."""

    message_id: str
    text: str | None


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
        self.stopping = False
        """Whether the server was told to stop. What was said before it said goodbye has to be answered."""
        self._looks: list[tuple[Callable[[], bool], asyncio.Event]] = []

    def send(self, author: str, client_id: str, room_id: str, content: dict[str, Any]) -> Send:
        key = (author, client_id)
        if key not in self.sends:
            self.sends[key] = Send(author, room_id, client_id=client_id, content=content)
        return self.sends[key]

    def change(self, send: Send, text: str | None) -> Change:
        """Another change of a message that was acked."""
        change = Change(send.author, send.room_id, message_id=send.acks[0]["id"], text=text)
        send.changes.append(change)
        return change

    def ack(self, wish: Wish, message: Message, seconds: float) -> None:
        if not wish.acks and isinstance(wish, Send):
            self.acked += 1
        wish.acks.append(message)
        self.answers.append(Answer(seconds, "ok"))
        self.changed()

    def refuse(self, wish: Wish, code: str, seconds: float) -> None:
        if code == UNCERTAIN:
            wish.unanswered += 1
        else:
            wish.refusals.append(code)
        self.answers.append(Answer(seconds, code))
        self.changed()

    def told(self, name: str, reason: str) -> None:
        self.ended.setdefault(reason, []).append(name)
        self.changed()

    def lose(self, wish: Wish, *, told_before: bool) -> None:
        """The connection ended before the answer came. `told_before`: it was said to a server that had said goodbye."""
        wish.unanswered += 1
        if self.stopping and not told_before:
            wish.left_open += 1

    def wishes(self) -> list[Wish]:
        """All sends and all changes of them."""
        sends = list(self.sends.values())
        return [*sends, *(change for send in sends for change in send.changes)]

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
