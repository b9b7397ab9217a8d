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
    """Message created.

    A member sent a message. Durable change.
    """


@event("message:edited")
class MessageEdited(MessageChange):
    """Message edited.

    The author replaced the text of a message. Durable change.
    """


@event("message:deleted")
class MessageDeleted(MessageChange):
    """Message deleted.

    The author deleted a message: its place stays, its text is gone. Durable change.
    """


@event("stream:opened")
class StreamOpened(MessageChange):
    """Stream opened.

    A stream was opened, or continues under a new lease. Durable change.
    """


@event("stream:ended")
class StreamEnded(MessageChange):
    """Stream ended.

    A stream was finished, stopped or interrupted, or it failed. Durable change.
    """


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
