"""One Engine.IO session: from the first request to the one word that it is over, over whichever transport.

What a client sends is put into the inbox by whoever reads it, and handled by one worker after the other, in order; the end
of the session is the last entry. What is sent to it goes to its WebSocket, or waits in a queue for the next poll.
"""

import logging
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engineio import packet as stock
from engineio.packet import Packet

from fastlane import frames
from fastlane.bounds import may_send
from fastlane.heartbeat import Heartbeat
from fastlane.inbox import Inbox
from fastlane.outbox import Outbox
from fastlane.packets import framed, polled
from fastlane.payload import SEPARATOR
from fastlane.upgrade import Upgrade
from fastlane.wire import CLOSING_S

if TYPE_CHECKING:
    from fastlane.engine import Engine
    from fastlane.waiting_poll import WaitingPoll
    from fastlane.websocket import WebSocket

# What an ended session has still to say to a client that polls, it says within this time or never.
LAST_WORDS_S = 3.0
_CLOSE = frames.frame(frames.TEXT, str(stock.CLOSE).encode())

log = logging.getLogger("fastlane")


class Session:
    """Engine.IO's `Socket`, for engineio.Server and python-socketio, with states instead of threads."""

    __slots__ = (
        "_left",
        "_lock",
        "_over_told",
        "_says_close",
        "closed",
        "ended",
        "engine",
        "heartbeat",
        "inbox",
        "incomplete",
        "joined",
        "left_namespaces",
        "network",
        "origin",
        "outbox",
        "poll",
        "polling",
        "session",
        "sid",
        "upgrade",
        "waiter",
        "websocket",
        "wire",
    )

    def __init__(self, engine: "Engine", sid: str, network: str, origin: str | None) -> None:
        self.engine = engine
        self.sid = sid
        self.network = network
        self.origin = origin
        self.closed = False
        self.ended: str | None = None
        """The server's reason for ending it."""
        self.joined = 0
        """How many namespaces the client is in."""
        self.left_namespaces: frozenset[str] = frozenset()
        """The namespaces that it has left."""
        self.session: dict[str, Any] = {}
        """What the application keeps with it (engineio.Server.get_session)."""
        self.incomplete: Any = None
        """A Socket.IO packet whose attachments are still to come, as the server keeps it."""
        self.wire: WebSocket | None = None
        """The WebSocket on the loop."""
        self.upgrade: Upgrade | None = None
        """A WebSocket that is to take over from polling, and has not proved yet that it works."""
        self.websocket: Any = None
        """The WebSocket on the stock path."""
        self.poll: WaitingPoll | None = None
        """The poll that waits on the loop."""
        self.polling = False
        """A poll is under way, waiting or not."""
        self.waiter: Any = None
        """What a poll, or the writer of the stock path, waits for in a thread."""
        self._lock = threading.Lock()
        self.outbox = Outbox(self._lock)
        self.inbox = Inbox(engine.workers, self, self._lock)
        self.heartbeat = Heartbeat(self, self._lock)
        self._left = False
        """The client has said that it leaves; what it says behind that is not taken."""
        self._says_close = False
        """The client must not come back: a client that polls reads an Engine.IO CLOSE packet."""
        self._over_told = False
        """The application knows that it is over, and hears no more of it."""

    # ── as engineio.Server sees it ──

    @property
    def upgraded(self) -> bool:
        return self.wire is not None or self.websocket is not None

    @property
    def transport(self) -> str:
        return "websocket" if self.upgraded else "polling"

    @property
    def waiting_bytes(self) -> int:
        """What has been sent to it and has not left."""
        wire = self.wire
        return self.outbox.bytes + (wire.waiting if wire is not None else 0)

    @property
    def is_paused(self) -> bool:
        """What the client says is left in the kernel, until its earlier messages have been handled."""
        return self.wire is not None and self.wire.paused

    @property
    def is_over(self) -> bool:
        """Closed, and nobody is to be told any more."""
        return self.closed and not self.outbox and not self.polling

    @property
    def path(self) -> str:
        """`loop` or `stock`."""
        return "stock" if self.websocket is not None else self.engine.path

    def send(self, packet: Packet) -> None:
        """Sends a packet, after all that was sent before it, from any thread."""
        loop = self.engine.loop
        if loop is None:
            self.queue(packet)
        else:
            loop.post((self,), packet)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Ends the session: after what was sent and with an Engine.IO CLOSE packet, or (`abort`) at once."""
        told = reason or self.engine.reason.SERVER_DISCONNECT
        self._in_order(lambda: self._close(1000, "", told, abort=abort, final=not abort))

    def end(self, reason: str) -> None:
        """Ends it for one of the engine's reasons, which a WebSocket reads in the close frame.

        Official clients reconnect by themselves after a lost transport, and python-socketio does not after a CLOSE packet: only
        the engine's final reasons send one.
        """
        if self.ended is None and not self.closed:
            self.ended = reason
            self.engine.count_cut(reason)
            code = self.engine.close_codes.get(reason, 1000)
            final = reason in self.engine.final_reasons
            # A client that polls reads the refusal of its packet in the answer to it.
            abort = reason == "bad_packet" and not self.upgraded
            told = self.engine.reason.SERVER_DISCONNECT
            self._in_order(lambda: self._close(code, reason, told, abort=abort, final=final))

    def evict(self) -> None:
        """Ends it at once: a new session needs its place."""
        self._in_order(lambda: self._cut("evicted"))

    def _in_order(self, work: Callable[[], object]) -> None:
        loop = self.engine.loop
        work() if loop is None else loop.call(work)

    def separate(self) -> None:
        """On the loop, what is sent from here on reaches the client in another read than what was sent before."""
        self._in_order(lambda: None if self.wire is None else self.wire.separate())

    # ── sending: in the loop's thread, or on the stock path in any ──

    def queue(self, packet: Packet) -> None:
        """Keeps a packet for a poll, or for the writer of a stock WebSocket."""
        if self.closed:
            return
        self.outbox.put(packet)
        if self.outbox.bytes > self.engine.queue_bytes or len(self.outbox) > self.engine.queue_frames:
            self.overflowed()
        else:
            self.wake()
            if self.poll is not None:
                self.poll.there_is_something()

    def overflowed(self) -> None:
        """Too much waits for it: the client comes back and catches up."""
        self._cut("slow_consumer")

    def _cut(self, reason: str) -> None:
        if self.ended is None and not self.closed:
            self.ended = reason
            self.engine.count_cut(reason)
        self._close(1000, "", self.engine.reason.SERVER_DISCONNECT, abort=True)

    def forget_what_waits(self) -> None:
        """Takes back what a poll has not fetched: the client has asked for more than it will be told."""
        self._in_order(self.outbox.clear)

    # ── polling ──

    def poll_begins(self) -> bool:
        """False when one is under way already."""
        with self._lock:
            begins = not self.polling
            self.polling = True
            return begins

    def poll_ends(self) -> None:
        self.polling = False
        self._forget_if_over()

    def wait(self, most: int, create_event: Callable[[], Any], patience: float) -> list[Packet]:
        """Waits in this thread for something to send. Nothing comes when the session is over, or patience."""
        event = create_event()
        self.waiter = event
        if self.outbox or self.closed:
            event.set()
        upgrade = self.upgrade
        if upgrade is not None and not self.outbox:
            self._in_order(upgrade.poll_waits)
        event.wait(patience)
        self.waiter = None
        return self.outbox.take(most)

    def wake(self) -> None:
        """Whoever waits in a thread is to look again."""
        waiter = self.waiter
        if waiter is not None:
            waiter.set()

    def poll_on_loop(self, poll: "WaitingPoll") -> None:
        """A poll waits on the loop from here on, until there is something to say."""
        self.poll = poll
        if self.outbox or self.closed:
            poll.there_is_something()
        elif self.upgrade is not None:
            self.upgrade.poll_waits()

    def answer_poll(self) -> None:
        poll = self.poll
        if poll is not None and (self.outbox or self.closed):
            self.poll = None
            poll.answer(self.polled(self.outbox.take(poll.most)))
            self.poll_ends()

    def polled(self, packets: list[Packet]) -> bytes:
        """The answer to a poll."""
        return SEPARATOR.join(map(polled, packets or [Packet(stock.CLOSE if self._says_close else stock.NOOP)])).encode()

    def release_poll(self) -> None:
        """Sends the client's waiting poll home, which an upgrade needs."""
        if self.polling and not self.outbox:
            self.queue(Packet(stock.NOOP))
        self.answer_poll()

    def poll_lost(self, poll: "WaitingPoll") -> None:
        if self.poll is poll:
            self.poll = None
            self.polling = False

    # ── WebSocket on the loop ──

    def open_on(self, wire: "WebSocket") -> None:
        """From here on it takes all that is sent."""
        self.wire = wire
        for packet in self.outbox.take(len(self.outbox)):
            if packet.packet_type != stock.NOOP:
                wire.put(framed(packet))

    def begin_upgrade(self, wire: Any) -> Upgrade | None:
        """A WebSocket of either path begins to take over from polling. None when the session needs no other."""
        with self._lock:
            if self.closed or self.upgraded or self.upgrade is not None:
                return None
            self.upgrade = Upgrade(self, wire)
            return self.upgrade

    def try_upgrade(self, wire: "WebSocket") -> None:
        if self.begin_upgrade(wire) is None:
            wire.leave(frames.NORMAL)

    def received(self, wire: "WebSocket", content: str | bytes) -> None:
        """A message on a WebSocket."""
        if wire is not self.wire:
            if self.upgrade is not None and wire is self.upgrade.wire:
                self.upgrade.received(content)
            else:
                wire.cut()
            return
        self.packet(content)
        if self.inbox.is_full():
            wire.pause(True)
            if not self.inbox.is_full():  # a worker was quicker, and has found nothing to wake
                wire.pause(False)

    def broke_the_protocol(self, wire: "WebSocket", code: int, problem: str) -> None:
        """The close frame says which rule of RFC 6455 it was."""
        log.warning("bad frame", extra={"problem": problem})
        wire.leave(code, problem)
        if wire is self.wire:
            self.engine.count_cut("bad_frame")
        self.transport_closed(wire)

    def transport_closed(self, wire: Any) -> None:
        """A WebSocket of either path is gone, or about to go."""
        if self.upgrade is not None and wire is self.upgrade.wire:
            self.upgrade = None
        elif wire is self.wire or wire is self.websocket:
            self._over(self.engine.reason.TRANSPORT_CLOSE)

    # ── receiving ──

    def packet(self, content: str | bytes) -> None:
        """An Engine.IO packet, as it came. Cheap things are done here, a message goes into the inbox."""
        if self.closed or self._left or self.ended is not None or not may_send(self, len(content)):
            return
        if isinstance(content, bytes):
            self.inbox.put(content)
        elif content[:1] == "4":
            self.inbox.put(content[1:])
        elif content[:1] == "3":
            self.heartbeat.pong()
        elif content[:1] == "1":
            self._left = True
            self._in_order(self._closed_by_client)
        elif content not in ("5", "6"):
            # An upgrade that is done already and a NOOP mean nothing; the rest no client sends.
            self.inbox.put(lambda: self.end("bad_packet"))

    def handle(self, message: str | bytes) -> None:
        handler = self.engine.handlers.get("message")
        if handler is not None and self.ended is None and not self._over_told:
            handler(self.sid, message)

    def has_room(self) -> None:
        wire = self.wire
        if wire is not None and wire.paused:
            self._in_order(lambda: wire.pause(False))

    # ── the end ──

    def _closed_by_client(self) -> None:
        if self.wire is not None:
            self.wire.leave(1000)
        elif not self.polling:
            self.outbox.put(Packet(stock.NOOP))  # for the poll that the client sent together with its close
        self._close(1000, "", self.engine.reason.CLIENT_DISCONNECT)

    def _close(self, code: int, text: str, reason: str, *, abort: bool = False, final: bool = False) -> None:
        """`code` and `text` are for the close frame, `reason` for the application. After a `final` end no client comes back."""
        if self.closed:
            return
        self._says_close = final
        if abort:
            self.outbox.clear()
        elif final and self.wire is None:
            self.outbox.put(Packet(stock.CLOSE))
        self._over(reason)
        wire = self.wire
        if wire is not None:
            if abort:
                wire.cut()
            else:
                if final:
                    wire.put(_CLOSE)
                wire.leave(code, text)
        if self.websocket is not None:
            self.engine.clock.after(0 if abort else CLOSING_S, self.websocket.cut)
        if self.upgrade is not None:
            self.upgrade.fail()
        self.wake()
        self.answer_poll()

    def _over(self, reason: str) -> None:
        """The one end of it."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        self.inbox.put(lambda: self._tell_over(reason))

    def _tell_over(self, reason: str) -> None:
        self.engine.session_over(self, reason)
        self._over_told = True
        self.incomplete = None
        self._forget_if_over()
        if self.outbox:
            self.engine.clock.after(LAST_WORDS_S, lambda: self.engine.forget(self))

    def _forget_if_over(self) -> None:
        # Its last messages are handled first; and who polls must find it until it has read why it is over.
        if self._over_told and (self.upgraded or not self.outbox):
            self.engine.forget(self)
