from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from crosstalk.features.messages.message import MessageRow, forgetting
from crosstalk.features.streams.piece import PieceRow
from crosstalk.features.streams.stream import StreamRow


def forget_stream(session: Session, message: MessageRow) -> None:
    """With a deleted message its stream's text goes as well."""
    if message.kind == "stream":
        session.execute(delete(PieceRow).where(PieceRow.stream_id == message.id))
        session.execute(update(StreamRow).where(StreamRow.id == message.id).values(source=None, source_text=None))


forgetting.append(forget_stream)
