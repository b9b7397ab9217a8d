"""A Flask app that knows nothing of Crosstalk: `fastlane.SocketIO` in place of `flask_socketio.SocketIO`, and its own events.

What it does with them is what the wire check does, so that the same tests hold for both.
"""

import json
import logging
import os
import sys
from typing import Any

from flask import Flask, request
from flask_socketio import ConnectionRefusedError, disconnect, emit, send

from fastlane import SocketIO

# Werkzeug's own log has whole URLs, and so session ids.
logging.getLogger("werkzeug").setLevel(logging.WARNING)
app = Flask("plain")
settings = {name: float(value) for name, value in json.loads(os.environ["PLAIN_SETTINGS"]).items()}
for whole in ("queue_bytes", "max_connections"):
    if whole in settings:
        settings[whole] = int(settings[whole])
socketio = SocketIO(app, cors_allowed_origins=os.environ["PLAIN_ORIGINS"].split(), max_http_buffer_size=1_590_272, **settings)


@app.get("/readyz")
@app.get("/healthz")
def ready() -> dict[str, str]:
    return {"status": "ok"}


def current_sid() -> str:
    return str(request.sid)  # type: ignore[attr-defined]


def install(namespace: str) -> None:
    @socketio.on("connect", namespace=namespace)
    def connected(auth: Any = None) -> None:
        if isinstance(auth, dict) and isinstance(auth.get("refuse"), str):
            raise ConnectionRefusedError(auth["refuse"])
        emit("my response", {"data": "Connected"})

    @socketio.on("message", namespace=namespace)
    def unnamed_text(text: Any) -> None:
        send(text)

    @socketio.on("my event", namespace=namespace)
    def name_with_a_space(data: Any) -> tuple[str, int]:
        emit("my response", (data,))
        return "one", 2

    @socketio.on("my_event", namespace=namespace)
    def by_name(a: Any, b: Any, c: Any) -> None:
        emit("my response", (a, b, c))

    @socketio.on("broadcast", namespace=namespace)
    def broadcast(data: Any) -> None:
        emit("my response", (data,), broadcast=True)

    @socketio.on("confirm", namespace=namespace)
    def confirm(data: Any) -> None:
        sid = current_sid()

        def confirmed(*answer: Any) -> None:
            socketio.emit("confirmed", answer, namespace=namespace, to=sid)

        emit("confirm_me", (data,), callback=confirmed)

    @socketio.on("disconnect_me", namespace=namespace)
    def disconnect_me() -> None:
        disconnect()


for each in ("/", "/test"):
    install(each)
print("the plain app is there", flush=True)

if __name__ == "__main__":
    socketio.run(app, host="127.0.0.1", port=int(sys.argv[1]), allow_unsafe_werkzeug=True)
