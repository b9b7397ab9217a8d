"""A session on a WebSocket of the stock path: one thread or greenlet reads, another writes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from engineio import packet as stock

from fastlane.bounds import most_bytes
from fastlane.packets import text_of
from fastlane.stock import WebSocket, server_of

if TYPE_CHECKING:
    from fastlane.session import Session

_MOST = 1_024


def serve(session: "Session", environ: dict[str, Any], start_response: Any, *, upgrading: bool) -> Iterable[bytes]:
    engine = session.engine

    def talk(websocket: WebSocket) -> Iterable[bytes]:
        if upgrading and not _proved(session, websocket):
            return []
        session.upgrade, session.websocket = None, websocket
        websocket.bound(most_bytes(session))
        writer = engine.start_background_task(_write, session, websocket)
        while (message := websocket.wait()) is not None:
            with session.inbox.handled_here():
                session.packet(message)
        session.transport_closed(websocket)
        session.wake()
        writer.join()
        return []

    return server_of(engine.async_mode)(environ, start_response, max_bytes=most_bytes(session), talk=talk)


def _proved(session: "Session", websocket: WebSocket) -> bool:
    """Whether the upgrade succeeds. A WebSocket that the session does not need is closed."""
    upgrade = session.begin_upgrade(websocket)
    if upgrade is None:
        websocket.close()
        return False
    if websocket.wait() == "2probe":
        websocket.send("3probe")
        upgrade.probe()
        if websocket.wait() == "5" and upgrade.is_current and not session.closed:
            session.release_poll()
            return True
    upgrade.fail()
    return False


def _write(session: "Session", websocket: WebSocket) -> None:
    engine = session.engine
    while True:
        packets = session.wait(_MOST, engine.create_event, engine.ping_interval + engine.ping_timeout)
        try:
            for packet in packets:
                if packet.packet_type != stock.NOOP:
                    websocket.send(bytes(packet.data) if packet.binary else text_of(packet))
        except OSError:
            session.transport_closed(websocket)
        if session.closed and not session.outbox:
            break
    reason = session.ended
    websocket.close(engine.close_codes.get(reason or "", 1000), reason)
