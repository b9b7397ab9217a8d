from typing import Literal, Self

import orjson
from pydantic import JsonValue, model_validator

from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import iso, now_ms
from crosstalk.core.errors import invalid, too_large
from crosstalk.core.ids import new_id
from crosstalk.core.limits import TEXT_A_UNIT
from crosstalk.core.operations import Repeated, body_limit, command, cost, deferrable, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, text_bytes
from crosstalk.core.schema import DATA_LIMIT, ClientId, Id, Shape, Text
from crosstalk.features.accounts.account import user_of_actor
from crosstalk.features.messages.content import Content
from crosstalk.features.messages.events import MessageCreated
from crosstalk.features.messages.message import Message, StoredMessage, message_of
from crosstalk.features.messages.place import follow, place_for, store
from crosstalk.features.messages.stored import to_json
from crosstalk.features.rooms.membership import audience


class SendMessage(Shape):
    room_id: Id
    client_id: ClientId
    kind: Literal["text", "json"] = "text"
    text: Text | None = None
    data: JsonValue = None
    """Any JSON of up to 16,384 bytes; for kind `json`."""

    @model_validator(mode="after")
    def _one_content(self) -> Self:
        wanted, other = ("text", "data") if self.kind == "text" else ("data", "text")
        if getattr(self, wanted) is None:
            raise invalid(**{wanted: "is required"})
        if other in self.model_fields_set and getattr(self, other) is not None:
            raise invalid(**{other: f"is not allowed in a message of kind {self.kind}"})
        if self.kind == "json" and len(orjson.dumps(self.data)) > DATA_LIMIT:
            raise too_large(data=f"must have at most {DATA_LIMIT} bytes as JSON")
        return self

    def content(self) -> Content:
        return Content(self.kind, (self.text if self.kind == "text" else self.data,))


def price_of_message(message: SendMessage) -> int:
    """Units of core/limits.py."""
    size = len(message.text) if message.text is not None else len(orjson.dumps(message.data))
    return 1 + size // TEXT_A_UNIT + audience(message.room_id, size)


@route("POST", "/rooms/{room_id}/messages", status=201)
@command("message:send")
@body_limit(
    65_536, why="8,000 UTF-16 units, each written as \\u0000, are 48,000 bytes; 16,384 of data, beyond ASCII escaped, 49,152"
)
@limit("100 per 10 seconds")
@cost(price_of_message)
@deferrable
@refuses("not_found", "forbidden", "conflict", "too_large", "quota_exceeded")
def send_message(actor: Actor, body: SendMessage) -> Message | Repeated[Message]:
    """Send a message.

    Stores a message and sends it to the members of the room. It is safe to retry: sending the same `client_id` again returns
    the first result and stores nothing.
    """
    content = body.content()
    with db.transaction() as tx:
        place = place_for(tx, actor, body.room_id, body.client_id, content)
        if isinstance(place, StoredMessage):
            return Repeated(message_of(place))
        sent = Message(
            id=new_id(),
            room_id=body.room_id,
            seq=place,
            changed_seq=place,
            author=user_of_actor(actor),
            kind=body.kind,
            text=body.text,
            client_id=body.client_id,
            created_at=iso(created_at := now_ms()),
            data=body.data,
        )
        db.spend(tx, actor, ROW_BYTES + text_bytes(sent.text if sent.text is not None else to_json(sent.data) or ""))
        store(tx, sent, content_digest=content.stored_digest(), created_at=created_at)
        tx.announce(MessageCreated(room_id=sent.room_id, seq=sent.seq, message=sent), to=topics.room(sent.room_id))
        follow(tx, actor, sent)
        return sent
