"""One Engine.IO session: from the first request to the one word that it is over, over whichever transport.

What a client sends is put into the inbox by whoever reads it, and handled by one worker after the other, in order; the end
of the session is the last entry. What is sent to it goes to its WebSocket, or waits in a queue for the next poll.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engineio import packet as stock
from engineio.packet import Packet

from fastlane import frames
from fastlane.inbox import Inbox
from fastlane.packets import framed, polled, size_of
from fastlane.wire import CLOSING_S

if TYPE_CHECKING:
    from fastlane.engine import Engine
    from fastlane.waiting_poll import WaitingPoll
    from fastlane.websocket import WebSocket

# The Python client drops everything after the sixteenth packet of an answer.
POLL_PACKETS = 16
SEPARATOR = "\x1e"
# What an ended session has still to say to a client that polls, it says within this time or never.
LAST_WORDS_S = 5.0
UPGRADE_S = 10.0
_CLOSE = frames.frame(frames.TEXT, str(stock.CLOSE).encode())
_PROBED = frames.frame(frames.TEXT, f"{stock.PONG}probe".encode())

log = logging.getLogger("fastlane")


class Session:
    """Engine.IO's `Socket`, for engineio.Server and python-socketio, with states instead of threads."""

    __slots__ = (
        "_awaiting_pong",
        "_lock",
        "_pings",
        "_queue",
        "_queued_bytes",
        "address",
        "candidate",
        "closed",
        "ended",
        "engine",
        "inbox",
        "incomplete",
        "joined",
        "origin",
        "poll",
        "polling",
        "session",
        "sid",
        "waiter",
        "websocket",
        "wire",
    )

    def __init__(self, engine: "Engine", sid: str, address: str, origin: str | None) -> None:
        self.engine = engine
        self.sid = sid
        self.address = address
        self.origin = origin
        self.closed = False
        self.ended: str | None = None
        """The server's reason for ending it."""
        self.joined = 0
        """How many namespaces the client is in."""
        self.session: dict[str, Any] = {}
        """What the application keeps with it (engineio.Server.get_session)."""
        self.incomplete: Any = None
        """A Socket.IO packet whose attachments are still to come."""
        self.wire: WebSocket | None = None
        """The WebSocket on the loop."""
        self.candidate: Any = None
        """A WebSocket of either path that is to take over from polling, and has not proved yet that it works."""
        self.websocket: Any = None
        """The WebSocket on the stock path."""
        self.poll: WaitingPoll | None = None
        """The poll that waits on the loop."""
        self.polling = False
        """A poll is under way, waiting or not."""
        self.waiter: Any = None
        """What a poll, or the writer of the stock path, waits for in a thread."""
        self._lock = threading.Lock()
        self._queue: deque[Packet] = deque()
        self._queued_bytes = 0
        self.inbox = Inbox(engine.workers, self._handle, self._has_room)
        self._awaiting_pong = False
        self._pings = 0

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
        return self._queued_bytes + (wire.waiting if wire is not None and wire.blocked else 0)

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
        """Ends the session: says goodbye after what was sent, or cuts at once."""
        self._in_order(lambda: self._close(1000, "", abort, reason or self.engine.reason.SERVER_DISCONNECT))

    def end(self, reason: str) -> None:
        """Ends it for one of the engine's reasons, which a WebSocket reads in the close frame."""
        if self.ended is None and not self.closed:
            self.ended = reason
            self.engine.count_cut(reason)
            code = self.engine.close_codes.get(reason, 1000)
            self._in_order(lambda: self._close(code, reason, False, self.engine.reason.SERVER_DISCONNECT))

    def _in_order(self, work: Callable[[], object]) -> None:
        if self.engine.loop is None:
            work()
        else:
            self.engine.loop.call(work)

    # ── sending: in the loop's thread, or on the stock path in any ──

    def queue(self, packet: Packet) -> None:
        """Keeps a packet for a poll, or for the writer of a stock WebSocket."""
        with self._lock:
            if self.closed:
                return
            self._queue.append(packet)
            self._queued_bytes += size_of(packet)
            over = self._queued_bytes > self.engine.queue_bytes or len(self._queue) > self.engine.queue_frames
        if over:
            self.overflowed()
        else:
            self.wake()
            self._answer_poll()

    def overflowed(self) -> None:
        """Too much waits for it: it is cut, and comes back for the rest."""
        if self.ended is None and not self.closed:
            self.ended = "slow_consumer"
            self.engine.count_cut("slow_consumer")
        self._close(1000, "", True, self.engine.reason.SERVER_DISCONNECT)

    def take(self, most: int) -> list[Packet]:
        """Up to so many packets off the queue. CLOSE comes alone: JavaScript clients forget what stands beside it."""
        with self._lock:
            taken: list[Packet] = []
            queue = self._queue
            while queue and len(taken) < most and not (taken and queue[0].packet_type == stock.CLOSE):
                packet = queue.popleft()
                self._queued_bytes -= size_of(packet)
                taken.append(packet)
            return taken

    def forget_what_waits(self) -> None:
        """Takes back what a poll has not fetched: the client has asked for more than it will be told."""
        self._in_order(self._forget_what_waits)

    def _forget_what_waits(self) -> None:
        with self._lock:
            self._queue.clear()
            self._queued_bytes = 0

    @property
    def has_last_words(self) -> bool:
        return bool(self._queue)

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
        with self._lock:
            self.waiter = event
            if self._queue or self.closed:
                event.set()
        if self.candidate is not None and self.websocket is None:
            self.release_poll()
        event.wait(patience)
        self.waiter = None
        return self.take(most)

    def wake(self) -> None:
        """Whoever waits in a thread is to look again."""
        waiter = self.waiter
        if waiter is not None:
            waiter.set()

    def poll_on_loop(self, poll: "WaitingPoll") -> None:
        """A poll waits on the loop from here on, until there is something to say."""
        self.poll = poll
        if self.candidate is not None:
            self.release_poll()
        self._answer_poll()

    def _answer_poll(self) -> None:
        poll = self.poll
        if poll is not None and (self._queue or self.closed):
            self.poll = None
            packets = self.take(POLL_PACKETS) or [Packet(stock.CLOSE)]
            poll.answer(SEPARATOR.join(map(polled, packets)).encode())
            self.poll_ends()

    def release_poll(self) -> None:
        """Sends the client's waiting poll home, which an upgrade needs."""
        if self.polling:
            self.queue(Packet(stock.NOOP))

    def poll_lost(self, poll: "WaitingPoll") -> None:
        if self.poll is poll:
            self.poll = None
            self.polling = False

    # ── WebSocket on the loop ──

    def open_on(self, wire: "WebSocket") -> None:
        self.wire = wire
        self._flush_queue()

    def try_upgrade(self, wire: "WebSocket") -> None:
        if self.closed or self.upgraded or self.candidate is not None:
            wire.cut()
            return
        self.candidate = wire
        self.engine.clock.after(UPGRADE_S, lambda: self._upgrade_failed(wire))

    def _flush_queue(self) -> None:
        wire = self.wire
        assert wire is not None
        for packet in self.take(len(self._queue)):
            if packet.packet_type != stock.NOOP:
                wire.put(framed(packet))

    def received(self, wire: "WebSocket", content: str | bytes) -> None:
        """A message on a WebSocket."""
        if wire is not self.wire:
            self._received_on_trial(wire, content)
            return
        self.packet(content)
        if self.inbox.full:
            wire.pause(True)

    def _received_on_trial(self, wire: "WebSocket", content: str | bytes) -> None:
        """The upgrade: `2probe`, `3probe`, the poll is sent home, `5`."""
        if wire is not self.candidate:
            wire.cut()
        elif content == "2probe":
            wire.put(_PROBED)
            self.release_poll()
        elif content == "5":
            self.candidate = None
            self.release_poll()
            self.wire = wire
            self._flush_queue()
        else:
            self._upgrade_failed(wire)

    def _upgrade_failed(self, wire: "WebSocket") -> None:
        """The session stays with polling."""
        if wire is self.candidate:
            self.candidate = None
            wire.cut()

    def broke_the_protocol(self, wire: "WebSocket", code: int, problem: str) -> None:
        """The close frame says which rule of RFC 6455 it was."""
        log.warning("bad frame: %s", problem)
        wire.leave(code, problem)
        if wire is self.wire:
            self.engine.count_cut("bad_frame")
        self.transport_closed(wire)

    def transport_closed(self, wire: Any) -> None:
        """A WebSocket of either path is gone, or about to go."""
        if wire is self.candidate:
            self.candidate = None
        elif wire is self.wire or wire is self.websocket:
            self._over(self.engine.reason.TRANSPORT_CLOSE)

    # ── receiving ──

    def packet(self, content: str | bytes) -> None:
        """An Engine.IO packet, as it came. Cheap things are done here, a message goes into the inbox."""
        if self.closed or self.ended is not None:
            return
        if self.engine.floods_are_cut and not self.inbox.may_take_another():
            self.inbox.put(lambda: self.engine.on_flood(self))
        elif isinstance(content, bytes):
            self.inbox.put(content)
        elif content[:1] == "4":
            self.inbox.put(content[1:])
        elif content[:1] == "3":
            self._pong()
        elif content[:1] == "1":
            self._in_order(self._closed_by_client)
        elif content not in ("5", "6"):
            # An upgrade that is done already and a NOOP mean nothing; the rest no client sends.
            self.inbox.put(lambda: self.end("bad_packet"))

    def _handle(self, message: str | bytes) -> None:
        if self.ended is None:
            self.engine.handlers["message"](self.sid, message)

    def _has_room(self) -> None:
        wire = self.wire
        if wire is not None and wire.paused:
            self._in_order(lambda: wire.pause(False))

    # ── heartbeat ──

    def expect_life(self) -> None:
        """Starts the heartbeat."""
        self.engine.clock.after(self.engine.ping_interval, self._ping)
        self.expect_namespace()

    def expect_namespace(self) -> None:
        """A client that is in no namespace has some time to enter one."""
        if not self.joined:
            self.engine.clock.after(self.engine.connect_timeout, self._check_namespace)

    def _check_namespace(self) -> None:
        if not self.joined:
            self.end("connect_timeout")

    def _ping(self) -> None:
        if not self.closed:
            self._awaiting_pong = True
            self._pings += 1
            number = self._pings
            self.send(Packet(stock.PING))
            self.engine.clock.after(self.engine.ping_timeout, lambda: self._check_pong(number))

    def _pong(self) -> None:
        if self._awaiting_pong:
            self._awaiting_pong = False
            self.engine.clock.after(self.engine.ping_interval, self._ping)

    def _check_pong(self, number: int) -> None:
        if self._awaiting_pong and number == self._pings and not self.closed:
            wire = self.wire
            if wire is not None and wire.paused:
                # Its answer may lie in the kernel, where we leave it.
                self.engine.clock.after(self.engine.ping_timeout, lambda: self._check_pong(number))
                return
            self._close(1000, "", True, self.engine.reason.PING_TIMEOUT)

    # ── the end ──

    def _closed_by_client(self) -> None:
        if self.wire is not None:
            self.wire.leave(1000)
        self._close(1000, "", False, self.engine.reason.CLIENT_DISCONNECT, say_so=False)

    def _close(self, code: int, text: str, abort: bool, reason: str, *, say_so: bool = True) -> None:
        if self.closed:
            return
        if abort:
            self._forget_what_waits()
        elif say_so and self.wire is None:
            self._queue.append(Packet(stock.CLOSE))
        self._over(reason)
        wire = self.wire
        if wire is not None:
            if abort:
                wire.cut()
            elif say_so:
                wire.put(_CLOSE)
                wire.leave(code, text)
        if self.websocket is not None:
            self.engine.clock.after(0 if abort else CLOSING_S, self.websocket.cut)
        if self.candidate is not None:
            self.candidate.cut()
        self.wake()
        self._answer_poll()

    def _over(self, reason: str) -> None:
        """The one end of it."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        self.inbox.put(lambda: self.engine.session_over(self, reason))
        self._forget_if_over()
        if self._queue:
            self.engine.clock.after(LAST_WORDS_S, lambda: self.engine.forget(self))

    def _forget_if_over(self) -> None:
        # Who polls must find it until it has read why it is over.
        if self.closed and (self.upgraded or not self._queue):
            self.engine.forget(self)
