"""What a client knows of its rooms: fetched whole, or kept up to date by applying events. The two must come to the same."""

import json
from dataclasses import dataclass, field
from typing import Any

from people import Person


@dataclass
class RoomState:
    """One room, as a client shows it."""

    room: dict[str, Any]
    messages: dict[str, dict[str, Any]]
    members: dict[str, dict[str, Any]]
    online: set[str]
    streams: dict[str, str | list[Any]]
    typing: set[str] = field(default_factory=set)

    @classmethod
    def fetched(cls, person: Person, room_id: str) -> "RoomState":
        """Everything anew, by REST."""
        messages = {message["id"]: message for message in person.history(room_id)}
        streams: dict[str, str | list[Any]] = {}
        for message in messages.values():
            if "stream" in message:
                view = person.view(message["id"])
                streams[message["id"]] = view["items"] if "items" in view else view["text"]
        members = {}
        for member in person.get(f"/rooms/{room_id}/members?limit=200")["members"]:
            members[member["user"]["id"]] = {
                "user": member["user"],
                "role": member["role"],
                "read_seq": member["read_seq"],
            }
        online = set(person.get(f"/rooms/{room_id}/presence")["online"])
        return cls(person.room(room_id), messages, members, online, streams)

    def apply(self, me: str, name: str, payload: dict[str, Any]) -> None:
        """One event, as it went out live."""
        if payload.get("room_id") != self.room["id"]:
            return
        if name.split(":")[0] in ("message", "member") or name in ("stream:opened", "stream:ended"):
            assert payload["seq"] == self.room["seq"] + 1, f"{name} {payload['seq']} after {self.room['seq']}"
            self.room["seq"] = payload["seq"]
        if "message" in payload:
            self._apply_message(me, name, payload["message"])
        elif name == "member:joined":
            # What was there before counts as read.
            self.members[payload["user"]["id"]] = {
                "user": payload["user"],
                "role": payload["role"],
                "read_seq": payload["seq"] - 1,
            }
            self.room["member_count"] += 1
        elif name == "member:changed":
            self.members[payload["user"]["id"]]["role"] = payload["role"]
            if payload["user"]["id"] == me:
                self.room["role"] = payload["role"]
        elif name == "member:left":
            del self.members[payload["user"]["id"]]
            self.room["member_count"] -= 1
        elif name == "stream:appended":
            self._apply_piece(payload)
        elif name == "presence:changed":
            self.online = (self.online | set(payload["online"])) - set(payload["offline"])
        elif name == "read:marked":
            self.members[payload["user_id"]]["read_seq"] = payload["seq"]
        elif name == "unread:changed":
            self.room["read_seq"], self.room["unread"] = payload["seq"], payload["unread"]
        elif name == "typing:changed":
            (self.typing.add if payload["typing"] else self.typing.discard)(payload["user"]["id"])

    def _apply_message(self, me: str, name: str, message: dict[str, Any]) -> None:
        known = self.messages.get(message["id"])
        self.messages[message["id"]] = message
        if self.room["last_message"] is None or message["seq"] >= self.room["last_message"]["seq"]:
            self.room["last_message"] = _in_short(message)
        counts = message["author"]["id"] != me and message["seq"] > self.room["read_seq"]
        if known is None and counts:
            self.room["unread"] += 1
        if name == "message:deleted":
            self.room["unread"] -= 1 if counts else 0
            self.streams.pop(message["id"], None)
        elif name == "stream:opened":
            self.streams.setdefault(message["id"], [] if message["stream"]["content_type"] == "application/json" else "")

    def _apply_piece(self, piece: dict[str, Any]) -> None:
        known = self.streams[piece["stream_id"]]
        length = len(known) if isinstance(known, list) else len(known.encode("utf-16-le")) // 2
        assert piece["offset"] == length, "the piece goes exactly where the text ends"
        self.streams[piece["stream_id"]] = known + (piece["items"] if isinstance(known, list) else piece["text"])


def _in_short(message: dict[str, Any]) -> dict[str, Any]:
    """A message as the room's `last_message`: 120 characters of it, in one line."""
    kept = ("id", "seq", "author", "kind", "created_at", "deleted")
    shown = not message.get("deleted") and message["kind"] != "stream"
    content = (
        json.dumps(message["data"], ensure_ascii=False, separators=(",", ":")) if message["kind"] == "json" else message["text"]
    )
    return {name: message[name] for name in kept if name in message} | {
        "excerpt": " ".join(content.split())[:120] if shown else ""
    }
