"""The text that the server writes, apart from the stream's row: SQLite writes a whole row anew with each piece."""

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db


class SourceRow(db.Base):
    __tablename__ = "stream_sources"

    stream_id: Mapped[str] = mapped_column(ForeignKey("streams.id"), primary_key=True)
    text: Mapped[str]
