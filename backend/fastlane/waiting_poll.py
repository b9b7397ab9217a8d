"""A poll that waits for something to say, on the loop instead of in a thread of the server."""

from typing import TYPE_CHECKING, Any

from fastlane.wire import Wire

if TYPE_CHECKING:
    from fastlane.loop import Loop
    from fastlane.session import Session


class WaitingPoll(Wire):
    """Its answer ends the connection: the server that had it counts it as gone."""

    __slots__ = ("_gathering", "_head", "most", "session")

    def __init__(self, loop: "Loop", fd: int, session: "Session", head: str, most: int) -> None:
        super().__init__(loop, fd)
        self.session = session
        self.most = most
        self._head = head
        self._gathering = False

    def begin(self) -> None:
        self.loop.adopt(self)
        self.session.poll_on_loop(self)

    def received(self, data: bytes) -> None:
        """A request behind a poll without an answer: nobody is there to take it."""

    def there_is_something(self) -> None:
        """The answer is due, now or soon."""
        left = 0.0 if self.session.closed else self.session.outbox.due_in(self.most)
        if left <= 0:
            self.session.answer_poll()
        elif not self._gathering:
            self._gathering = True
            self.loop.clock.after(left, self.session.answer_poll)

    def answer(self, body: bytes) -> None:
        self.put_last(f"{self._head}Content-Length: {len(body)}\r\n\r\n".encode("latin-1") + body)

    def lost(self) -> None:
        if not self.gone:
            super().lost()
            self.session.poll_lost(self)


def head_of(write: Any) -> str:
    """The head of an answer of gunicorn's that the loop will write, with what middleware has added to it."""
    response = write.__self__
    lines = [f"HTTP/1.1 {response.status}", "Connection: close", *(f"{name}: {value}" for name, value in response.headers)]
    return "\r\n".join([*lines, ""])
