"""Named and unnamed events, acks both ways, other namespaces, everybody."""

import secrets
from typing import Any

from crosstalk.wirecheck.client.connection import Connection
from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, same, show, show_arguments


def expect_ack(line: Connection, expected: tuple[Any, ...], event: str, *arguments: Any) -> None:
    acked = line.ask(event, *arguments)
    if not same(acked, expected):
        raise Unlike(f"the ack of `{event}` had {show_arguments(acked)}")


def _echo(desk: Desk, event: str, answer: str, arguments: tuple[Any, ...], ack: tuple[Any, ...]) -> str:
    """Emits with an ack, without one as well, and wants the arguments back."""
    line = desk.open()
    expect_ack(line, ack, event, *arguments)
    came = line.hear_once(answer, *arguments)
    return f"{came}; ack: {show_arguments(ack)}"


@row("message", "the string comes back as an unnamed `message`")
def message(desk: Desk) -> str:
    return _echo(desk, "message", "message", (f"héllo 你好 🙂 {desk.token}",), ())


@row("message without ack", "the same for a client that asks for no ack")
def message_without_ack(desk: Desk) -> str:
    line = desk.open()
    line.emit("message", desk.token)
    return line.hear_once("message", desk.token)


@row("json", "any JSON comes back as unnamed `json`: object, list, text, numbers, true, false, null")
def json(desk: Desk) -> str:
    line = desk.open()
    number = secrets.randbelow(2**52)
    values: list[Any] = [
        {"token": desk.token, "list": [1, -2.5, "🙂", None, {"empty": {}}], "true": True},
        [desk.token, [], {}],
        desk.token,
        number,
        number + 0.5,
    ]
    for value in values:
        expect_ack(line, (), "json", value)
        line.hear_once("json", value)
    for value in (True, False, None):
        line.emit("json", value)
        line.hear("json", value)
    return f"all {len(values) + 3} of them"


@row("my event, string", 'my response with the same string; ack: "one", 2')
def my_event_string(desk: Desk) -> str:
    return _echo(desk, "my event", "my response", (desk.token,), ("one", 2))


@row("my event, bytes", 'my response with the same bytes; ack: "one", 2')
def my_event_bytes(desk: Desk) -> str:
    return _echo(desk, "my event", "my response", (b"\x00\xff\x80" + desk.token.encode(),), ("one", 2))


@row("my event, integer", 'my response with the same integer; ack: "one", 2')
def my_event_integer(desk: Desk) -> str:
    return _echo(desk, "my event", "my response", (-secrets.randbelow(2**52),), ("one", 2))


@row("my event, JSON", 'my response with the same JSON; ack: "one", 2')
def my_event_json(desk: Desk) -> str:
    return _echo(desk, "my event", "my response", ({"token": desk.token, "list": [1, None, [0.5]]},), ("one", 2))


@row("my_event", "my response with the three as three arguments; the ack has none")
def my_event(desk: Desk) -> str:
    return _echo(desk, "my_event", "my response", (desk.token, 2, {"three": [3]}), ())


@row("my_custom_event", "the same, from a handler that is registered by its function's name")
def my_custom_event(desk: Desk) -> str:
    return _echo(desk, "my_custom_event", "my response", (desk.token, [2], None), ())


@row("on_event", "the same, from a handler that is registered without a decorator")
def on_event(desk: Desk) -> str:
    return _echo(desk, "on_event", "my response", (desk.token, False, "three"), ())


@row("in order", "twelve messages sent in one go come back in that order")
def in_order(desk: Desk) -> str:
    line = desk.open()
    sent = [f"{desk.token} {number}" for number in range(12)]
    for text in sent:
        line.emit("message", text)
    line.hear("message", sent[-1])
    line.fence()
    came = [one.arguments[0] for one in line.of("message") if str(one.arguments[0]).startswith(desk.token)]
    if came != sent:
        raise Unlike(f"they came as {show([text.rpartition(' ')[2] for text in came])}")
    return "in order"


@row("cross", "my response in the other namespace, to this client's connection there, and not in this one; ack {ok: true}")
def cross(desk: Desk) -> str:
    line, stranger = desk.open_both(), desk.open(desk.other)
    expect_ack(line, ({"ok": True},), "cross", desk.token)
    came = line.hear_once("my response", desk.token, namespace=desk.other)
    line.never_heard(f"namespace {desk.namespace}", "my response", desk.token)
    stranger.never_heard("another client there", "my response", desk.token)
    return f"{came} in {desk.other}"


@row("cross, alone", "ack {ok: false} with the code not_found when this client has no connection in the other namespace")
def cross_alone(desk: Desk) -> str:
    line, stranger = desk.open(), desk.open(desk.other)
    acked = line.ask("cross", desk.token)
    code = acked[0].get("error", {}).get("code") if acked and isinstance(acked[0], dict) else None
    if code != "not_found":
        raise Unlike(f"the ack had {show_arguments(acked)}")
    stranger.never_heard("another client there", "my response", desk.token)
    return "not_found"


@row("broadcast", "my response to everybody in the namespace, the sender too, and to nobody in the other one")
def broadcast(desk: Desk) -> str:
    sender, listener, elsewhere = desk.open(), desk.open(), desk.open(desk.other)
    value = {"to all": desk.token}
    expect_ack(sender, (), "broadcast", value)
    sender.hear_once("my response", value)
    listener.hear_once("my response", value)
    elsewhere.never_heard(f"namespace {desk.other}", "my response", value)
    return "sender and listener heard it once, the other namespace did not"


@row("confirm", "confirm_me, and after the client has acked it: confirmed with the arguments of that ack")
def confirm(desk: Desk) -> str:
    line = desk.open()
    ack = (f"got {desk.token}", 7, {"fine": True})
    line.answers["confirm_me"] = ack
    line.emit("confirm", desk.token)
    line.hear("confirm_me", desk.token)
    return line.hear_once("confirmed", *ack)


@row("confirm, empty", "an ack without arguments gives confirmed without arguments")
def confirm_empty(desk: Desk) -> str:
    line = desk.open()
    line.emit("confirm", desk.token)
    line.hear("confirm_me", desk.token)
    return line.hear_once("confirmed")
