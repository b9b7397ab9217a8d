"""The Engine.IO server: sessions, polling, upgrades, and every bound. Engine.IO protocol, revision 4.

`engineio.Server` is kept as the type that python-socketio expects and for what it knows of async modes and CORS; requests,
sessions and timers are our own.
"""

import json
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import engineio
from engineio import packet as stock
from engineio.packet import Packet

from fastlane import takeover
from fastlane.admission import Admission, expect_namespace
from fastlane.bounds import most_bytes, query_of
from fastlane.clock import Clock, now
from fastlane.handshake import accept, transport_in
from fastlane.kept import kept
from fastlane.loop import Loop
from fastlane.outbox import BROWSER_PACKETS, POLL_PACKETS
from fastlane.packets import framed, polled
from fastlane.payload import packets_in, read_body
from fastlane.refusals import Refusal, Refusals
from fastlane.session import Session
from fastlane.stats import Stats
from fastlane.stock import talk
from fastlane.waiting_poll import WaitingPoll, head_of
from fastlane.websocket import WebSocket
from fastlane.workers import Workers

# A browser puts into one request what it has to say; so much is a burst, more is a flood.
MOST_IN_A_REQUEST = 256
QUEUE_FRAMES = 10_000
WORKERS = 8
_TICK_S = 0.1
_LOOK_S = 0.02
_PAYLOAD = "text/plain; charset=UTF-8"

Answer = Iterable[bytes]
StartResponse = Any


class Engine(engineio.Server):  # type: ignore[misc]
    """`engineio.Server` with one loop for all WebSockets; with `fastlane=False`, with the stock way and the same bounds.

    queue_bytes: what may wait for one client before it is cut. max_connections: sessions of this process; beyond them 503.
    network_connections, network_waiting: sessions of one network, and those of them that are not authenticated; beyond them
    429; None for no limit. peer_of: the network of a request, by its environ; empty for a request that no network counts;
    REMOTE_ADDR if not given. connect_timeout: seconds within which a client must have entered a namespace; None where there
    are no namespaces. floods_are_cut: whether the number of packets is bounded.
    """

    def __init__(
        self,
        *,
        fastlane: bool = True,
        queue_bytes: int = 1_048_576,
        max_connections: int = 12_000,
        network_connections: int | None = None,
        network_waiting: int | None = None,
        peer_of: Callable[[dict[str, Any]], str] = lambda environ: str(environ.get("REMOTE_ADDR", "")),
        connect_timeout: float | None = None,
        floods_are_cut: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(monitor_clients=False, **options)
        self.queue_bytes = queue_bytes
        self.queue_frames = QUEUE_FRAMES
        self.max_connections = max_connections
        self.connect_timeout = connect_timeout
        self.floods_are_cut = floods_are_cut
        self.peer_of = peer_of
        self.final_reasons = {"bad_packet"}
        """The reasons after which a client must not come back by itself."""
        self.close_codes = {"bad_packet": 4400, "connect_timeout": 4404, "flood": 4429, "slow_consumer": 4408}
        """The WebSocket close code of each reason to end a session."""
        self.stats = Stats()
        self.refusals = Refusals(self.stats.refusals)
        self.sockets: dict[str, Session] = {}
        self.admission = Admission(
            self.sockets, network=network_connections, waiting=network_waiting, patience=connect_timeout or 0.0
        )
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
        self.admission.forget(session)

    def generate_id(self) -> str:
        """A session id of 144 random bits: the only thing that a request must know to act in a session."""
        return secrets.token_urlsafe(18)

    def count_cut(self, reason: str) -> None:
        self.stats.cuts[reason] += 1

    # ── requests ──

    def handle_request(self, environ: dict[str, Any], start_response: StartResponse) -> Answer:
        """The WSGI application."""
        self._start()
        try:
            return self._answer(environ, start_response)
        except Refusal as refused:
            self.refusals.record(refused)
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
            raise Refusal("400 BAD REQUEST", "The method is neither GET nor POST", reason="bad_method")
        transport = transport_in(query, self.transports)
        switch = accept(environ) if transport == "websocket" and method == "GET" else b""
        if "sid" not in query:
            if method != "GET":
                raise Refusal("400 BAD REQUEST", "A session begins with GET", reason="bad_method")
            return self._open(environ, start_response, switch)
        session = self._session_of(environ, query["sid"][0])
        if transport == "websocket":
            if method != "GET":
                raise Refusal("400 BAD REQUEST", "Invalid upgrade", reason="bad_upgrade")
            # A session that needs no WebSocket has it closed after the handshake, as the reference server does.
            return self._websocket(environ, start_response, session, switch)
        if session.upgrade is not None and self.loop is not None:
            self.loop.catch_up(self.create_event())  # the WebSocket may have sent the upgrade before this request
        if session.upgraded:
            raise Refusal("400 BAD REQUEST", "This session has been upgraded to WebSocket", reason="upgraded_session")
        if method == "GET":
            return self._poll(environ, start_response, session)
        return self._post(environ, start_response, session)

    def _check_origin(self, environ: dict[str, Any]) -> None:
        if self.cors_allowed_origins == []:
            return
        origin = environ.get("HTTP_ORIGIN")
        allowed = self._cors_allowed_origins(environ)
        if origin is not None and allowed is not None and origin not in allowed:
            raise Refusal("400 BAD REQUEST", "Not an accepted origin", reason="origin")

    def _session_of(self, environ: dict[str, Any], sid: str) -> Session:
        session = self.sockets.get(sid)
        origin = environ.get("HTTP_ORIGIN")
        if session is None or session.is_over or session.ended == "bad_packet":
            raise Refusal("400 BAD REQUEST", "Invalid session", reason="unknown_session")
        # Not the address: a client behind a carrier's NAT, or with IPv4 and IPv6, may use another for each request.
        if None not in (origin, session.origin) and origin != session.origin:
            raise Refusal("400 BAD REQUEST", "The session belongs to another origin", reason="other_origin")
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
        request = kept(environ, self._errors_of(environ))
        session = Session(self, self.generate_id(), self.peer_of(environ), request.get("HTTP_ORIGIN"))
        evicted = self.admission.admit(session, self.max_connections)
        if evicted is not None:
            evicted.evict()
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
        answer = self._trigger_event("connect", session.sid, environ, run_async=False)
        if answer not in (None, True):
            self.forget(session)
            raise Refusal("401 UNAUTHORIZED", str(answer or "Unauthorized"), reason="unauthorized")
        if self.connect_timeout is None:
            self.admission.authenticated(session)
        session.heartbeat.begin()
        expect_namespace(session)

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
            if hello is not None and session.closed:  # ended since it was opened
                wire.cut()
            elif hello is not None:
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
        if session.heartbeat.is_overdue:
            raise Refusal("400 BAD REQUEST", "The session has timed out", reason="unknown_session")
        if not session.poll_begins():
            session.close()
            raise Refusal("400 BAD REQUEST", "Two polls at once", reason="two_polls")
        # No script can set this header, and no client but a browser does.
        most = BROWSER_PACKETS if "HTTP_SEC_FETCH_MODE" in environ else POLL_PACKETS
        waits = not session.outbox or session.outbox.due_in(most) > 0
        if waits and self.loop is not None and self.async_mode == "threading":
            # On gunicorn, whose few threads are for those who do not wait.
            taken = takeover.connection_of(environ)
            if taken is not None and taken.kind == "gunicorn":
                head = head_of(start_response("200 OK", self._headers(environ, _PAYLOAD)))
                poll = WaitingPoll(self.loop, taken.take(), session, head, most)
                self.loop.call(poll.begin)
                return taken.let_go()
        packets = session.outbox.take(most)
        if not packets:
            packets = session.wait(most, self.create_event, self.ping_interval + self.ping_timeout)
        session.poll_ends()
        return self._ok(environ, start_response, session.polled(packets), _PAYLOAD)

    def _post(self, environ: dict[str, Any], start_response: StartResponse, session: Session) -> Answer:
        if session.closed:
            # Too late for what the client says; a refusal would keep it from reading why.
            return self._ok(environ, start_response, b"ok")
        try:
            body = read_body(environ, most_bytes(session))
        except Refusal:
            session.end("bad_packet")
            raise
        try:
            packets = packets_in(body, MOST_IN_A_REQUEST)
        except ValueError:
            session.end("bad_packet")
            raise Refusal("400 BAD REQUEST", "Not a payload of Engine.IO packets", reason="bad_payload") from None
        if len(packets) > MOST_IN_A_REQUEST:
            session.inbox.put(lambda: self.on_flood(session))
            return self._ok(environ, start_response, b"ok")
        with session.inbox.handled_here():
            for one in packets:
                session.packet(one)
        if session.ended == "bad_packet":
            raise Refusal("400 BAD REQUEST", "Not a packet that a client sends", reason="bad_payload")
        return self._ok(environ, start_response, b"ok")

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
