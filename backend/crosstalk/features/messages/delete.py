from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import conflict
from crosstalk.core.operations import Repeated, command, cost, deferrable, limit, refuses, route
from crosstalk.core.schema import Id, Shape
from crosstalk.features.messages.message import Message, forgetting, message_of
from crosstalk.features.messages.stored import change, own_message
from crosstalk.features.rooms.membership import audience
from crosstalk.features.rooms.room import postable_room


class DeleteMessage(Shape):
    room_id: Id
    message_id: Id


@route("DELETE", "/rooms/{room_id}/messages/{message_id}")
@command("message:delete")
@limit("50 per 10 seconds")
@cost(lambda body: 2 + audience(body.room_id))
@deferrable
@refuses("not_found", "forbidden", "conflict")
def delete_message(actor: Actor, body: DeleteMessage) -> Message | Repeated[Message]:
    """Delete a message.

    Deletes the user's own message for everyone. Its place in the room stays; its text is removed for good.
    """
    with db.transaction() as tx:
        room = postable_room(tx, actor, body.room_id)
        message = own_message(tx.cursor, actor, room.id, body.message_id)
        if message.deleted:
            return Repeated(message_of(message))
        if message.stream is not None and message.stream["state"] == "open":
            raise conflict("The stream is still open. Stop it before deleting it.")
        for forget in forgetting:
            forget(tx, message)
        return change(tx, message, text=None, data=None, stream=None, deleted=True)
