"""Coming, going, and by which transport."""

from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, same, show

_IDLE_S = 9.0
_GREETING = {"data": "Connected"}


@row("connect", 'the connection is made, whatever `auth` holds; my response {"data": "Connected"}')
def connect(desk: Desk) -> str:
    line = desk.open(auth={"name": desk.token, "nested": {"list": [1, 2.5, None, True]}})
    line.hear("my response", _GREETING)
    return f"my response {show(_GREETING)}"


@row("connect without auth", "the same greeting for a client that sends no `auth`")
def connect_without_auth(desk: Desk) -> str:
    desk.open().hear("my response", _GREETING)
    return f"my response {show(_GREETING)}"


@row("transport", "polling stays on polling; upgrade ends up on websocket; websocket begins there; `whoami` says the same")
def transport(desk: Desk) -> str:
    line = desk.open()
    said = line.ask("whoami")
    wanted = "polling" if desk.transport == "polling" else "websocket"
    seen = said[0].get("transport") if said and isinstance(said[0], dict) else None
    if seen != wanted:
        raise Unlike(f"the client is on {line.client.transport()}, the server says {show(seen)}")
    line.ask("message", desk.token)
    line.hear_once("message", desk.token)
    if line.client.transport() != wanted:
        raise Unlike(f"the client went over to {line.client.transport()}")
    return wanted


@row("refuse", "`auth: {refuse: reason}` is a connect_error whose message is the reason, and no connection")
def refuse(desk: Desk) -> str:
    reason = f"not today, {desk.token}"
    told = desk.be_refused({"refuse": reason})
    message = told.get("message") if isinstance(told, dict) else told
    if message != reason:
        raise Unlike(f"the reason read {show(told)}")
    return f"connect_error {show(message)}"


@row("refuse, then connect", "who was refused may come back without `refuse`, and is let in")
def refuse_then_connect(desk: Desk) -> str:
    desk.be_refused({"refuse": desk.token})
    desk.open(auth={}).hear("my response", _GREETING)
    return "refused, then connected"


@row("whoami", "ack {sid, rooms, transport, origin, server, async_mode}: this connection's own")
def whoami(desk: Desk) -> str:
    line = desk.open()
    [said] = line.ask("whoami") or (None,)
    if not isinstance(said, dict):
        raise Unlike(f"the ack was {show(said)}")
    if missing := {"sid", "rooms", "transport", "origin", "server", "async_mode"} - said.keys():
        raise Unlike(f"the ack lacks {', '.join(sorted(missing))}: {show(said)}")
    if said["sid"] != line.sid():
        raise Unlike(f"the client's sid is {show(line.sid())}, the server says {show(said['sid'])}")
    if said["sid"] not in said["rooms"]:
        raise Unlike(f"the connection is not in the room of its own: rooms {show(said['rooms'])}")
    if desk.origin is not None and said["origin"] != desk.origin:
        raise Unlike(f"the origin sent was {desk.origin}, the server saw {show(said['origin'])}")
    return f"{said['transport']}, {said['server']}, {said['async_mode']}, origin {said['origin']}"


@row("two namespaces", "the same events in `/` and `/test` on one transport do not collide: each answers for itself, acks too")
def two_namespaces(desk: Desk) -> str:
    line = desk.open_both()
    here, there = {"here": desk.token}, {"there": desk.token}
    acks = [line.ask("my event", here), line.ask("my event", there, namespace=desk.other)]
    if not all(same(one, ("one", 2)) for one in acks):
        raise Unlike(f"the acks were {show(acks)}")
    line.hear_once("my response", here)
    line.hear_once("my response", there, namespace=desk.other)
    line.never_heard(f"namespace {desk.other}", "my response", here, namespace=desk.other)
    line.never_heard(f"namespace {desk.namespace}", "my response", there)
    if line.sid() == line.sid(desk.other):
        raise Unlike("both namespaces gave the same session id")
    return "each heard its own, once"


@row("disconnect_me", "the server disconnects the client, and closes the transport when no namespace is left on it")
def disconnect_me(desk: Desk) -> str:
    line = desk.open()
    line.emit("disconnect_me")
    line.hear_end()
    if not line.wait_for_end_of_transport():
        raise Unlike("the namespace was ended, the transport stayed open")
    return "disconnected"


@row("disconnect_me, of two", "only that namespace ends; the other one goes on over the same transport")
def disconnect_me_of_two(desk: Desk) -> str:
    line = desk.open_both()
    line.emit("disconnect_me")
    line.hear_end()
    line.ask("message", desk.token, namespace=desk.other)
    line.hear_once("message", desk.token, namespace=desk.other)
    return f"{desk.namespace} ended, {desk.other} went on"


@row("idle", "after a silence longer than the ping interval the connection still works", slow=True, once=True, seconds=90)
def idle(desk: Desk) -> str:
    line = desk.open()
    silence = max(_IDLE_S, line.client.eio.ping_interval + 3)
    if line.wait_for_end_of_transport(silence):
        raise Unlike(f"the connection ended within {silence:g} s of silence")
    line.ask("message", desk.token)
    line.hear_once("message", desk.token)
    return f"still there after {silence:g} s"
