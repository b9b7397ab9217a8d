"""What can happen to a message, as events; all of them are durable changes of a room."""

from crosstalk.core.operations import Event, event
from crosstalk.features.messages.message import Message, MessageRow, StoredMessage, message_of


class MessageChange(Event):
    """What all changes of messages carry."""

    room_id: str
    seq: int
    message: Message


@event("message:created")
class MessageCreated(MessageChange):
    """A message was sent. A durable change."""


@event("message:edited")
class MessageEdited(MessageChange):
    """The text of a message was replaced. A durable change."""


@event("message:deleted")
class MessageDeleted(MessageChange):
    """A message was deleted; its place stays, its text is gone. A durable change."""


@event("stream:opened")
class StreamOpened(MessageChange):
    """A stream was opened, or goes on under a new lease. A durable change."""


@event("stream:ended")
class StreamEnded(MessageChange):
    """A stream finished, was stopped, was interrupted or failed. A durable change."""


def last_change(row: MessageRow | StoredMessage) -> MessageChange:
    """The event of a message's last change, as it went out live."""
    shape: type[MessageChange]
    if row.deleted:
        shape = MessageDeleted
    elif row.stream is not None:
        shape = StreamOpened if row.stream["state"] == "open" else StreamEnded
    else:
        shape = MessageEdited if row.edited_at is not None else MessageCreated
    return shape(room_id=row.room_id, seq=row.changed_seq, message=message_of(row))
