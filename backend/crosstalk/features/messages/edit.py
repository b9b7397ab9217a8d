from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import conflict
from crosstalk.core.limits import TEXT_A_UNIT
from crosstalk.core.operations import Repeated, body_limit, command, cost, deferrable, limit, refuses, route
from crosstalk.core.quotas import ROW_BYTES, text_bytes
from crosstalk.core.schema import Id, Position, Shape, Text
from crosstalk.features.messages.message import Message, message_of
from crosstalk.features.messages.stored import change, own_message
from crosstalk.features.rooms.membership import audience
from crosstalk.features.rooms.room import postable_room


class EditMessage(Shape):
    room_id: Id
    message_id: Id
    text: Text
    changed_seq: Position | None = None
    """The `changed_seq` that the user saw. When the message has changed since, the edit is a `conflict`, so that a late
    retry does not undo a newer edit."""


@route("PATCH", "/rooms/{room_id}/messages/{message_id}")
@command("message:edit")
@body_limit(65_536, why="8,000 UTF-16 units, each written as \\u0000, are 48,000 bytes")
@limit("50 per 10 seconds")
@cost(lambda body: 2 + len(body.text) // TEXT_A_UNIT + audience(body.room_id, len(body.text)))
@deferrable
@refuses("not_found", "forbidden", "conflict", "too_large", "quota_exceeded")
def edit_message(actor: Actor, body: EditMessage) -> Message | Repeated[Message]:
    """Edit a message.

    Replaces the text of the user's own message. Sending the same text again changes nothing.
    """
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        message = own_message(tx.cursor, actor, room.id, body.message_id)
        if message.kind != "text":
            raise conflict("Only text messages can be edited.")
        if message.deleted:
            raise conflict("The message was deleted and cannot be edited.")
        if message.text == body.text:
            return Repeated(message_of(message))
        if body.changed_seq is not None and body.changed_seq != message.changed_seq:
            raise conflict(
                "The message was changed in the meantime. Load it and edit again.", changed_seq=f"is {message.changed_seq} now"
            )
        db.spend(tx, actor, ROW_BYTES + text_bytes(body.text))
        return change(tx, message, text=body.text, edited_at=now_ms())
