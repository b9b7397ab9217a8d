"""A bot: an account that cannot be signed in to, in whose name the server writes."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from crosstalk.core.clock import now_ms
from crosstalk.core.ids import new_id
from crosstalk.features.accounts.account import UserRow, account_like, new_account


def bot_named(session: Session, name: str) -> UserRow:
    """The bot of this name, made when there is none yet.

    The name is the bot's alone, unless an account had it first; `bot` tells the two apart then.
    """
    row = session.scalar(select(UserRow).where(UserRow.bot, UserRow.name == name))
    if row is None:
        if account_like(session, name) is None:
            row = new_account(session, name, None, bot=True)
        else:
            row = UserRow(id=new_id(), name=name, name_key=None, password_hash=None, created_at=now_ms(), bot=True)
            session.add(row)
        session.flush()
    return row
