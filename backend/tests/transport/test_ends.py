"""How a session ends for a client that is to come back, and for one that is not: on both transports, with the loop and without."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask_socketio import emit
from werkzeug.serving import make_server

from fastlane import SocketIO
from fastlane.session import Session
from raw import RawPolling
from server import until
from transport.wire import Wire
from visitors import CONNECTIONS, NAMESPACE, VISITORS, Story, Visitor

COME_BACK = {"flood": 4429, "connect_timeout": 4404, "server_stopping": 1012, "token_expired": 4403}
STAY_AWAY = {"bad_packet": 4400, "signed_out": 4401}  # a client that polls reads the first in the answer to its packet


class Served:
    """An app that knows nothing of Crosstalk. The test ends its sessions itself."""

    def __init__(self, *, fastlane: bool) -> None:
        app = Flask("ends")
        self.socketio = SocketIO(app, async_mode="threading", fastlane=fastlane)
        self.socketio.on("connect", namespace=NAMESPACE)(lambda auth=None: emit("session:ready"))
        self.server = self.socketio.server
        self.server.eio.close_codes |= COME_BACK | STAY_AWAY
        self.server.eio.final_reasons |= set(STAY_AWAY)
        self.server.farewell = lambda reason: ("session:ended", {"reason": reason})
        self._http = make_server("127.0.0.1", 0, app, threaded=True)
        self.port: int = self._http.port
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def sessions(self) -> list[Session]:
        return [one for one in list(self.server.eio.sockets.values()) if one.joined and not one.closed]

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture(params=[True, False], ids=["loop", "stock"], scope="module")
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    started = Served(fastlane=request.param)
    yield started
    started.close()


def _websocket(served: Served) -> tuple[Wire, Session]:
    wire = Wire(served.port).open()
    wire.say(f"40{NAMESPACE},")
    wire.until(f'42{NAMESPACE},["session:ready"')
    return wire, served.server.eio.sockets[wire.opening["sid"]]


def _polling(served: Served) -> tuple[RawPolling, Session]:
    line = RawPolling(served)  # type: ignore[arg-type]
    line.post(f"40{NAMESPACE},")
    line.until(f'42{NAMESPACE},["session:ready"')
    return line, served.server.eio.sockets[line.opening["sid"]]


@pytest.mark.parametrize("reason", COME_BACK | STAY_AWAY)
def test_a_websocket_reads_a_close_packet_only_when_it_must_stay_away(served: Served, reason: str) -> None:
    wire, session = _websocket(served)
    wire.seen.clear()
    served.server.end(session, reason)
    assert wire.ending() == (COME_BACK | STAY_AWAY)[reason]
    read = [str(one) for one in wire.seen]
    assert read[0].startswith(f'42{NAMESPACE},["session:ended"')
    assert read[1:] == (["1"] if reason in STAY_AWAY else [])


@pytest.mark.parametrize("reason", [*COME_BACK, "signed_out"])
@pytest.mark.parametrize("waits", [True, False], ids=["a poll waits", "no poll waits"])
def test_a_client_that_polls_reads_a_close_packet_only_when_it_must_stay_away(served: Served, reason: str, waits: bool) -> None:
    line, session = _polling(served)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(line.poll()))
    if waits:
        thread.start()
        until("the poll waits", lambda: session.polling)
    served.server.end(session, reason)
    if not waits:
        thread.start()
    thread.join(15)
    while (more := line.poll()).status == 200:
        answers.append(more)
    packets = "\x1e".join(answer.raw.decode() for answer in answers).split("\x1e")
    assert packets[0].startswith(f'42{NAMESPACE},["session:ended"')
    assert ("1" in packets) == (reason in STAY_AWAY)
    until("it is forgotten", lambda: session.sid not in served.server.eio.sockets)


def test_a_session_that_is_cut_is_answered_without_a_close_packet(served: Served) -> None:
    """Too much waits for it, a pong did not come, or another session needs its place."""
    line, session = _polling(served)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(line.poll()))
    thread.start()
    until("the poll waits", lambda: session.polling)
    session.evict()
    thread.join(15)
    assert answers[0].raw == b"6"
    assert line.poll().status == 400


@pytest.mark.timeout(240)
def test_official_clients_come_back_by_themselves(served: Served) -> None:
    visitors: list[Visitor] = []
    stories: dict[tuple[str, str], Story] = {}
    try:
        for name, visit in VISITORS.items():
            for transport, transports in CONNECTIONS.items():
                story = stories[name, transport] = Story()
                visitors.append(visit(f"http://localhost:{served.port}", transports, "", story))
        for story in stories.values():
            story.until("session:ready")
        for times, reason in enumerate([*COME_BACK, "cut"], 1):
            for session in served.sessions():
                if reason == "cut":
                    session.evict()
                else:
                    served.server.end(session, reason)
            for kind, story in stories.items():
                if reason != "cut":
                    assert story.until("session:ended", times)["reason"] == reason, kind
                story.until("disconnect", times)
                story.until("session:ready", times + 1)
            until("nothing of the old ones is left", lambda: len(served.server.eio.sockets) == len(stories))
    finally:
        for visitor in visitors:
            visitor.close()
