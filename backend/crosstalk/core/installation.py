"""What is true of one database as a whole: the epoch of its numbering, and the key that signs its tokens."""

import secrets
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db
from crosstalk.core.ids import new_id


class InstallationRow(db.Base):
    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[str]
    signing_key: Mapped[str]


@dataclass(frozen=True)
class Installation:
    epoch: str
    signing_key: str


_installation: Installation | None = None


def ensure_installation() -> None:
    """Makes the row of a new database."""
    with db.transaction() as tx:
        if tx.session.get(InstallationRow, 1) is None:
            tx.session.add(InstallationRow(id=1, epoch=new_id(), signing_key=secrets.token_hex(32)))


def new_epoch() -> str:
    """Renames the numbering: every client loads its rooms anew. To be called when a backup has been restored."""
    epoch = new_id()
    with db.transaction() as tx:
        tx.session.get_one(InstallationRow, 1).epoch = epoch
    return epoch


def load_installation() -> None:
    """Reads the row once, when the server starts."""
    global _installation
    with db.reading() as session:
        row = session.scalars(select(InstallationRow)).one()
        _installation = Installation(row.epoch, row.signing_key)


def installation() -> Installation:
    if _installation is None:
        raise RuntimeError("the server has not started")
    return _installation
