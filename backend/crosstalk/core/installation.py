"""What is true of one installation as a whole: the epoch of its numbering, in the database, and its keys, in a file apart."""

from dataclasses import dataclass

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Mapped, mapped_column

from crosstalk.core import db
from crosstalk.core.ids import new_id
from crosstalk.core.keys import KeyFile, KeyFileError, Keys
from crosstalk.core.private_files import NotPrivate

log = structlog.get_logger("installation")


class InstallationRow(db.Base):
    __tablename__ = "installation"

    id: Mapped[int] = mapped_column(primary_key=True)
    epoch: Mapped[str]
    signing_key: Mapped[str]
    """Empty: the key was here once, and has moved to the key file."""


@dataclass
class Installation:
    epoch: str
    keys: Keys
    key_file: KeyFile
    access_token_s: int
    """Seconds that an access token is valid: the setting CROSSTALK_ACCESS_TOKEN_S."""


_installation: Installation | None = None


def ensure_installation(key_file: KeyFile) -> None:
    """Makes the row of a new database and the key file, and moves a signing key from the row into the file.

    Raises KeyFileError or NotPrivate.
    """
    with db.transaction() as tx:
        row = tx.session.get(InstallationRow, 1)
        is_new, stored = row is None, row.signing_key if row else ""
        if row is None:
            tx.session.add(InstallationRow(id=1, epoch=new_id(), signing_key=""))
    with key_file.changing():
        if key_file.load() is None:
            key_file.save(Keys.new(stored or None))
            if not is_new and not stored:
                log.warning("there was no key file: a new one was made, and access tokens end", path=str(key_file.path))
    if stored:
        with db.transaction() as tx:
            tx.session.get_one(InstallationRow, 1).signing_key = ""
        log.info("the signing key has moved from the database to a file", path=str(key_file.path))


def new_epoch() -> str:
    """Renames the numbering: every client loads its rooms anew. To be called when a backup has been restored."""
    epoch = new_id()
    with db.transaction() as tx:
        tx.session.get_one(InstallationRow, 1).epoch = epoch
    return epoch


def load_installation(key_file: KeyFile, *, access_token_s: int = 900) -> None:
    """Reads the row and the key file once, when the server starts. Raises KeyFileError or NotPrivate."""
    global _installation
    keys = key_file.load()
    if keys is None:
        raise KeyFileError(f"{key_file.path} does not exist")
    with db.reading() as session:
        row = session.scalars(select(InstallationRow)).one()
        _installation = Installation(row.epoch, keys, key_file, access_token_s)


def reload_keys() -> None:
    """Takes up what another process has written into the key file. A file that cannot be used changes nothing."""
    current = installation()
    if not current.key_file.has_changed():
        return
    try:
        keys = current.key_file.load()
        if keys is None:
            raise KeyFileError(f"{current.key_file.path} does not exist")
    except (KeyFileError, NotPrivate) as refused:
        log.error("the key file cannot be used: the keys in memory stay", reason=str(refused))
        return
    current.keys = keys
    log.info("the key file has changed", kid=keys.signing[0].kid, verifying=len(keys.signing))


def installation() -> Installation:
    if _installation is None:
        raise RuntimeError("the server has not started")
    return _installation
