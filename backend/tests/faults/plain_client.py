"""A client written from docs/protocol.md alone: the loop of §5 on the official Socket.IO client, and nothing else.

It shares no code with the other clients here, so that the page is judged and not our knowledge of the server.
"""

import queue
import random
import threading
from typing import Any

import socketio

NAMESPACE = "/chat"
Change = dict[str, Any]


class Cut(Exception):
    """The connection ended before the answer came."""


class PlainClient:
    """Follows rooms of which it has nothing at first. `start`, then `close`."""

    def __init__(self, url: str, token: str, room_ids: list[str], transports: list[str]) -> None:
        self.positions = dict.fromkeys(room_ids, 0)
        self.messages: dict[str, dict[str, Change]] = {room_id: {} for room_id in room_ids}
        self.members: dict[str, set[str]] = {room_id: set() for room_id in room_ids}
        self.applied: dict[str, list[Change]] = {room_id: [] for room_id in room_ids}
        """Everything that was applied, in that order: what a test looks at afterwards."""
        self.epoch = ""
        self.cuts = 0
        """Connections that ended after they had been established."""
        self.unfinished = 0
        """Verdicts with `more`."""
        self.empty_handed = 0
        """Of these, verdicts without any change."""
        self.failure: BaseException | None = None
        self._url, self._token, self._transports = url, token, transports
        self._received: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._socket = socketio.Client()
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=work, daemon=True) for work in (self._stay_connected, self._work)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._closing.set()
        self._socket.shutdown()
        self._received.put(("close", None))
        for thread in self._threads:
            thread.join(10)

    def _stay_connected(self) -> None:
        """A new client of the library for each connection."""
        while not self._closing.is_set():
            # Over WebSocket, the library would send the address of the URL as its origin.
            options = {"suppress_origin": True}
            self._socket = socketio.Client(reconnection=False, handle_sigint=False, websocket_extra_options=options)
            self._socket.on("*", lambda event, payload: self._received.put((event, payload)), namespace=NAMESPACE)
            auth = {"token": self._token}
            try:
                self._socket.connect(self._url, namespaces=[NAMESPACE], auth=auth, transports=self._transports)
                self._socket.eio.wait()
                self.cuts += 1
            except socketio.exceptions.ConnectionError:
                pass  # It was cut before it was connected.
            self._closing.wait(random.uniform(0.05, 0.4))

    def _work(self) -> None:
        """Handles what was received, one after the other: while the loop waits for an answer, events wait."""
        try:
            while True:
                event, payload = self._received.get()
                if event == "close":
                    return
                try:
                    self._handle(event, payload)
                except Cut:
                    continue  # The next session:ready begins anew.
        except BaseException as failed:
            self.failure = failed
            raise

    def _handle(self, event: str, payload: Any) -> None:
        if event == "session:ready":
            self.epoch = self.epoch or payload["epoch"]
            self._catch_up(list(self.positions))
        elif event.startswith(("message:", "member:")) or event in ("stream:opened", "stream:ended"):
            room_id, seq = payload["room_id"], payload["seq"]
            if room_id not in self.positions or seq <= self.positions[room_id]:
                return
            if seq == self.positions[room_id] + 1:
                self._apply(room_id, {"event": event, **payload})
                self.positions[room_id] = seq
            else:
                self._catch_up([room_id])

    def _catch_up(self, behind: list[str]) -> None:
        while behind:
            positions = {room_id: self.positions[room_id] for room_id in behind}
            answer = self._command("session:resume", {"epoch": self.epoch, "rooms": positions})
            for room_id, changes in answer["rooms"].items():
                if changes["verdict"] == "snapshot":
                    self._forget(room_id)
                for change in changes["changes"]:
                    self._apply(room_id, change)
                self.positions[room_id], self.epoch = changes["position"], changes["epoch"]
                self.unfinished += changes["more"]
                self.empty_handed += changes["more"] and not changes["changes"]
            behind = [room_id for room_id, changes in answer["rooms"].items() if changes["more"]]

    def _command(self, name: str, body: dict[str, Any]) -> Any:
        socket, answers = self._socket, queue.SimpleQueue[Any]()
        try:
            socket.emit(name, body, namespace=NAMESPACE, callback=answers.put)
        except socketio.exceptions.SocketIOError as failed:
            raise Cut from failed
        while True:
            try:
                answer = answers.get(timeout=0.05)
                break
            except queue.Empty:
                if not socket.connected:
                    raise Cut from None
        assert answer["ok"], answer
        return answer["data"]

    def _apply(self, room_id: str, change: Change) -> None:
        self.applied[room_id].append(change)
        if "message" in change:
            self.messages[room_id][change["message"]["id"]] = change["message"]
        elif change["event"] == "member:joined":
            self.members[room_id].add(change["user"]["id"])
        else:
            self.members[room_id].discard(change["user"]["id"])

    def _forget(self, room_id: str) -> None:
        self.messages[room_id].clear()
        self.members[room_id].clear()
        self.applied[room_id].clear()
