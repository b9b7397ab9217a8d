"""REST: what a request looks like, and events that begin outside any handler."""

import json
from typing import Any

from crosstalk.wirecheck.client.asking import Answer
from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, show

_FIELDS = {
    "method",
    "scheme",
    "host",
    "origin",
    "origin_allowed",
    "remote_address",
    "forwarded",
    "user_agent",
    "server",
    "async_mode",
    "versions",
}


def _post(desk: Desk, **body: Any) -> Answer:
    return desk.ask("/wirecheck/emit", method="POST", body=json.dumps(body).encode())


def _emit(desk: Desk, **body: Any) -> None:
    answer = _post(desk, **body)
    if answer.status != 202:
        raise Unlike(f"POST /wirecheck/emit answered {answer.status} {answer.text[:200]}")


def _check_readable(desk: Desk, answer: Answer) -> None:
    """A page of that origin may read the answer."""
    allowed = answer.all("access-control-allow-origin")
    if desk.origin is not None and allowed not in ([desk.origin], ["*"]):
        how = "not at all" if not allowed else " and ".join(allowed)
        raise Unlike(f"a page could not read it: Access-Control-Allow-Origin is there {how}")


@row("GET /wirecheck", "200: what the request looked like when it came; a page of this origin may read it", once=True)
def get_wirecheck(desk: Desk) -> str:
    answer = desk.ask("/wirecheck")
    said = answer.json
    if answer.status != 200 or not isinstance(said, dict):
        raise Unlike(f"{answer.status} {answer.text[:200]}")
    if missing := _FIELDS - said.keys():
        raise Unlike(f"it lacks {', '.join(sorted(missing))}")
    if said["method"] != "GET":
        raise Unlike(f"the method was GET, the server saw {show(said['method'])}")
    if desk.origin is not None and (said["origin"] != desk.origin or said["origin_allowed"] is not True):
        raise Unlike(
            f"the origin was {desk.origin}, the server saw {show(said['origin'])}, allowed: {show(said['origin_allowed'])}"
        )
    _check_readable(desk, answer)
    return f"{said['scheme']}://{said['host']} from {said['remote_address']}, forwarded {show(said['forwarded'])}"


@row("POST /wirecheck/emit", "202, and everybody in that namespace hears the event; nobody in the other one")
def emit_to_all(desk: Desk) -> str:
    one, two, elsewhere = desk.open(), desk.open(), desk.open(desk.other)
    data = {"from outside": desk.token, "list": [1, None]}
    _emit(desk, event="news", data=data, namespace=desk.namespace)
    for line in (one, two):
        line.hear_once("news", data)
    elsewhere.never_heard(f"namespace {desk.other}", "news", data)
    return "both heard it once, the other namespace did not"


@row("POST /wirecheck/emit, default", "without a namespace it is `/`; without data the event has no arguments", once=True)
def emit_by_default(desk: Desk) -> str:
    line = desk.open("/")
    _emit(desk, event=f"news {desk.token}")
    return line.hear_once(f"news {desk.token}")


@row("POST /wirecheck/emit, room", "to a room, or to a session id, and to nobody else")
def emit_to_room(desk: Desk) -> str:
    ann, bob = desk.open(), desk.open()
    ann.ask("join", {"username": "Ann", "room": desk.token})
    _emit(desk, event="news", data=f"room {desk.token}", namespace=desk.namespace, room=desk.token)
    _emit(desk, event="news", data=f"sid {desk.token}", namespace=desk.namespace, room=bob.sid())
    ann.hear_once("news", f"room {desk.token}")
    bob.hear_once("news", f"sid {desk.token}")
    ann.never_heard("another client", "news", f"sid {desk.token}")
    bob.never_heard("who is not in the room", "news", f"room {desk.token}")
    return "the room heard one, the session the other"


@row("POST /wirecheck/emit, refused", "reserved event names and other namespaces are refused with problem details", once=True)
def emit_refused(desk: Desk) -> str:
    came = []
    for body in ({"event": "connect"}, {"event": "disconnect"}, {"event": "news", "namespace": "/chat"}, {"data": 1}):
        answer = _post(desk, **body)
        said = answer.json
        if not 400 <= answer.status < 500 or not isinstance(said, dict) or "code" not in said:
            raise Unlike(f"{show(body)} was answered {answer.status} {answer.text[:200]}")
        _check_readable(desk, answer)
        came.append(f"{answer.status} {said['code']}")
    return ", ".join(came)
