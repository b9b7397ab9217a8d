"""Flask-SocketIO as its documentation starts it: `stock.py threading PORT PAD [DATABASE]`, and on gevent, patched,
`-m gevent.monkey stock.py gevent PORT PAD`.

With a database it commits every message before it acks it, as a straightforward server would.
"""

import itertools
import logging
import sqlite3
import sys
import threading

from flask import Flask
from flask_socketio import SocketIO, emit, join_room

mode, port, pad = sys.argv[1], int(sys.argv[2]), "x" * int(sys.argv[3])
logging.getLogger("werkzeug").setLevel(logging.ERROR)
app = Flask(__name__)
socketio = SocketIO(app, async_mode=mode)
numbers = itertools.count(1)
store = sqlite3.connect(sys.argv[4], check_same_thread=False, isolation_level=None) if len(sys.argv) > 4 else None
one_at_a_time = threading.Lock()
if store is not None:
    store.execute("PRAGMA journal_mode=WAL")
    store.execute("PRAGMA synchronous=FULL")
    store.execute("CREATE TABLE messages (seq INTEGER PRIMARY KEY, room_id TEXT, client_id TEXT, text TEXT)")


@socketio.on("connect")
def greet(auth=None):
    emit("session:ready", {"user": (auth or {}).get("token")})


@socketio.on("room:join")
def join(body):
    join_room(body["room_id"])
    return {"ok": True}


@socketio.on("message:send")
def send(body):
    seq = next(numbers)
    if store is not None:
        with one_at_a_time:
            store.execute("INSERT INTO messages VALUES (?, ?, ?, ?)", (seq, body["room_id"], body["client_id"], body["text"]))
    emit("message:created", {"seq": seq, "text": body["text"], "pad": pad}, to=body["room_id"])
    return {"ok": True}


socketio.run(app, host="127.0.0.1", port=port, allow_unsafe_werkzeug=True)
