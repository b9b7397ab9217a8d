from crosstalk.core import db, topics
from crosstalk.core.actor import Actor
from crosstalk.core.errors import conflict
from crosstalk.core.operations import Repeated, command, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.features.messages.events import last_change
from crosstalk.features.messages.message import Message, forgetting, message_of, own_message
from crosstalk.features.rooms.room import next_seq, postable_room


class DeleteMessage(Shape):
    room_id: Id
    message_id: Id


@route("DELETE", "/rooms/{room_id}/messages/{message_id}")
@command("message:delete")
@refuses("not_found", "forbidden", "conflict")
def delete_message(actor: Actor, body: DeleteMessage) -> Message | Repeated[Message]:
    """Delete one's own message. Its place stays, its text is gone for good."""
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        row = own_message(tx.session, actor, room, body.message_id)
        if row.deleted:
            return Repeated(message_of(row))
        if row.stream is not None and row.stream["state"] == "open":
            raise conflict("The stream is still being written; stop it first.")
        for forget in forgetting:
            forget(tx.session, row)
        row.text, row.data, row.stream, row.deleted, row.changed_seq = None, None, None, True, next_seq(room)
        tx.announce(last_change(row), to=topics.room(room.id))
        return message_of(row)
