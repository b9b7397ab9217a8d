"""A person: signed in, with REST and, when connected, an official Socket.IO client that records what it hears."""

import itertools
import threading
import time
from collections.abc import Callable
from typing import Any

from crosstalk.wirecheck.client import OrderedClient
from rest import NOTHING, Answer, ask
from server import Server

NAMESPACE = "/chat"
PATIENCE_S = 15.0
_numbers = itertools.count(1)

Event = tuple[str, dict[str, Any]]


def fresh(prefix: str = "c") -> str:
    """A client_id that nobody has used."""
    return f"{prefix}-{next(_numbers)}-{time.time_ns()}"


class Refused(Exception):
    """The ack said no."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error
        self.code = error["code"]


class Line:
    """One live connection of somebody. What it hears is kept in order, so that waiting for it can come late."""

    def __init__(self, server: Server, token: Any, transports: list[str] | None = None, auth: Any = NOTHING) -> None:
        self._heard = threading.Condition()
        self.events: list[Event] = []
        self.client = OrderedClient()
        self.gone = self.client.ended
        self.client.on("*", self._record, namespace=NAMESPACE)
        self.refusal: dict[str, Any] | None = None
        self.client.on("connect_error", self._refuse, namespace=NAMESPACE)
        self.client.connect(
            server.url,
            namespaces=[NAMESPACE],
            transports=transports or ["websocket"],
            auth={"token": token} if auth is NOTHING else auth,
            wait_timeout=PATIENCE_S,
        )

    def _record(self, event: str, *arguments: Any) -> None:
        with self._heard:
            self.events.append((event, arguments[0] if arguments else {}))
            self._heard.notify_all()

    def _refuse(self, refusal: dict[str, Any]) -> None:
        self.refusal = refusal

    def ack(self, name: str, *arguments: Any) -> dict[str, Any]:
        """The whole ack of a command."""
        data = arguments[0] if len(arguments) == 1 else tuple(arguments)
        answer: dict[str, Any] = self.client.call(name, data, namespace=NAMESPACE, timeout=PATIENCE_S)
        return answer

    def command(self, name: str, /, **fields: Any) -> Any:
        """The ack's data. Raises Refused."""
        answer = self.ack(name, fields)
        if not answer["ok"]:
            raise Refused(answer["error"])
        return answer["data"]

    def refused(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """The error of a command that must be refused."""
        answer = self.ack(name, fields)
        assert answer["ok"] is False, f"{name} was not refused: {answer}"
        error: dict[str, Any] = answer["error"]
        return error

    def heard(self, event: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        """What has been heard so far."""
        with self._heard:
            return [payload for name, payload in self.events if event in (None, name) and fields.items() <= payload.items()]

    def wait_for(
        self,
        event: str,
        predicate: Callable[[dict[str, Any]], Any] = lambda _: True,
        seconds: float = PATIENCE_S,
        **fields: Any,
    ) -> dict[str, Any]:
        """The first such event, heard already or within the time."""

        def found() -> dict[str, Any] | None:
            for name, payload in self.events:
                if name == event and fields.items() <= payload.items() and predicate(payload):
                    return payload
            return None

        with self._heard:
            self._heard.wait_for(found, seconds)
            payload = found()
            assert payload is not None, f"no {event} {fields} within {seconds} s; heard {[name for name, _ in self.events]}"
            return payload

    def wait_for_count(self, count: int, event: str, seconds: float = PATIENCE_S, **fields: Any) -> list[dict[str, Any]]:
        with self._heard:
            self._heard.wait_for(lambda: len(self.heard(event, **fields)) >= count, seconds)
            found = self.heard(event, **fields)
        assert len(found) >= count, f"{len(found)} of {count} {event} within {seconds} s"
        return found

    def forget(self) -> None:
        with self._heard:
            self.events.clear()

    def close(self) -> None:
        if self.client.transport() == "polling":
            # The client may forget to say goodbye by polling, and would then wait for the next ping.
            self.client.eio.disconnect(abort=True)
        else:
            self.client.disconnect()


class Person:
    """Ann, Bob and the others. The first line is opened by `connect`; the shorthands use it."""

    def __init__(self, server: Server, session: dict[str, Any]) -> None:
        self.server = server
        self.token: str = session["access_token"]
        self.refresh_token: str = session["refresh_token"]
        self.user: dict[str, Any] = session["user"]
        self.lines: list[Line] = []
        self._own_room: dict[str, Any] | None = None

    @classmethod
    def guest(cls, server: Server, name: str) -> "Person":
        answer = ask(server.port, "POST", "/api/guests", {"name": name})
        assert answer.status == 201, answer.raw
        return cls(server, answer.body)

    @property
    def id(self) -> str:
        user_id: str = self.user["id"]
        return user_id

    @property
    def line(self) -> Line:
        return self.lines[0]

    # ── REST ──

    def rest(self, method: str, path: str, body: Any = NOTHING, **more: Any) -> Answer:
        return ask(self.server.port, method, f"/api{path}", body, token=self.token, **more)

    def get(self, path: str) -> Any:
        return self.good("GET", path)

    def good(self, method: str, path: str, body: Any = NOTHING) -> Any:
        """The body of an answer that must be a good one."""
        answer = self.rest(method, path, body)
        assert answer.status in (200, 201, 204), f"{method} {path}: {answer.status} {answer.raw!r}"
        return answer.body

    # ── live ──

    def connect(self, transports: list[str] | None = None) -> Line:
        """Another live connection; returns when the server has said that it is ready."""
        line = Line(self.server, self.token, transports)
        self.lines.append(line)
        line.wait_for("session:ready")
        return line

    def command(self, name: str, /, **fields: Any) -> Any:
        return self.line.command(name, **fields)

    def refused(self, name: str, /, **fields: Any) -> dict[str, Any]:
        return self.line.refused(name, **fields)

    def wait_for(self, event: str, predicate: Callable[[dict[str, Any]], Any] = lambda _: True, **more: Any) -> dict[str, Any]:
        return self.line.wait_for(event, predicate, **more)

    def heard(self, event: str | None = None, **fields: Any) -> list[dict[str, Any]]:
        return self.line.heard(event, **fields)

    def hear_everything(self) -> None:
        """Returns when every line has heard what was announced before: one's own message comes after all of that."""
        if self._own_room is None:
            self._own_room = self.good("POST", "/rooms", {"name": "a room of one's own", "kind": "private"})
        sent = self.say(self._own_room["id"], "fence")
        for line in self.lines:
            line.wait_for("message:created", lambda heard: heard["message"]["id"] == sent["id"])

    # ── what people do ──

    def open_room(self, name: str | None = None, kind: str = "public") -> str:
        """A room; of a name that no other has, when none is given."""
        room_id: str = self.good("POST", "/rooms", {"name": name or f"room {next(_numbers)} of {self.id}", "kind": kind})["id"]
        return room_id

    def join(self, room_id: str, **invite: str) -> dict[str, Any]:
        room: dict[str, Any] = self.good("POST", f"/rooms/{room_id}/members", invite)
        return room

    def say(self, room_id: str, text: str, client_id: str | None = None) -> dict[str, Any]:
        """Sends by REST and returns the message."""
        message: dict[str, Any] = self.good(
            "POST", f"/rooms/{room_id}/messages", {"client_id": client_id or fresh(), "text": text}
        )
        return message

    def room(self, room_id: str) -> dict[str, Any]:
        room: dict[str, Any] = self.get(f"/rooms/{room_id}")
        return room

    def history(self, room_id: str) -> list[dict[str, Any]]:
        """All messages of a room, page after page."""
        messages: list[dict[str, Any]] = []
        before = ""
        while True:
            page = self.get(f"/rooms/{room_id}/messages?limit=200{before}")
            messages = page["messages"] + messages
            if not page["more"]:
                return messages
            before = f"&before={messages[0]['seq']}"

    def open_stream(self, room_id: str, **more: Any) -> dict[str, Any]:
        """A stream that this person writes, or with `source` the server."""
        body = {"client_id": fresh("s"), "content_type": "text/plain", **more}
        stream: dict[str, Any] = self.good("POST", f"/rooms/{room_id}/streams", body)
        return stream

    def view(self, stream_id: str, offset: int = 0) -> dict[str, Any]:
        view: dict[str, Any] = self.get(f"/streams/{stream_id}?offset={offset}")
        return view

    def leave_the_building(self) -> None:
        for line in self.lines:
            line.close()
