"""A bot: an account that nobody can sign in to, in whose name the server writes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from crosstalk.core.clock import now_ms
from crosstalk.core.ids import new_id
from crosstalk.features.accounts.account import UserRow


def bot_named(session: Session, name: str) -> UserRow:
    """The bot of this name, made when there is none yet.

    A bot has no claim to its name: a person may have the same one, and is told apart by `bot`.
    """
    row = session.scalar(select(UserRow).where(UserRow.bot, UserRow.name == name))
    if row is None:
        row = UserRow(id=new_id(), name=name, name_key=None, password_hash=None, created_at=now_ms(), bot=True)
        session.add(row)
        session.flush()
    return row
