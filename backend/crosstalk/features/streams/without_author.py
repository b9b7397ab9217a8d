"""What the server writes for a person ends when this person leaves the room or the session that asked for it ends."""

from sqlalchemy import Select, select

from crosstalk.core import db
from crosstalk.core.operations import on
from crosstalk.features.accounts.session import SessionRow, ending
from crosstalk.features.rooms.membership import MemberLeft
from crosstalk.features.streams.stream import StreamRow, change_state

LEFT, SIGNED_OUT = "The author left the room.", "The author's session ended."
_WRITTEN = select(StreamRow).where(StreamRow.state == "open", StreamRow.source.is_not(None))


def _stop(tx: db.Tx, streams: Select[StreamRow], reason: str) -> None:
    for row in tx.session.scalars(streams):
        change_state(tx, row, "stopped", reason=reason)


def stop_with_the_session(tx: db.Tx, ended: SessionRow) -> None:
    _stop(tx, _WRITTEN.where(StreamRow.session_id == ended.id), SIGNED_OUT)
    others = select(SessionRow.id).where(
        SessionRow.user_id == ended.user_id, SessionRow.id != ended.id, SessionRow.ended.is_(None)
    )
    if tx.session.scalar(others.limit(1)) is None:
        # An answer belongs to the person who asked, on whatever device.
        _stop(tx, _WRITTEN.where(StreamRow.source == "answer", StreamRow.producer_id == ended.user_id), SIGNED_OUT)


ending.append(stop_with_the_session)


@on(MemberLeft)
def stop_with_the_membership(left: MemberLeft) -> None:
    written = _WRITTEN.where(StreamRow.room_id == left.room_id, StreamRow.producer_id == left.user.id)
    with db.reading() as session:
        if session.scalar(written.with_only_columns(StreamRow.id).limit(1)) is None:
            return
    with db.transaction() as tx:
        _stop(tx, written, LEFT)
