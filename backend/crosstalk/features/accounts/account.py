"""An account: the row of a person, the person on the wire, and names."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from sqlalchemy import or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.errors import conflict
from crosstalk.core.ids import new_id
from crosstalk.core.names import CleanName, is_reserved, name_key, name_look
from crosstalk.core.schema import AtMost, Shape

NAME_LIMIT = 40


class UserRow(db.Base):
    """A person or a bot. Guests have no password and no claim to their name."""

    __tablename__ = "users"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_key: Mapped[str | None] = mapped_column(unique=True)
    """See core/names.py. An account from before that rule, whose key another account had, has `earlier_key`."""
    name_look: Mapped[str | None] = mapped_column(index=True)
    password_hash: Mapped[str | None]
    created_at: Mapped[int]
    bot: Mapped[bool] = mapped_column(default=False)
    """The server writes in this name, and it cannot be signed in to."""


class User(Shape):
    """A user, as other users see it."""

    id: str
    name: str
    guest: bool
    """True for a user without an account. Several guests can have the same name; the ids differ."""
    bot: Literal[True] | None = Field(None, exclude_if=lambda value: value is None)
    """True for the server's own users, such as the assistant."""


Name = Annotated[
    str,
    AfterValidator(AtMost(4 * NAME_LIMIT, named=NAME_LIMIT)),
    AfterValidator(CleanName(NAME_LIMIT)),
    Field(json_schema_extra={"minLength": 1, "maxLength": NAME_LIMIT}),
]
Password = Annotated[str, Field(min_length=8, max_length=256)]


def earlier_key(name: str) -> str:
    """The key of an account whose name was told apart from another by an earlier rule: by case and blanks alone. It begins with
    a blank, which no key of core/names.py does."""
    return " " + " ".join(unicodedata.normalize("NFKC", name).replace("\u200d", "").replace("\ufe0f", "").split()).casefold()


def new_guest(session: Session, name: str) -> UserRow:
    row = UserRow(id=new_id(), name=name, name_key=None, password_hash=None, created_at=now_ms())
    session.add(row)
    return row


def new_account(session: Session, name: str, password_hash: str | None, *, bot: bool = False) -> UserRow:
    """An account, or a bot when there is no password for it. Its name must be free."""
    row = UserRow(
        id=new_id(),
        name=name,
        name_key=name_key(name),
        name_look=name_look(name),
        password_hash=password_hash,
        created_at=now_ms(),
        bot=bot,
    )
    session.add(row)
    return row


def account_named(session: Session, name: str) -> UserRow | None:
    """The account that is signed in to with this name."""
    keys = UserRow.name_key.in_([name_key(name), earlier_key(name)])
    return session.scalars(select(UserRow).where(keys).order_by(UserRow.name_key)).first()


def account_like(session: Session, name: str) -> UserRow | None:
    """An account or a bot of the same name, or of one that looks the same."""
    same = or_(UserRow.name_key.in_([name_key(name), earlier_key(name)]), UserRow.name_look == name_look(name))
    return session.scalars(select(UserRow).where(same).limit(1)).first()


def require_free_name(session: Session, name: str) -> None:
    """Raises `conflict` when a new guest or account may not have this name."""
    if is_reserved(name):
        raise conflict("This name is reserved. Choose another one.", name="is reserved; choose another one")
    if account_like(session, name) is not None:
        raise conflict(
            "An account has this name or one that looks like it. Choose another one.",
            name="belongs to an account or looks like the name of one; choose another one",
        )


def user_of(row: UserRow) -> User:
    return user_from(row.id, row.name, row.name_key, row.bot)


def user_from(user_id: str, name: str, name_key: str | None, bot: bool) -> User:
    """The person on the wire, from the columns of the row."""
    return User(id=user_id, name=name, guest=name_key is None and not bot, bot=True if bot else None)


def user_of_actor(actor: Actor) -> User:
    return User(id=actor.user_id, name=actor.name, guest=actor.guest)
