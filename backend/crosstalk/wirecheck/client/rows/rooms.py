"""Rooms: who hears what, and who does not."""

from crosstalk.wirecheck.client.desk import Desk
from crosstalk.wirecheck.client.outcome import Unlike, row, show
from crosstalk.wirecheck.client.rows.events import expect_ack

_OK = ({"ok": True},)


def _in(desk: Desk, name: str) -> dict[str, str]:
    return {"username": f"{name} {desk.token}", "room": f"room {desk.token}"}


@row("join", 'the room is told "<username> has entered the room." as unnamed `message`, the joiner too; ack {ok: true}')
def join(desk: Desk) -> str:
    ann, bob, outside = desk.open(), desk.open(), desk.open()
    expect_ack(bob, _OK, "join", _in(desk, "Bob"))
    expect_ack(ann, _OK, "join", _in(desk, "Ann"))
    text = f"Ann {desk.token} has entered the room."
    ann.hear_once("message", text)
    came = bob.hear_once("message", text)
    outside.never_heard("somebody outside the room", "message", text)
    ann.never_heard("who came later", "message", f"Bob {desk.token} has entered the room.")
    return came


@row("leave", 'the room is told "<username> has left the room."; who left does not hear it; ack {ok: true}')
def leave(desk: Desk) -> str:
    ann, bob = desk.open(), desk.open()
    for line, name in ((bob, "Bob"), (ann, "Ann")):
        expect_ack(line, _OK, "join", _in(desk, name))
    expect_ack(ann, _OK, "leave", _in(desk, "Ann"))
    text = f"Ann {desk.token} has left the room."
    came = bob.hear_once("message", text)
    ann.never_heard("who left", "message", text)
    return came


@row("room_message", "my response to the members of the room and to nobody else; the sender need not be one; ack {ok: true}")
def room_message(desk: Desk) -> str:
    ann, bob, sender, elsewhere = desk.open(), desk.open(), desk.open(), desk.open(desk.other)
    for line, name in ((ann, "Ann"), (bob, "Bob")):
        expect_ack(line, _OK, "join", _in(desk, name))
    expect_ack(elsewhere, _OK, "join", _in(desk, "Eve"))
    data = {"text": desk.token, "list": [1, 2]}
    expect_ack(sender, _OK, "room_message", {"room": f"room {desk.token}", "data": data})
    for line in (ann, bob):
        line.hear_once("my response", data)
    sender.never_heard("the sender, no member,", "my response", data)
    elsewhere.never_heard("the room of that name in the other namespace", "my response", data)
    return "both members heard it once, nobody else did"


@row("room_message after leave", "who has left the room hears nothing of it any more")
def room_message_after_leave(desk: Desk) -> str:
    ann, bob = desk.open(), desk.open()
    for line, name in ((bob, "Bob"), (ann, "Ann")):
        expect_ack(line, _OK, "join", _in(desk, name))
    expect_ack(ann, _OK, "leave", _in(desk, "Ann"))
    expect_ack(ann, _OK, "room_message", {"room": f"room {desk.token}", "data": desk.token})
    bob.hear_once("my response", desk.token)
    ann.never_heard("who had left", "my response", desk.token)
    return "only who stayed heard it"


@row("rooms in whoami", "`whoami` names the rooms: one's own, and those that were joined, until they are left")
def rooms_in_whoami(desk: Desk) -> str:
    line = desk.open()
    seen = []
    for event in ("join", "leave"):
        expect_ack(line, _OK, event, _in(desk, "Ann"))
        [said] = line.ask("whoami") or ({},)
        seen.append(sorted(said.get("rooms", [])))
    own = line.sid() or ""
    if seen != [sorted([own, f"room {desk.token}"]), [own]]:
        raise Unlike(f"rooms after join and after leave: {show(seen)}")
    return "joined, then left"


@row("personal room", "a session id is a room of its own: what is sent to it only that connection hears")
def personal_room(desk: Desk) -> str:
    ann, bob, sender = desk.open(), desk.open(), desk.open()
    expect_ack(sender, _OK, "room_message", {"room": ann.sid(), "data": desk.token})
    ann.hear_once("my response", desk.token)
    bob.never_heard("another client", "my response", desk.token)
    sender.never_heard("the sender", "my response", desk.token)
    return "only its owner heard it"
