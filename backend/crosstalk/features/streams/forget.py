from sqlalchemy import delete, update

from crosstalk.core import db
from crosstalk.features.messages.message import StoredMessage, forgetting
from crosstalk.features.streams.piece import PieceRow
from crosstalk.features.streams.source import SourceRow
from crosstalk.features.streams.stream import StreamRow


def forget_stream(tx: db.Tx, message: StoredMessage) -> None:
    """With a deleted message its stream's text goes as well."""
    if message.kind == "stream":
        tx.session.execute(delete(PieceRow).where(PieceRow.stream_id == message.id))
        tx.session.execute(delete(SourceRow).where(SourceRow.stream_id == message.id))
        tx.session.execute(update(StreamRow).where(StreamRow.id == message.id).values(source=None))


forgetting.append(forget_stream)
