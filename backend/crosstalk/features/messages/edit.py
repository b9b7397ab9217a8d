from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import conflict
from crosstalk.core.operations import Repeated, command, refuses, route
from crosstalk.core.schema import Id, Position, Shape, Text
from crosstalk.features.messages.events import last_change
from crosstalk.features.messages.message import Message, message_of, own_message
from crosstalk.features.rooms.room import next_seq, postable_room


class EditMessage(Shape):
    room_id: Id
    message_id: Id
    text: Text
    changed_seq: Position | None = None
    """The change that the editor saw. When there is a later one the edit is a conflict, so that a repeat that comes late,
    behind another edit, takes nothing back."""


@route("PATCH", "/rooms/{room_id}/messages/{message_id}")
@command("message:edit")
@refuses("not_found", "forbidden", "conflict", "too_large")
def edit_message(actor: Actor, body: EditMessage) -> Message | Repeated[Message]:
    """Replace the text of one's own message.

    The same text again is no change.
    """
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        row = own_message(tx.session, actor, room, body.message_id)
        if row.kind != "text":
            raise conflict("Only messages of kind text can be edited.")
        if row.deleted:
            raise conflict("The message was deleted.")
        if row.text == body.text:
            return Repeated(message_of(row))
        if body.changed_seq is not None and body.changed_seq != row.changed_seq:
            raise conflict("The message has been changed since.", changed_seq=f"is {row.changed_seq} by now")
        row.text, row.edited_at, row.changed_seq = body.text, now_ms(), next_seq(room)
        tx.announce(last_change(row), to=topics.room(room.id))
        return message_of(row)
