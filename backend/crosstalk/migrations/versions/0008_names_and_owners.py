"""Names are told apart by how they look, public rooms have different names, and every room with members has an owner"""

import sqlalchemy as sa
from alembic import op

from crosstalk.core.names import name_key, name_look, shown_part
from crosstalk.features.accounts.account import earlier_key

revision = "0008"
down_revision = "0007"

_USERS = sa.table(
    "users",
    sa.column("id", sa.String),
    sa.column("name", sa.String),
    sa.column("name_key", sa.String),
    sa.column("name_look", sa.String),
    sa.column("created_at", sa.BigInteger),
)
_ROOMS = sa.table(
    "rooms",
    sa.column("id", sa.String),
    sa.column("name", sa.String),
    sa.column("name_key", sa.String),
    sa.column("kind", sa.String),
    sa.column("seq", sa.BigInteger),
    sa.column("created_at", sa.BigInteger),
)
_MEMBERSHIPS = sa.table(
    "memberships",
    sa.column("room_id", sa.String),
    sa.column("user_id", sa.String),
    sa.column("role", sa.String),
    sa.column("seq", sa.BigInteger),
    sa.column("role_seq", sa.BigInteger),
    sa.column("present", sa.Boolean),
    sa.column("joined_at", sa.BigInteger),
)
_NAME_LIMIT = 80
_NAMELESS = "room"


def upgrade() -> None:
    op.add_column("users", sa.Column("name_look", sa.String(), nullable=True))
    op.create_index("ix_users_name_look", "users", ["name_look"])
    op.add_column("rooms", sa.Column("name_key", sa.String(), nullable=True))
    op.add_column("memberships", sa.Column("role_seq", sa.BigInteger(), nullable=True))
    connection = op.get_bind()
    _set_keys_of_accounts(connection)
    _set_names_of_rooms(connection)
    op.create_index("rooms_by_name", "rooms", ["name_key"], unique=True)
    _set_owners(connection)
    # A client's stream is produced by its author alone.
    op.execute("UPDATE streams SET producer_id = author_id WHERE source IS NULL OR source <> 'answer'")


def downgrade() -> None:
    op.drop_index("rooms_by_name", "rooms")
    op.drop_index("ix_users_name_look", "users")
    op.drop_column("memberships", "role_seq")
    op.drop_column("rooms", "name_key")
    op.drop_column("users", "name_look")


def _set_keys_of_accounts(connection: sa.Connection) -> None:
    """Of accounts that have one key now, the first keeps it. The others are signed in to by the name as it was told apart before."""
    accounts = connection.execute(
        sa.select(_USERS.c.id, _USERS.c.name).where(_USERS.c.name_key.is_not(None)).order_by(_USERS.c.created_at, _USERS.c.id)
    ).all()
    taken: set[str] = {""}
    changes = []
    for user_id, name in accounts:
        key = name_key(name)
        changes.append({"row": user_id, "key": earlier_key(name) if key in taken else key, "look": name_look(name)})
        taken.add(key)
    if changes:
        this = _USERS.c.id == sa.bindparam("row")
        # In two steps: a new key may be the old one of another account.
        connection.execute(sa.update(_USERS).where(_USERS.c.name_key.is_not(None)).values(name_key="\n" + _USERS.c.id))
        connection.execute(
            sa.update(_USERS).where(this).values(name_key=sa.bindparam("key"), name_look=sa.bindparam("look")), changes
        )


def _set_names_of_rooms(connection: sa.Connection) -> None:
    """Takes out what is not shown, and numbers the later ones of public rooms with one name: `garden`, `garden 2`."""
    rooms = connection.execute(
        sa.select(_ROOMS.c.id, _ROOMS.c.name, _ROOMS.c.kind).order_by(_ROOMS.c.created_at, _ROOMS.c.id)
    ).all()
    taken: dict[str, int] = {}
    changes = []
    for room_id, given, kind in rooms:
        name = shown_part(given)
        if not name_key(name):
            name = _NAMELESS
        key = None
        if kind == "public":
            name, key = _free(name, taken)
        changes.append({"row": room_id, "name": name, "key": key})
    if changes:
        change = sa.update(_ROOMS).where(_ROOMS.c.id == sa.bindparam("row"))
        connection.execute(change.values(name=sa.bindparam("name"), name_key=sa.bindparam("key")), changes)


def _free(name: str, taken: dict[str, int]) -> tuple[str, str]:
    """The name, or the name with the first free number behind it; and its key. `taken` has the last number of each key."""
    first = key = name_key(name)
    numbered = name
    while key in taken:
        taken[first] += 1
        behind = f" {taken[first]}"
        numbered = name[: _NAME_LIMIT - len(behind)].rstrip() + behind
        key = name_key(numbered)
    taken[key] = 1
    return numbered, key


def _set_owners(connection: sa.Connection) -> None:
    """The longest-standing member of a room without a present owner becomes its owner, as one change of the room."""
    m = _MEMBERSHIPS
    owned = sa.select(m.c.room_id).where(m.c.role == "owner", m.c.present)
    members = connection.execute(
        sa.select(m.c.room_id, m.c.user_id)
        .where(m.c.present, m.c.room_id.not_in(owned))
        .order_by(m.c.room_id, m.c.joined_at.desc(), m.c.seq.desc())
    )
    heirs: dict[str, str] = {one.room_id: one.user_id for one in members}
    for room_id, user_id in heirs.items():
        connection.execute(sa.update(_ROOMS).where(_ROOMS.c.id == room_id).values(seq=_ROOMS.c.seq + 1))
        seq = sa.select(_ROOMS.c.seq).where(_ROOMS.c.id == room_id).scalar_subquery()
        connection.execute(
            sa.update(m).where(m.c.room_id == room_id, m.c.user_id == user_id).values(role="owner", seq=seq, role_seq=seq)
        )
    # An owner who left and was followed by another is a member like others when coming back.
    connection.execute(
        sa.text(
            "UPDATE memberships SET role = 'member' WHERE role = 'owner' AND NOT present AND room_id IN"
            " (SELECT room_id FROM memberships WHERE role = 'owner' AND present)"
        )
    )
