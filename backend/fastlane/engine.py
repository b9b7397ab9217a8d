"""The Engine.IO server: sessions, polling, upgrades, and every bound. Engine.IO protocol, revision 4.

`engineio.Server` is kept as the type that python-socketio expects and for what it knows of async modes and CORS; requests,
sessions and timers are our own.
"""

import base64
import json
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import engineio
from engineio import packet as stock
from engineio.packet import Packet

from fastlane import takeover
from fastlane.bounds import most_bytes, query_of
from fastlane.clock import Clock, now
from fastlane.handshake import Refusal, accept
from fastlane.kept import kept
from fastlane.loop import Loop
from fastlane.outbox import BROWSER_PACKETS, POLL_PACKETS
from fastlane.packets import framed, polled
from fastlane.session import SEPARATOR, Session
from fastlane.stats import Stats
from fastlane.stock import talk
from fastlane.waiting_poll import WaitingPoll
from fastlane.websocket import WebSocket
from fastlane.workers import Workers

# A browser puts into one request what it has to say; so much is a burst, more is a flood.
MOST_IN_A_REQUEST = 256
QUEUE_FRAMES = 10_000
WORKERS = 8
_TICK_S = 0.1
_LOOK_S = 0.02
_RETRY_AFTER_S = 5
_PAYLOAD = "text/plain; charset=UTF-8"

Answer = Iterable[bytes]
StartResponse = Any


class Engine(engineio.Server):  # type: ignore[misc]
    """`engineio.Server` with one loop for all WebSockets; with `fastlane=False`, with the stock way and the same bounds.

    queue_bytes: what may wait for one client before it is cut. max_connections: sessions of this process; beyond them 503.
    connect_timeout: seconds within which a client must have entered a namespace. floods_are_cut: whether the number of
    packets is bounded. close_codes: the WebSocket close code of each reason to end a session.
    """

    def __init__(
        self,
        *,
        fastlane: bool = True,
        queue_bytes: int = 1_048_576,
        max_connections: int = 12_000,
        connect_timeout: float = 10.0,
        floods_are_cut: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(monitor_clients=False, **options)
        self.queue_bytes = queue_bytes
        self.queue_frames = QUEUE_FRAMES
        self.max_connections = max_connections
        self.connect_timeout = connect_timeout
        self.floods_are_cut = floods_are_cut
        self.close_codes = {"bad_packet": 4400, "connect_timeout": 4404, "flood": 4429, "slow_consumer": 4408}
        self.stats = Stats()
        self.sockets: dict[str, Session] = {}
        self.on_flood: Callable[[Session], None] = lambda session: session.end("flood")
        """Ends a session that sends too much. Socket.IO, which knows how to say why, puts its own in this place."""
        can_loop = fastlane and self.async_mode in ("threading", "gevent")
        self.loop = Loop(self.stats, queue_bytes=queue_bytes, queue_frames=QUEUE_FRAMES) if can_loop else None
        self.clock = self.loop.clock if self.loop is not None else Clock()
        self.workers = Workers(WORKERS, self.clock)
        self._errors: Any = None
        """The stream for errors that the server gives to each request."""
        self._not_started = threading.Lock()

    @property
    def path(self) -> str:
        """`loop` or `stock`: the way that WebSockets take, where the server lets the loop have them."""
        return "loop" if self.loop is not None else "stock"

    # ── for python-socketio ──

    def send_packet(self, sid: str, pkt: Packet) -> None:
        session = self.sockets.get(sid)
        if session is not None:
            session.send(pkt)

    def patience(self) -> float:
        """Seconds in which `fan_out` had better wait for more to send; 0 where nothing is gained by that."""
        return 0.0 if self.loop is None else self.loop.patience()

    def together(self) -> AbstractContextManager[None]:
        """What this thread sends inside goes out together."""
        return nullcontext() if self.loop is None else self.loop.together()

    def fan_out(self, sessions: Sequence[Session], pkt: Packet) -> None:
        """Sends a packet to many, encoded and framed once."""
        if self.loop is not None:
            self.loop.post(sessions, pkt)
        else:
            self.stats.deliveries += len(sessions)
            for session in sessions:
                session.queue(pkt)

    def _get_socket(self, sid: str) -> Session:
        # Also when it is closed: what it said before that is still handled.
        return self.sockets[sid]

    def disconnect(self, sid: str | None = None) -> None:
        for session in [self.sockets.get(sid)] if sid is not None else list(self.sockets.values()):
            if session is not None:
                session.close()

    def hear_out(self, asked: Sequence[Session], until: float) -> None:
        """Returns when all that came has been handled, and all that these clients had said before they read what was sent to
        them up to now; at the latest at a moment of the monotonic clock. They are sent a ping: the pong comes behind it."""
        for session in asked:
            session.heartbeat.ping()
        while now() < until and not self._has_heard_out(asked):
            self.sleep(_LOOK_S)

    def _has_heard_out(self, asked: Sequence[Session]) -> bool:
        if any(session.heartbeat.owed and not session.closed for session in asked):
            return False
        return all(session.inbox.is_handled for session in list(self.sockets.values()))

    def end_all(self, reason: str) -> None:
        """Ends every session, also those that never entered a namespace."""
        for session in list(self.sockets.values()):
            session.end(reason)

    def see_off(self, until: float) -> None:
        """Returns when nobody is left who has to read that it is over; at the latest at a moment of the monotonic clock."""
        while self.sockets and now() < until:
            self.sleep(_LOOK_S)

    def session_over(self, session: Session, reason: str) -> None:
        self._trigger_event("disconnect", session.sid, reason, run_async=False)

    def forget(self, session: Session) -> None:
        self.sockets.pop(session.sid, None)

    def count_cut(self, reason: str) -> None:
        self.stats.cuts[reason] += 1

    # ── requests ──

    def handle_request(self, environ: dict[str, Any], start_response: StartResponse) -> Answer:
        """The WSGI application."""
        self._start()
        try:
            return self._answer(environ, start_response)
        except Refusal as refused:
            body = json.dumps(str(refused)).encode()
            start_response(refused.status, self._headers(environ, "text/plain", body) + refused.headers)
            return [body]

    def _answer(self, environ: dict[str, Any], start_response: StartResponse) -> Answer:
        try:
            query = query_of(environ.get("QUERY_STRING", ""))
        except ValueError as refused:
            raise Refusal("400 BAD REQUEST", str(refused)) from None
        self._check_origin(environ)
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            return self._ok(environ, start_response, b"OK")
        if method not in ("GET", "POST"):
            raise Refusal("405 METHOD NOT ALLOWED", "Method not allowed", ("Allow", "GET, OPTIONS, POST"))
        if "j" in query:
            # It would be a way round the allow-list, and its escaping is unsafe.
            raise Refusal("400 BAD REQUEST", "JSONP is not supported")
        transport = query.get("transport", [""])[0]
        if transport not in self.transports:
            raise Refusal("400 BAD REQUEST", "Invalid transport")
        if query.get("EIO") != ["4"]:
            raise Refusal(
                "400 BAD REQUEST", "The client is using an unsupported version of the Socket.IO or Engine.IO protocols"
            )
        switch = accept(environ) if transport == "websocket" and method == "GET" else b""
        if "sid" not in query:
            if method != "GET":
                raise Refusal("400 BAD REQUEST", "A session begins with GET")
            return self._open(environ, start_response, switch)
        session = self._session_of(environ, query["sid"][0])
        if transport == "websocket":
            if method != "GET" or session.closed or session.upgraded or session.candidate is not None:
                raise Refusal("400 BAD REQUEST", "Invalid upgrade")
            return self._websocket(environ, start_response, session, switch)
        if session.upgraded:
            raise Refusal("400 BAD REQUEST", "This session has been upgraded to WebSocket")
        if method == "GET":
            return self._poll(environ, start_response, session)
        return self._post(environ, start_response, session)

    def _check_origin(self, environ: dict[str, Any]) -> None:
        if self.cors_allowed_origins == []:
            return
        origin = environ.get("HTTP_ORIGIN")
        allowed = self._cors_allowed_origins(environ)
        if origin is not None and allowed is not None and origin not in allowed:
            raise Refusal("400 BAD REQUEST", "Not an accepted origin")

    def _session_of(self, environ: dict[str, Any], sid: str) -> Session:
        session = self.sockets.get(sid)
        origin = environ.get("HTTP_ORIGIN")
        if (
            session is None
            or session.is_over
            or session.ended == "bad_packet"
            or session.address != environ.get("REMOTE_ADDR", "")
            or (None not in (origin, session.origin) and origin != session.origin)
        ):
            # The id alone does not make it somebody's session.
            raise Refusal("400 BAD REQUEST", "Invalid session")
        return session

    def _ok(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        body: bytes,
        kind: str = "text/plain",
        cookie: str | None = None,
    ) -> list[bytes]:
        headers = self._headers(environ, kind, body)
        start_response("200 OK", headers if cookie is None else [*headers, ("Set-Cookie", cookie)])
        return [body]

    def _headers(self, environ: dict[str, Any], kind: str, body: bytes | None = None) -> list[tuple[str, str]]:
        """Of an answer; without a body, whoever writes it says how long it is."""
        headers = [("Content-Type", kind), *self._cors_headers(environ)]
        if body is not None and self.async_mode != "gevent_uwsgi":
            # uWSGI's router hangs up after every answer and does not say so: with a length, a client takes the connection
            # for open and sends its next request into the void.
            headers.append(("Content-Length", str(len(body))))
        return headers

    # ── the beginning ──

    def _open(self, environ: dict[str, Any], start_response: StartResponse, switch: bytes) -> Answer:
        if len(self.sockets) >= self.max_connections:
            raise Refusal("503 SERVICE UNAVAILABLE", "Too many connections", ("Retry-After", str(_RETRY_AFTER_S)))
        request = kept(environ, self._errors_of(environ))
        session = Session(self, self.generate_id(), request.get("REMOTE_ADDR", ""), request.get("HTTP_ORIGIN"))
        opening = {
            "sid": session.sid,
            "upgrades": ["websocket"] if not switch and self._offers_websocket() else [],
            "pingTimeout": round(self.ping_timeout * 1000),
            "pingInterval": round(self.ping_interval * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        hello = Packet(stock.OPEN, json.dumps(opening, separators=(",", ":")))
        self._begin(session, request)
        if switch:
            return self._websocket(environ, start_response, session, switch, hello)
        return self._ok(environ, start_response, polled(hello).encode(), _PAYLOAD, self._cookie_with(session.sid))

    def _cookie_with(self, sid: str) -> str | None:
        """For a proxy to route by, where the application has asked for it (the option `cookie`, as of `engineio.Server`)."""
        if not self.cookie:
            return None
        attributes = self.cookie if isinstance(self.cookie, dict) else {"name": self.cookie, "path": "/", "SameSite": "Lax"}
        return str(self._generate_sid_cookie(sid, attributes))

    def _offers_websocket(self) -> bool:
        return self.allow_upgrades and "websocket" in self.transports

    def _errors_of(self, environ: dict[str, Any]) -> Any:
        if self._errors is None:
            self._errors = environ.get("wsgi.errors")  # gunicorn makes one for every request
        return self._errors

    def _begin(self, session: Session, environ: dict[str, Any]) -> None:
        self.sockets[session.sid] = session
        answer = self._trigger_event("connect", session.sid, environ, run_async=False)
        if answer not in (None, True):
            self.forget(session)
            raise Refusal("401 UNAUTHORIZED", str(answer or "Unauthorized"))
        session.begins()

    def _websocket(
        self,
        environ: dict[str, Any],
        start_response: StartResponse,
        session: Session,
        switch: bytes,
        hello: Packet | None = None,
    ) -> Answer:
        """Makes the request a WebSocket: of a new session, with its first packet, or of one that polls."""
        taken = takeover.connection_of(environ) if self.loop is not None else None
        if taken is None or self.loop is None:
            if hello is not None:
                session.queue(hello)
            return talk.serve(session, environ, start_response, upgrading=hello is None)
        loop = self.loop
        wire = WebSocket(loop, taken.take(), session)
        early = taken.read_already()

        def begin() -> None:
            loop.adopt(wire)
            wire.put(switch)
            if hello is not None:
                wire.put(framed(hello))
                session.open_on(wire)
            else:
                session.try_upgrade(wire)
            if early:
                wire.received(early)

        loop.call(begin)
        return taken.let_go()

    # ── polling ──

    def _poll(self, environ: dict[str, Any], start_response: StartResponse, session: Session) -> Answer:
        if not session.poll_begins():
            session.close()
            raise Refusal("400 BAD REQUEST", "Two polls at once")
        # No script can set this header, and no client but a browser does.
        most = BROWSER_PACKETS if "HTTP_SEC_FETCH_MODE" in environ else POLL_PACKETS
        waits = not session.outbox or session.outbox.due_in(most) > 0
        if waits and self.loop is not None and self.async_mode == "threading":
            # On gunicorn, whose few threads are for those who do not wait.
            taken = takeover.connection_of(environ)
            if taken is not None and taken.kind == "gunicorn":
                head = _head_of(start_response("200 OK", self._headers(environ, _PAYLOAD)))
                poll = WaitingPoll(self.loop, taken.take(), session, head, most)
                self.loop.call(poll.begin)
                return taken.let_go()
        packets = session.outbox.take(most)
        if not packets:
            packets = session.wait(most, self.create_event, self.ping_interval + self.ping_timeout)
        session.poll_ends()
        body = SEPARATOR.join(map(polled, packets)) or str(stock.CLOSE if session.closed else stock.NOOP)
        return self._ok(environ, start_response, body.encode(), _PAYLOAD)

    def _post(self, environ: dict[str, Any], start_response: StartResponse, session: Session) -> Answer:
        if session.closed:
            # Too late for what the client says; a refusal would keep it from reading why.
            return self._ok(environ, start_response, b"OK")
        length = str(environ.get("CONTENT_LENGTH") or "0")
        if not length.isdigit() or int(length) > most_bytes(session):
            session.end("bad_packet")
            raise Refusal("413 CONTENT TOO LARGE" if length.isdigit() else "400 BAD REQUEST", "The request is too long")
        try:
            packets = _decoded(environ["wsgi.input"].read(int(length)))
        except ValueError:
            session.end("bad_packet")
            raise Refusal("400 BAD REQUEST", "Not a payload of Engine.IO packets") from None
        if len(packets) > MOST_IN_A_REQUEST:
            session.inbox.put(lambda: self.on_flood(session))
            return self._ok(environ, start_response, b"OK")
        with session.inbox.handled_here():
            for one in packets:
                session.packet(one)
        if session.ended == "bad_packet":
            raise Refusal("400 BAD REQUEST", "Not a packet that a client sends")
        return self._ok(environ, start_response, b"OK")

    # ── what runs beside requests ──

    def _start(self) -> None:
        """With the first request: before, the server may fork."""
        if self._not_started.acquire(blocking=False):
            if self.loop is not None:
                self.loop.start()
            else:
                self.start_background_task(self._tick)

    def _tick(self) -> None:
        while True:
            self.sleep(min(_TICK_S, self.clock.run()))


def _decoded(body: bytes) -> list[str | bytes]:
    """The packets of a request; those in base64 as bytes. Raises ValueError."""
    parts = body.decode().split(SEPARATOR, MOST_IN_A_REQUEST)  # what is more is one part too many, whatever is in it
    if "" in parts:
        raise ValueError("a packet has a type at least")
    if len(parts) > MOST_IN_A_REQUEST:
        return list(parts)
    return [base64.b64decode(one[1:], validate=True) if one[:1] == "b" else one for one in parts]


def _head_of(write: Any) -> str:
    """The head of an answer of gunicorn's that the loop will write, with what middleware has added to it."""
    response = write.__self__
    lines = [f"HTTP/1.1 {response.status}", "Connection: close", *(f"{name}: {value}" for name, value in response.headers)]
    return "\r\n".join([*lines, ""])
