"""A realistic value and a format for each field of the wire.

A name means the same in every shape (`seq`, `room_id`, `created_at`), so one table serves all of them; the few exceptions stand
under the name of their shape.
"""

from typing import Any

_AT = "2026-01-31T12:00:05.250Z"
_DATE_TIME = {"format": "date-time", "examples": [_AT]}

Example = dict[str, Any]

FIELDS: dict[str, Example] = {
    "access_token": {"examples": ["eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwNmdxIn0.4Yx0cQ"]},
    "after": {"examples": [41]},
    "allowed": {"examples": [False]},
    "answers": {"examples": [1]},
    "ask_rate": {"examples": ["10 per 60 seconds"]},
    "asked_by": {"examples": ["06hk3v8q2m1tn4c7b0ga"]},
    "assistant": {"examples": ["Assistant"]},
    "before": {"examples": [42]},
    "burst": {"examples": [3000]},
    "changed_seq": {"examples": [42]},
    "code": {"examples": ["not_found"]},
    "client_id": {"examples": ["0b6d1f2e5c3a4f7e9d8c7b6a5f4e3d2c"]},
    "command_bytes": {"examples": [{"message:send": 65536, "stream:append": 409600, "typing:start": 16384}]},
    "connections": {"examples": [20]},
    "content_type": {"examples": ["text/markdown"]},
    "created_at": _DATE_TIME,
    "daily_bytes": {"examples": [67108864]},
    "data": {"examples": [{"poll": "Lunch?", "options": ["12:00", "12:30"]}]},
    "detail": {"examples": ["There is no such room."]},
    "device_token": {"examples": ["06hk3v8q2m1tn4c7b0ga.Xh2kq9"]},
    "edited_at": _DATE_TIME,
    "end": {"examples": [18]},
    "epoch": {"examples": ["06hk2f0a4s6vj1d3g9bt"]},
    "excerpt": {"examples": ["Hello"]},
    "expires_at": {"format": "date-time", "examples": ["2026-02-07T12:00:05.250Z"]},
    "expires_in": {"examples": [900]},
    "fields": {"examples": [{"client_id": "is required"}]},
    "guest": {"examples": [True]},
    "hint": {"examples": ["the port differs; add http://localhost:3001"]},
    "id": {"examples": ["06hk41c7e2p9sa5m8n0v"]},
    "invite": {"examples": ["Zt7kP0aYw3cS9dLq"]},
    "items": {"examples": [[{"at": "2026-01-31T12:00:05Z", "value": 21.5}]]},
    "joined_at": _DATE_TIME,
    "kind": {"examples": ["text"]},
    "latest": {"examples": [42]},
    "lease": {"examples": [1]},
    "lease_s": {"examples": [10]},
    "lengths": {"examples": [[5, 13]]},
    "limit": {"examples": [50]},
    "member_count": {"examples": [12]},
    "message": {"examples": ["This session was signed out."]},
    "message_id": {"examples": ["06hk41c7e2p9sa5m8n0v"]},
    "more": {"examples": [False]},
    "name": {"examples": ["Ann"]},
    "offline": {"examples": [["06hk3v9d5r7uk2e8c1fm"]]},
    "offset": {"examples": [0]},
    "online": {"examples": [["06hk3v8q2m1tn4c7b0ga"]]},
    "open_streams": {"examples": [20]},
    "origin": {"format": "uri", "examples": ["http://localhost:3000"]},
    "pace_ms": {"examples": [40]},
    "packet_bytes": {"examples": [1590272]},
    "password": {"format": "password", "examples": ["correct horse battery"]},
    "per_second": {"examples": [300]},
    "position": {"examples": [42]},
    "queue_bytes": {"examples": [1048576]},
    "rate": {"examples": [{"message:send": "100 per 10 seconds", "session:renew": "30 per 1 minute"}]},
    "read_seq": {"examples": [40]},
    "reason": {"examples": ["Enough for today"]},
    "reconnect": {"examples": [False]},
    "refresh_token": {"examples": ["06hk3v8q2n4rb9f7j2ku.nT8vJ2mQ4x"]},
    "retry_after": {"examples": [2.5]},
    "role": {"examples": ["member"]},
    "room_id": {"examples": ["lobby"]},
    "rooms": {"examples": [{"lobby": 41}]},
    "roster": {"examples": [500]},
    "scope": {"examples": ["public"]},
    "seq": {"examples": [42]},
    "state": {"examples": ["open"]},
    "status": {"examples": [404]},
    "stream_id": {"examples": ["06hk42g1b8h3tc6q0r5d"]},
    "stream": {"examples": [1048576]},
    "text": {"examples": ["Hello"]},
    "title": {"examples": ["Not found"]},
    "token": {"examples": ["eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiIwNmdxIn0.4Yx0cQ"]},
    "type": {"examples": ["/docs/errors#not_found"]},
    "typing": {"examples": [True]},
    "unread": {"examples": [2]},
    "user_id": {"examples": ["06hk3v8q2m1tn4c7b0ga"]},
    "verdict": {"examples": ["replayed"]},
    "version": {"examples": ["0.1.0"]},
    "waits": {"examples": [[40, 41]]},
    "written_streams": {"examples": [4]},
}

# Where a name means something else than usual.
FIELDS |= {
    "ContinuedStream.offset": {"examples": [18]},
    "FindRooms.after": {"examples": ["06hk2f0a4t9sd5c1e7gb"]},
    "FindRooms.limit": {"examples": [100]},
    "FindMembers.after": {"examples": ["06hk3v8q2m1tn4c7b0ga"]},
    "Health.version": {"examples": ["0.1.0"]},
    "Member.online": {"examples": [True]},
    "CreateRoom.name": {"examples": ["Planning"]},
    "Room.id": {"examples": ["lobby"]},
    "Room.name": {"examples": ["Lobby"]},
    "ServerName.name": {"examples": ["crosstalk"]},
    "SessionLimits.rooms": {"examples": [200]},
    "SessionLimits.text": {"examples": [8000]},
    "StreamOffset.offset": {"examples": [18]},
    "StreamPart.reason": {"examples": ["Enough for today"]},
    "StreamReceipt.offset": {"examples": [18]},
    "StreamReceipt.state": {"examples": ["stopped"]},
    "TypingChanged.typing": {"examples": [True]},
    "User.id": {"examples": ["06hk3v8q2m1tn4c7b0ga"]},
}

# Optional fields that an example shows all the same.
SHOWN: dict[str, tuple[str, ...]] = {
    "AppendToStream": ("text",),
    "History": ("epoch", "position"),
    "OpenStream": ("content_type",),
    "SendMessage": ("text",),
    "StopStream": ("reason",),
    "StreamAppended": ("text",),
    "StreamView": ("text",),
}

_OPEN: Example = {"state": "open", "offset": 0, "content_type": "text/markdown", "lease": 1}
_FINISHED: Example = {"state": "finished", "offset": 18, "content_type": "text/markdown", "lease": 1}

# What the example of a shape has instead of the values of its fields.
OVERLAYS: dict[str, Example] = {
    "AppendToStream": {"text": "Live text appears "},
    "MessageDeleted": {"seq": 44, "message": {"changed_seq": 44, "text": None, "deleted": True}},
    "MessageEdited": {"seq": 43, "message": {"changed_seq": 43, "text": "Hello everybody", "edited_at": _AT}},
    "SessionEnded": {"reason": "signed_out"},
    "SessionExpiring": {"expires_in": 60},
    "StreamAppended": {"text": "Live text appears "},
    "StreamView": {"text": "Live text appears ", "state": "finished"},
}
OVERLAYS |= {
    shape: {"message": {"id": "06hk42g1b8h3tc6q0r5d", "kind": "stream", "text": None, "stream": part}}
    for shape, part in {"StreamOpened": _OPEN, "StreamEnded": _FINISHED, "OpenedStream": _OPEN}.items()
}

# What a refusal says, by its code, beside the title and the status of the table of errors.
REFUSALS: dict[str, Example] = {
    "invalid": {"message": "client_id: is required", "fields": {"client_id": "is required"}},
    "unauthenticated": {"message": "This is not an access token of this server."},
    "token_expired": {"message": "The access token has expired."},
    "forbidden": {"message": "Only the author may change a message."},
    "origin_refused": {"message": "http://localhost:3000 may not use this API.", "origin": "http://localhost:3000"},
    "not_found": {"message": "There is no such room."},
    "conflict": {"message": "This client_id names another message.", "fields": {"client_id": "names another message"}},
    "wrong_offset": {"message": "The next piece goes at 18.", "offset": 18},
    "stale_lease": {"message": "Another producer has taken over."},
    "stream_ended": {"message": "The stream has ended.", "offset": 18},
    "too_large": {
        "message": "text: must have at most 8000 characters (UTF-16)",
        "fields": {"text": "must have at most 8000 characters (UTF-16)"},
    },
    "rate_limited": {"message": "Too many of these.", "retry_after": 2.5},
    "quota_exceeded": {"message": "You may own 200 rooms."},
    "internal": {"message": "Something went wrong on our side; report 06hk44m2d7k1vb9s3t6e."},
    "unavailable": {"message": "The server is busy.", "retry_after": 1},
}
