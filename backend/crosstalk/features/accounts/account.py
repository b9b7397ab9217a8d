"""An account: the row of a person, the person on the wire, and names."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.ids import new_id
from crosstalk.core.schema import AtMost, Shape

NAME_LIMIT = 40
# What is normalised may be longer before than after, but not much.
_WRITTEN = AtMost(4 * NAME_LIMIT, named=NAME_LIMIT)
_JOINERS = {"\u200d", "\ufe0f"}  # inside emoji


class UserRow(db.Base):
    """A person. Guests have no password and no claim to their name."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    created_at: Mapped[int]
    bot: Mapped[bool] = mapped_column(default=False)
    """Nobody: the server speaks in this name."""


class User(Shape):
    """A person, as others see them."""

    id: str
    name: str
    guest: bool
    """True for those who came without an account."""
    bot: Literal[True] | None = Field(None, exclude_if=lambda value: value is None)
    """True when it is the server that speaks in this name."""


def _clean_name(name: str) -> str:
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    if not any(unicodedata.category(one)[0] in "LNS" for one in name):
        raise PydanticCustomError("name", "must have a letter, a number or a symbol")
    if any(unicodedata.category(one) in ("Cc", "Cf", "Co", "Cn") and one not in _JOINERS for one in name):
        raise PydanticCustomError("name", "has an invisible or control character")
    if len(name) > NAME_LIMIT:
        raise PydanticCustomError("too_large", "must have at most {limit} characters", {"limit": NAME_LIMIT})
    return name


Name = Annotated[
    str,
    AfterValidator(_WRITTEN),
    AfterValidator(_clean_name),
    Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT}),
]
Password = Annotated[str, Field(min_length=8, max_length=256)]


def name_key(name: str) -> str:
    """What makes two names the same: case, blanks, compatibility forms and what nobody sees do not count."""
    seen = "".join(one for one in unicodedata.normalize("NFKC", name) if one not in _JOINERS)
    return " ".join(seen.split()).casefold()


def new_guest(session: Session, name: str) -> UserRow:
    row = UserRow(id=new_id(), name=name, name_key=None, password_hash=None, created_at=now_ms())
    session.add(row)
    return row


def account_named(session: Session, name: str) -> UserRow | None:
    return session.scalar(select(UserRow).where(UserRow.name_key == name_key(name)))


def user_of(row: UserRow) -> User:
    return user_from(row.id, row.name, row.name_key, row.bot)


def user_from(user_id: str, name: str, name_key: str | None, bot: bool) -> User:
    """The person on the wire, from the columns of the row."""
    return User(id=user_id, name=name, guest=name_key is None and not bot, bot=True if bot else None)


def user_of_actor(actor: Actor) -> User:
    return User(id=actor.user_id, name=actor.name, guest=actor.guest)
