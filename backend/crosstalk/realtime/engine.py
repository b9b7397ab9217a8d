"""Engine.IO with bounds: how many connections, how much may wait for each, and what a packet may be."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs

import engineio
import structlog
from engineio import exceptions, packet, payload
from engineio.socket import Socket

from crosstalk.core.errors import END_REASONS
from crosstalk.core.schema import dumps
from crosstalk.realtime import metrics
from crosstalk.realtime.websockets import WebSocket, server_of

# A browser puts into one request what it has to say; so much is a burst, more is a flood. python-engineio's own 16 are neither.
MOST_IN_A_REQUEST = 256
payload.Payload.max_decode_packets = MOST_IN_A_REQUEST
# The Python client drops everything after the sixteenth packet of an answer.
POLL_PACKETS = 16
_SEPARATOR = "\x1e"
CLOSING_S = 5.0
# A client that sends more packets than these, at once and a second, is no client: it is cut.
FLOOD_BURST = 1_000
FLOOD_RATE = 200

log = structlog.get_logger("engine")


class Connection(Socket):  # type: ignore[misc]
    """One Engine.IO connection on the stock path."""

    server: "Engine"

    def __init__(self, server: "Engine", sid: str) -> None:
        super().__init__(server, sid)
        self.ended: str | None = None
        self.websocket: WebSocket | None = None
        self._waiting_bytes = 0
        self._counting = threading.Lock()
        self._allowance = float(FLOOD_BURST)
        self._allowed_at = time.monotonic()

    @property
    def transport(self) -> str:
        return "websocket" if self.upgraded else "polling"

    def send(self, pkt: packet.Packet) -> None:
        size = _size(pkt)
        if self._count(size) > self.server.queue_bytes:
            self.end("slow_consumer")
            return
        super().send(pkt)

    def poll(self) -> list[packet.Packet]:
        """Waits for packets; a WebSocket takes all there are, an answer to a poll at most sixteen."""
        empty = self.server.get_queue_empty_exception()
        patience = self.server.ping_interval + self.server.ping_timeout
        try:
            packets = [self.queue.get(timeout=patience)]
        except empty:
            raise exceptions.QueueEmpty() from None
        self.queue.task_done()
        while packets[-1] is not None and (self.upgraded or len(packets) < POLL_PACKETS):
            try:
                packets.append(self.queue.get(block=False))
            except empty:
                break
            self.queue.task_done()
        if packets[-1] is None:
            packets.pop()
            if packets:
                self.queue.put(None)
        if not self.upgraded:
            if len(packets) > 1 and packets[-1].packet_type == packet.CLOSE:
                # An answer of its own: the JavaScript client forgets what came in the same one as the end.
                self._put_back(packets.pop())
            self.sent(sum(_size(one) for one in packets))
        return packets

    def _put_back(self, last: packet.Packet) -> None:
        """Behind the last packet there is nothing but the end of the queue."""
        empty = self.server.get_queue_empty_exception()
        with suppress(empty):
            while True:
                self.queue.get(block=False)
                self.queue.task_done()
        self.queue.put(last)
        self.queue.put(None)

    def end(self, reason: str) -> None:
        """Closes the transport for a reason of core/errors.END_REASONS, once what is waiting has been sent."""
        if self.closed or self.closing:
            return
        self.ended = reason
        metrics.cuts.labels(reason).inc()
        cut = reason == "slow_consumer"
        self.server.closing[self] = time.monotonic() + CLOSING_S
        self.close(wait=False, abort=cut, reason=self.server.reason.SERVER_DISCONNECT)
        if cut and self.websocket is not None:
            self.websocket.cut()

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        super().close(wait=False, abort=abort, reason=reason)
        if reason == self.server.reason.PING_TIMEOUT and self.websocket is not None:
            self.websocket.cut()

    def receive(self, pkt: packet.Packet) -> None:
        try:
            super().receive(pkt)
        except exceptions.UnknownPacketError:
            # The stock handler reads on after what is no packet of a client.
            self.end("bad_packet")
            raise

    def forget_what_waits(self) -> None:
        """Takes back what has not been sent: the client has asked for more than it will be told."""
        while True:
            try:
                pkt = self.queue.get(block=False)
            except self.server.get_queue_empty_exception():
                return
            self.queue.task_done()
            self.sent(_size(pkt))

    def may_send_another(self) -> bool:
        """Counts a packet of the client; False when it has sent too many."""
        if not self.server.floods_are_cut:
            return True
        with self._counting:
            now = time.monotonic()
            self._allowance = min(FLOOD_BURST, self._allowance + (now - self._allowed_at) * FLOOD_RATE)
            self._allowed_at = now
            self._allowance -= 1
            return self._allowance >= 0

    def has_last_words(self) -> bool:
        """Whether it was ended between two polls: the next one has to be told why."""
        return self.closed and self.websocket is None and self.queue.qsize() > 1

    def handle_post_request(self, environ: dict[str, Any]) -> None:
        if self.has_last_words():
            return  # it is too late for what the client says; a refusal here would keep it from reading why
        if self.closed:
            raise exceptions.SocketIsClosedError()
        try:
            length = int(environ.get("CONTENT_LENGTH", "0"))
            if length > self.server.max_http_buffer_size:
                raise exceptions.ContentTooLongError()
            body = environ["wsgi.input"].read(length).decode()
            if body.count(_SEPARATOR) >= MOST_IN_A_REQUEST:
                self.server.on_flood(self)
                return
            for pkt in payload.Payload(encoded_payload=body).packets:
                self.receive(pkt)
        except (ValueError, IndexError, KeyError):
            self.end("bad_packet")
        if self.ended == "bad_packet":
            raise exceptions.UnknownPacketError()

    def _upgrade_websocket(self, environ: dict[str, Any], start_response: Any) -> Any:
        if self.upgraded or self.closed:
            raise OSError("upgraded already, or closed")

        def talk(websocket: WebSocket) -> Any:
            self.websocket = websocket
            return self._websocket_handler(_Metered(self, websocket))

        return self.server.serve_websocket(environ, start_response, max_bytes=self.server.max_http_buffer_size, talk=talk)

    def _websocket_handler(self, ws: Any) -> Any:
        try:
            return super()._websocket_handler(ws)
        except (ValueError, IndexError, KeyError):
            # What is no Engine.IO packet at all. The stock handler would let it reach the WSGI server.
            self.end("bad_packet")
            # The writing thread says goodbye, with the code; to return before it has would cut it off.
            while ws.wait() is not None:
                continue
            return []

    def sent(self, size: int) -> None:
        """So many of the waiting bytes have left."""
        self._count(-size)

    def _count(self, size: int) -> int:
        with self._counting:
            self._waiting_bytes += size
            return self._waiting_bytes


def _size(pkt: packet.Packet) -> int:
    return len(pkt.data) if isinstance(pkt.data, (str, bytes)) else 0


class _Metered:
    """A WebSocket that tells its connection what has left, and closes with the code of the reason."""

    def __init__(self, connection: Connection, websocket: WebSocket) -> None:
        self._connection = connection
        self._websocket = websocket
        self.wait = websocket.wait

    def send(self, message: str | bytes) -> None:
        self._websocket.send(message)
        self._connection.sent(len(message) - (0 if isinstance(message, bytes) else 1))

    def close(self) -> None:
        reason = self._connection.ended
        self._websocket.close(END_REASONS[reason].close_code if reason else 1000, reason)


class _PlainText:
    """JSON as Engine.IO needs it: it writes the opening packet. What a message's text means is Socket.IO's to read."""

    dumps = staticmethod(dumps)

    @staticmethod
    def loads(_text: str) -> Any:
        raise ValueError("a message is text")


class Engine(engineio.Server):  # type: ignore[misc]
    """The Engine.IO server. The bounds are set by the composition."""

    queue_bytes = 1_048_576
    max_connections = 12_000
    floods_are_cut = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        packet.Packet.json = _PlainText
        self.serve_websocket = server_of(self.async_mode)
        self.on_flood: Callable[[Connection], None] = lambda connection: connection.end("flood")
        """Ends a connection that sends too much. Socket.IO, which knows how to say why, puts its own in this place."""
        self.closing: dict[Connection, float] = {}
        self.start_service_task: bool = True

    def _log_error_once(self, message: str, message_key: str) -> None:
        # The stock text names the session id, which is a credential; the kind of error is enough.
        log.info("request refused", kind=message_key)

    def handle_request(self, environ: dict[str, Any], start_response: Any) -> Any:
        query = environ.get("QUERY_STRING", "")
        if "j=" in query and any(part.startswith("j=") for part in query.split("&")):
            # JSONP would be a way round the allow-list, and its escaping is unsafe.
            refused = self._bad_request("JSONP is not supported")
            start_response(refused["status"], refused["headers"])
            return [refused["response"]]
        [sid] = parse_qs(query).get("sid", [""])[:1]
        connection = self.sockets.get(sid)
        answer = super().handle_request(environ, start_response)
        if connection is not None and connection.has_last_words():
            self.sockets[sid] = connection  # until it has said them; the stock server lets go of what is closed
        return answer

    def _get_socket(self, sid: str) -> Connection:
        connection: Connection | None = self.sockets.get(sid)
        if connection is not None and connection.has_last_words():
            return connection
        found: Connection = super()._get_socket(sid)
        return found

    def send_packet(self, sid: str, pkt: packet.Packet) -> None:
        # A member who is just closing must not end a broadcast half way.
        with suppress(exceptions.SocketIsClosedError):
            super().send_packet(sid, pkt)

    def disconnect(self, sid: str | None = None) -> None:
        connection = None if sid is None else self.sockets.get(sid)
        if connection is None or not connection.has_last_words():
            super().disconnect(sid)

    def _handle_connect(
        self, environ: dict[str, Any], start_response: Any, transport: str, jsonp_index: int | None = None
    ) -> Any:
        if len(self.sockets) >= self.max_connections:
            headers = [("Content-Type", "text/plain"), ("Retry-After", "5")]
            return {"status": "503 SERVICE UNAVAILABLE", "headers": headers, "response": b"Too many connections"}
        if self.start_service_task:
            self.start_service_task = False
            self.service_task_handle = self.start_background_task(self._service_task)
        sid = self.generate_id()
        connection = self.sockets[sid] = Connection(self, sid)
        opening = {
            "sid": sid,
            "upgrades": self._upgrades(sid, transport),
            "pingTimeout": round(self.ping_timeout * 1000),
            "pingInterval": round(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        connection.send(packet.Packet(packet.OPEN, opening))
        self._trigger_event("connect", sid, environ, run_async=False)
        connection.schedule_ping()
        if transport == "websocket":
            try:
                return connection.handle_get_request(environ, start_response)
            finally:
                if connection.closed:
                    self.sockets.pop(sid, None)
        connection.connected = True
        return self._ok(connection.poll())

    def end_all(self, reason: str) -> None:
        """Ends every connection, also those that never joined a namespace."""
        for connection in list(self.sockets.values()):
            connection.end(reason)

    def cut_the_slow_to_close(self) -> None:
        """Peers that do not answer a close frame lose the TCP connection."""
        now = time.monotonic()
        for connection, until in list(self.closing.items()):
            if until <= now:
                del self.closing[connection]
                if connection.websocket is not None:
                    connection.websocket.cut()
