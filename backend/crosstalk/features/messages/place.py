"""Where a new message goes: the right to write there, the next number of the room, and its row. Written for a thousand a second."""

from sqlalchemy import bindparam, exists, insert

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.statements import Statement
from crosstalk.features.messages.content import Content
from crosstalk.features.messages.message import Message, MessageRow, StoredMessage, following
from crosstalk.features.messages.stored import already_sent, to_json
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import NEXT_SEQ, RoomRow, postable_room

_TAKE = Statement(
    NEXT_SEQ.where(
        exists().where(
            MembershipRow.room_id == RoomRow.id, MembershipRow.user_id == bindparam("user_id"), MembershipRow.present
        ),
        ~exists().where(MessageRow.author_id == bindparam("user_id"), MessageRow.client_id == bindparam("client_id")),
    )
)
_STORE = Statement(insert(MessageRow))


def place_for(tx: db.Tx, actor: Actor, room_id: str, client_id: str, content: Content) -> int | StoredMessage:
    """Takes the next number of the room's log; or finds what was sent under this client_id. Raises what `postable_room` and
    `already_sent` do."""
    taken = tx.run(_TAKE, room_id=room_id, user_id=actor.user_id, client_id=client_id)
    if taken is not None:
        return int(taken[0])
    postable_room(tx, actor, room_id)
    before = already_sent(tx.cursor, actor, room_id, client_id, content)
    assert before is not None, "there is no other reason"
    return before


def store(tx: db.Tx, message: Message, *, content_digest: str, created_at: int) -> None:
    tx.run(
        _STORE,
        id=message.id,
        room_id=message.room_id,
        seq=message.seq,
        changed_seq=message.changed_seq,
        author_id=message.author.id,
        client_id=message.client_id,
        content_digest=content_digest,
        kind=message.kind,
        text=message.text,
        data=to_json(message.data),
        stream=None,
        created_at=created_at,
        edited_at=None,
        deleted=False,
    )


def follow(tx: db.Tx, actor: Actor, message: Message) -> None:
    """What else the message causes. May refuse it: the transaction is the message's own."""
    for one in following:
        if one.wants(message.text):
            one.run(tx, actor, message)
