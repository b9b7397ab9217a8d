"""Where a new message goes: the right to write there, the next number of the room, and its row. Written for a thousand a second."""

from dataclasses import dataclass

import orjson
from sqlalchemy import and_, bindparam, insert, select, update

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.errors import forbidden, not_found
from crosstalk.core.statements import Statement
from crosstalk.features.accounts.account import User, UserRow
from crosstalk.features.messages.message import Message, MessageRow, following
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import RoomRow

_FIND = Statement(
    select(
        RoomRow.kind,
        RoomRow.seq,
        MembershipRow.present,
        UserRow.name,
        UserRow.name_key,
        UserRow.bot,
        select(MessageRow.id)
        .where(MessageRow.author_id == bindparam("user_id"), MessageRow.client_id == bindparam("client_id"))
        .scalar_subquery(),
    )
    .join_from(RoomRow, UserRow, UserRow.id == bindparam("user_id"))
    .outerjoin(MembershipRow, and_(MembershipRow.room_id == RoomRow.id, MembershipRow.user_id == UserRow.id))
    .where(RoomRow.id == bindparam("room_id"))
)
_TAKE = Statement(update(RoomRow).where(RoomRow.id == bindparam("room_id")).values(seq=bindparam("next_seq")))
_STORE = Statement(insert(MessageRow))


@dataclass(frozen=True, slots=True)
class Place:
    author: User
    seq: int
    """The number that is the message's."""
    taken: bool
    """The author has used this client_id before."""


def place_for(tx: db.Tx, actor: Actor, room_id: str, client_id: str) -> Place:
    """Takes the next number of the room's log, unless the client_id was used. Raises `not_found` and `forbidden`, as
    rooms.postable_room does."""
    found = tx.run(_FIND, room_id=room_id, user_id=actor.user_id, client_id=client_id)
    if found is None:
        raise not_found("room")
    kind, seq, present, name, name_key, bot, before = found
    if not present:
        raise not_found("room") if kind == "private" else forbidden("Join the room first.")
    if before is None:
        seq += 1
        tx.run(_TAKE, room_id=room_id, next_seq=seq)
    author = User(id=actor.user_id, name=name, guest=name_key is None and not bot, bot=True if bot else None)
    return Place(author, seq, before is not None)


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
        data=None if message.data is None else orjson.dumps(message.data).decode(),
        stream=None,
        created_at=created_at,
        edited_at=None,
        deleted=False,
    )


def follow(tx: db.Tx, message: Message) -> None:
    """What else it causes, for which the rows are loaded."""
    for one in following:
        if one.wants(message.text):
            room, row = tx.session.get_one(RoomRow, message.room_id), tx.session.get_one(MessageRow, message.id)
            row.author = tx.session.get_one(UserRow, message.author.id)
            one.run(tx, room, row)
