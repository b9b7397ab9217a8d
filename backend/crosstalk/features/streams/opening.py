"""What it takes to open a stream, whoever opens it: a message of the room, and the stream's own row."""

from sqlalchemy import func, select

from crosstalk.core import db, topics
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import CrosstalkError
from crosstalk.core.ids import new_id
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.messages.events import last_change
from crosstalk.features.messages.message import ContentType, MessageRow, StreamPart
from crosstalk.features.rooms.room import next_seq
from crosstalk.features.streams.lease import lease_s
from crosstalk.features.streams.stream import StreamRow, renew_lease

RETRY_S = 5.0


def check_open_streams(tx: db.Tx, user_id: str, *, written: bool) -> None:
    """Whether this person may have another open stream, written by the server or by the person's own client. Raises
    `rate_limited`."""
    quotas = db.database().usage.quotas
    open_ones = select(func.count()).where(StreamRow.state == "open", StreamRow.source.is_not(None) if written else _BY_CLIENTS)
    own = quotas.written_streams if written else quotas.open_streams
    if own is not None and (tx.session.scalar(open_ones.where(StreamRow.producer_id == user_id)) or 0) >= own:
        by = "that the server writes for you" if written else "that you write"
        raise CrosstalkError(
            "rate_limited", f"You have reached the limit of {own} open streams {by}. Wait until one ends.", retry_after=RETRY_S
        )
    every = quotas.all_written_streams if written else None
    if every is not None and (tx.session.scalar(open_ones) or 0) >= every:
        raise CrosstalkError(
            "rate_limited", f"The server has reached its limit of {every} streams. Wait until one ends.", retry_after=RETRY_S
        )


_BY_CLIENTS = StreamRow.source.is_(None)


def open_in(
    tx: db.Tx,
    room_id: str,
    stream: StreamRow,
    *,
    author: UserRow,
    client_id: str,
    content_digest: str,
    content_type: ContentType,
) -> MessageRow:
    """Opens a stream. `stream` says who produces it and from what; the rest of its row is filled in here."""
    seq = next_seq(tx, room_id)
    message = MessageRow(
        id=new_id(),
        room_id=room_id,
        seq=seq,
        changed_seq=seq,
        author=author,
        client_id=client_id,
        content_digest=content_digest,
        kind="stream",
        stream=StreamPart(
            state="open",
            offset=0,
            content_type=content_type,
            lease=1,
            asked_by=stream.producer_id if stream.source == "answer" else None,
        ).wire(),
        created_at=now_ms(),
        deleted=False,
    )
    tx.session.add(message)
    tx.session.flush()
    stream.id, stream.room_id, stream.author_id = message.id, room_id, author.id
    stream.content_type, stream.state, stream.end, stream.size, stream.lease = content_type, "open", 0, 0, 1
    renew_lease(stream, lease_s())
    tx.session.add(stream)
    tx.announce(last_change(message), to=topics.room(room_id))
    return message
