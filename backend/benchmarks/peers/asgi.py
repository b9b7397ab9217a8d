"""python-socketio's AsyncServer on uvicorn with uvloop: `asgi.py PORT PAD`."""

import itertools
import sys

import socketio
import uvicorn

port, pad = int(sys.argv[1]), "x" * int(sys.argv[2])
server = socketio.AsyncServer(async_mode="asgi")
numbers = itertools.count(1)


@server.event
async def connect(sid, environ, auth=None):
    await server.emit("session:ready", {"user": (auth or {}).get("token")}, to=sid)


@server.on("room:join")
async def join(sid, body):
    await server.enter_room(sid, body["room_id"])
    return {"ok": True}


@server.on("message:send")
async def send(sid, body):
    await server.emit("message:created", {"seq": next(numbers), "text": body["text"], "pad": pad}, to=body["room_id"])
    return {"ok": True}


uvicorn.run(socketio.ASGIApp(server), host="127.0.0.1", port=port, loop="uvloop", log_level="warning")
