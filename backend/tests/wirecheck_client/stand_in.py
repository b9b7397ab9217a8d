"""A small Socket.IO server with the events of the wire check that a test can make lie: `StandIn(**{"my event": liar})`."""

import json
import threading
from collections.abc import Callable
from typing import Any, Self

import socketio
from listening import free_listener
from werkzeug.serving import make_server

NAMESPACES = ("/", "/test")
Handler = Callable[["StandIn", str, str], Any]


class StandIn:
    """Serves until the `with` ends. A handler is called with the stand-in, the namespace and the sid, then the arguments."""

    def __init__(self, **lies: Callable[..., Any]) -> None:
        self.server = socketio.Server(async_mode="threading", cors_allowed_origins="*", max_http_buffer_size=2_000_000)
        handlers = {**_HONEST, **lies}
        for namespace in NAMESPACES:
            self.server.on("connect", self._bound(handlers.pop("connect", _greet), namespace), namespace=namespace)
            handlers["connect"] = lies.get("connect", _greet)
            for event, handler in handlers.items():
                if event != "connect":
                    self.server.on(event, self._bound(handler, namespace), namespace=namespace)
        self._listener = free_listener()
        self._http = make_server(
            "127.0.0.1", 0, socketio.WSGIApp(self.server, self._rest), threaded=True, fd=self._listener.fileno()
        )
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    def emit(self, event: str, *arguments: Any, to: str | None, namespace: str) -> None:
        self.server.emit(event, arguments, to=to, namespace=namespace)

    def _bound(self, handler: Callable[..., Any], namespace: str) -> Callable[..., Any]:
        return lambda sid, *arguments: handler(self, namespace, sid, *arguments)

    def _rest(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = b"{}"
        if environ["PATH_INFO"] == "/wirecheck":
            body = json.dumps(dict.fromkeys(("origin_allowed", "versions"), "?")).encode()
        start_response("200 OK", [("Content-Type", "application/json"), ("Access-Control-Allow-Origin", "*")])
        return [body]


def _greet(here: StandIn, namespace: str, sid: str, _environ: Any, auth: Any = None) -> None:
    if auth and "refuse" in auth:
        raise socketio.exceptions.ConnectionRefusedError(auth["refuse"])
    here.emit("my response", {"data": "Connected"}, to=sid, namespace=namespace)


def _echo(event: str, ack: Any = None) -> Callable[..., Any]:
    def handle(here: StandIn, namespace: str, sid: str, *arguments: Any) -> Any:
        here.emit(event, *arguments, to=sid, namespace=namespace)
        return ack

    return handle


def whoami(here: StandIn, namespace: str, sid: str) -> dict[str, Any]:
    environ = here.server.get_environ(sid, namespace)
    return {
        "sid": sid,
        "rooms": here.server.rooms(sid, namespace),
        "transport": here.server.transport(sid, namespace),
        "origin": environ.get("HTTP_ORIGIN"),
        "server": "stand-in",
        "async_mode": "threading",
    }


def broadcast(here: StandIn, namespace: str, _sid: str, value: Any) -> None:
    here.emit("my response", value, to=None, namespace=namespace)


def join(here: StandIn, namespace: str, sid: str, who: dict[str, str]) -> dict[str, bool]:
    here.server.enter_room(sid, who["room"], namespace)
    here.emit("message", f"{who['username']} has entered the room.", to=who["room"], namespace=namespace)
    return {"ok": True}


def room_message(here: StandIn, namespace: str, _sid: str, sent: dict[str, Any]) -> dict[str, bool]:
    here.emit("my response", sent["data"], to=sent["room"], namespace=namespace)
    return {"ok": True}


def start_stream(here: StandIn, namespace: str, sid: str, wish: dict[str, Any]) -> None:
    between = threading.Event()

    def write() -> None:
        for character in wish["text"]:
            here.emit("new_char", character, to=sid, namespace=namespace)
            between.wait(wish["pace_ms"] / 1000)
        here.emit("stream_end", len(wish["text"]), to=sid, namespace=namespace)

    threading.Thread(target=write, daemon=True).start()


_HONEST: dict[str, Callable[..., Any]] = {
    "message": _echo("message"),
    "json": _echo("json"),
    "my event": _echo("my response", ("one", 2)),
    "my_event": _echo("my response"),
    "my_custom_event": _echo("my response"),
    "on_event": _echo("my response"),
    "whoami": whoami,
    "broadcast": broadcast,
    "join": join,
    "room_message": room_message,
    "start_stream": start_stream,
}
