"""Good input for every operation of the registry, by field name; tests put something wrong in one place at a time."""

import copy
from typing import Any

from crosstalk.core.operations import Operation

GOOD: dict[str, Any] = {
    "name": "a name", "password": "long enough", "refresh_token": "a.b", "device_token": "d", "token": "t", "kind": "public", "scope": "mine",
    "room_id": "lobby", "message_id": "m", "changed_seq": 1, "stream_id": "s", "client_id": "c", "text": "text", "seq": 1, "lease": 1,
    "offset": 0, "content_type": "text/plain", "epoch": "e", "rooms": {}, "limit": 1, "before": 1, "after": 1,
    "invite": "i", "reason": "because", "items": [1], "source": {"kind": "text", "text": "x", "pace_ms": 5}, "data": 1,
}  # fmt: skip
ONE_OF = {"message:send": ("data",), "messages.send_message": ("data",), "streams.append_to_stream": ("items",)}


def good_input(operation: Operation) -> dict[str, Any]:
    left_out = ONE_OF.get(operation.name, ())
    fields = {name: copy.deepcopy(GOOD[name]) for name in operation.input.model_fields if name not in left_out}
    if operation.name == "messages.send_message":
        fields["kind"] = "text"
    if operation.command == "session:resume":
        fields["rooms"] = {"lobby": 1}
    if operation.name == "messages.catch_up" or operation.name.startswith("presence."):
        fields.update(
            {name: value for name, value in {"after": "x"}.items() if name in fields and operation.name != "messages.catch_up"}
        )
    return fields
