"""What is deleted leaves the files: neither it nor anything it could be found by is in them."""

import hashlib
import json
from collections.abc import Callable

import pytest

from conftest import Meet, Serve
from people import Person, fresh
from server import Server, until

Write = Callable[[Person, str, str], str]
SECRET = "the-rook-is-under-the-stairs"


def bytes_of(server: Server) -> bytes:
    """Everything in the database's files."""
    files = [server.database, *server.database.parent.glob(f"{server.database.name}-*")]
    return b"".join(path.read_bytes() for path in files)


def traces(secret: str) -> list[bytes]:
    """The text, and the digests that its length would not protect."""
    contents = [
        secret,
        json.dumps(["text", secret], separators=(",", ":")),
        json.dumps(["json", secret], separators=(",", ":")),
    ]
    digests = [hashlib.new(name, one.encode()) for name in ("sha256", "sha1", "md5") for one in contents]
    return [secret.encode(), *(one.hexdigest().encode() for one in digests), *(one.digest() for one in digests)]


def has_left(server: Server, secret: str) -> bool:
    content = bytes_of(server)
    return not any(trace in content for trace in traces(secret))


def text(ann: Person, room_id: str, secret: str) -> str:
    return str(ann.say(room_id, secret)["id"])


def long_text(ann: Person, room_id: str, secret: str) -> str:
    return str(ann.say(room_id, f"{'x' * 3_000}{secret}{'x' * 3_000}")["id"])


def edited(ann: Person, room_id: str, secret: str) -> str:
    message_id = text(ann, room_id, secret)
    ann.command("message:edit", room_id=room_id, message_id=message_id, text=f"{secret}, and more")
    return message_id


def data(ann: Person, room_id: str, secret: str) -> str:
    sent = ann.command("message:send", room_id=room_id, client_id=fresh(), kind="json", data={"deep": [secret]})
    return str(sent["id"])


def stream(ann: Person, room_id: str, secret: str) -> str:
    opened = ann.command("stream:open", room_id=room_id, client_id=fresh(), content_type="text/plain")
    at = {"stream_id": opened["stream_id"], "lease": opened["lease"]}
    ann.command("stream:append", **at, offset=0, text=secret)
    ann.command("stream:finish", **at)
    return str(opened["stream_id"])


def written_by_the_server(ann: Person, room_id: str, secret: str) -> str:
    source = {"kind": "text", "text": secret, "pace_ms": 5}
    opened = ann.command("stream:open", room_id=room_id, client_id=fresh(), content_type="text/plain", source=source)
    ann.command("stream:stop", stream_id=opened["stream_id"])
    return str(opened["stream_id"])


WAYS: dict[str, Write] = {
    "a text": text,
    "a long text": long_text,
    "an edited text": edited,
    "JSON": data,
    "a stream": stream,
    "a stream that the server writes": written_by_the_server,
}


@pytest.mark.parametrize("way", WAYS)
def test_what_is_deleted_leaves_the_files(server: Server, ann: Person, room_id: str, way: str) -> None:
    secret = fresh(SECRET)
    message_id = WAYS[way](ann, room_id, secret)
    assert secret.encode() in bytes_of(server)
    ann.command("message:delete", room_id=room_id, message_id=message_id)
    until("nothing of it is left", lambda: has_left(server, secret))
    [(digest,)] = server.query("SELECT content_digest FROM messages WHERE id = ?", message_id)
    assert digest == ""


def test_what_is_replaced_by_an_edit_leaves_the_files_except_for_a_keyed_digest(
    server: Server, ann: Person, room_id: str
) -> None:
    secret = fresh(SECRET)
    message_id = text(ann, room_id, secret)
    ann.command("message:edit", room_id=room_id, message_id=message_id, text="something else")
    until("nothing of it is left", lambda: has_left(server, secret))
    [(digest,)] = server.query("SELECT content_digest FROM messages WHERE id = ?", message_id)
    assert len(digest.partition(":")[2]) == 64


def test_a_deletion_before_a_crash_is_completed_after_it(serve: Serve, meet: Meet) -> None:
    server = serve()
    ann = meet(server, "Ann")
    room_id = ann.open_room()
    message_id = text(ann, room_id, SECRET)
    ann.command("message:delete", room_id=room_id, message_id=message_id)
    server.restart()
    until("nothing of it is left", lambda: has_left(server, SECRET))


def test_a_repeat_of_a_deleted_message_answers_the_message_and_of_another_kind_is_a_conflict(ann: Person, room_id: str) -> None:
    named = {"room_id": room_id, "client_id": fresh()}
    sent = ann.command("message:send", **named, text="first")
    ann.command("message:delete", room_id=room_id, message_id=sent["id"])
    assert ann.command("message:send", **named, text="first")["deleted"] is True
    assert ann.refused("message:send", **named, kind="json", data="first")["code"] == "conflict"
    assert ann.refused("stream:open", **named)["code"] == "conflict"


@pytest.mark.parametrize("way", ["as it was sent", "edited", "edited back", "JSON"])
def test_another_content_under_the_same_client_id_is_a_conflict(ann: Person, room_id: str, way: str) -> None:
    named = {"room_id": room_id, "client_id": fresh()}
    first = {"kind": "json", "data": {"a": [1.0, "x"], "b": None}} if way == "JSON" else {"text": "first"}
    other = {"kind": "json", "data": {"a": [1.0, "y"], "b": None}} if way == "JSON" else {"text": "second"}
    sent = ann.command("message:send", **named, **first)
    if way.startswith("edited"):
        ann.command("message:edit", room_id=room_id, message_id=sent["id"], text="second")
    if way == "edited back":
        ann.command("message:edit", room_id=room_id, message_id=sent["id"], text="first")
    assert ann.command("message:send", **named, **first)["id"] == sent["id"]
    assert ann.refused("message:send", **named, **other)["code"] == "conflict"
