"""The namespace `/chat`: connect with a token, hear one's rooms, send commands."""

from typing import Any

import socketio
from socketio.exceptions import ConnectionRefusedError

from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.errors import END_REASONS, CrosstalkError, unauthenticated
from crosstalk.realtime.broadcast import Broadcast, SessionEvents
from crosstalk.realtime.connections import NAMESPACE, Connections, LiveConnection
from crosstalk.realtime.dispatch import Dispatch
from crosstalk.realtime.user_bounds import UserBounds
from fastlane import Server

TOKEN_LIMIT = 4096


class Chat(socketio.Namespace):  # type: ignore[misc]
    """Bypasses the by-name handlers of the stock namespace: every event that is not of the connection is a command."""

    def __init__(
        self,
        server: Server,
        connections: Connections,
        broadcast: Broadcast,
        dispatch: Dispatch,
        session_events: SessionEvents,
        authenticate: Any,
        bounds: UserBounds,
    ) -> None:
        super().__init__(NAMESPACE)
        self._server = server
        self._connections = connections
        self._broadcast = broadcast
        self._dispatch = dispatch
        self._session_events = session_events
        self._authenticate = authenticate
        self._bounds = bounds
        self._accepted: dict[str, tuple[Actor, str, int]] = {}
        server.after_connect[NAMESPACE] = self._connected
        server.deferring.add(NAMESPACE)
        server.eio.workers.settle = self._settle

    def _settle(self) -> bool:
        with self._server.eio.together():
            return db.settle()

    def trigger_event(self, event: str, sid: str, *arguments: Any) -> Any:
        if event == "connect":
            return self._connect(sid, *arguments)
        if event == "disconnect":
            return self._disconnect(sid)
        connection = self._connections.get(sid)
        return None if connection is None else self._dispatch.run(connection, event, arguments)

    def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        try:
            token = auth.get("token") if isinstance(auth, dict) else None
            if not isinstance(token, str) or not 0 < len(token) <= TOKEN_LIMIT:
                raise unauthenticated("Connect with an access token: auth: {token}.")
            ends = self._broadcast.ends
            actor = self._authenticate(token, environ.get("REMOTE_ADDR", ""))
            self._bounds.enter(sid, actor.user_id)
            self._accepted[sid] = actor, token, ends
        except CrosstalkError as refused:
            raise ConnectionRefusedError(refused.code, refused.ack()) from None

    def _connected(self, sid: str) -> None:
        actor, token, ends = self._accepted.pop(sid, (None, "", 0))
        session = self._server.session_of(self._server.manager.eio_sid_from_sid(sid, NAMESPACE))
        if actor is None or session is None:
            return
        connection = LiveConnection(session, actor)
        ready = self._session_events.ready(actor)
        self._connections.open(sid, connection, greet=lambda: self._broadcast.tell(connection, ready))
        if ends != self._broadcast.ends:
            self._look_again(token, actor)
        if session.closed:
            self._connections.close(sid)

    def _look_again(self, token: str, actor: Actor) -> None:
        """The session may have ended after the first look, and nobody told a connection that was not there yet."""
        try:
            self._authenticate(token, actor.address)
        except CrosstalkError as over:
            self._broadcast.end(topics.session(actor.session_id), over.code if over.code in END_REASONS else "session_revoked")

    def _disconnect(self, sid: str) -> None:
        self._accepted.pop(sid, None)
        self._bounds.leave(sid)
        self._connections.close(sid)
