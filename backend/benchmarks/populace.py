"""People with tokens, in rooms, without asking a server thousands of times: written into the database before it starts."""

from pathlib import Path

from sqlalchemy import insert

from crosstalk.app import prepare_database
from crosstalk.core import db
from crosstalk.core.clock import now_ms
from crosstalk.core.ids import digest, new_id, new_secret
from crosstalk.features.accounts.account import UserRow
from crosstalk.features.accounts.session import UNUSED_MS, SessionRow
from crosstalk.features.accounts.token import mint_access_token
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import RoomRow
from crosstalk.settings import Settings

PEOPLE = "people.txt"


def strangers(home: Path, count: int, per_room: int) -> Path:
    """For a peer, which asks nobody for a token and has no rooms yet: one line a connection, `token room`."""
    return _write(home, [(f"token-{index}", f"room-{index // per_room}") for index in range(count)])


def members(home: Path, database_url: str, count: int, per_room: int) -> Path:
    """For Crosstalk: so many guests, the first of each room its owner, all with a session and a token."""
    prepare_database(Settings(database_url=database_url)).release()
    now = now_ms()
    users = [f"{index:05d}{new_id()[5:]}" for index in range(count)]
    sessions = [new_id() for _ in users]
    rooms = [new_id() for _ in range(0, count, per_room)]
    held = [min(per_room, count - first) for first in range(0, count, per_room)]
    db.open_database(database_url)
    try:
        with db.transaction() as tx:
            tx.session.execute(
                insert(UserRow),
                [{"id": user, "name": f"Guest {index}", "created_at": now, "bot": False} for index, user in enumerate(users)],
            )
            tx.session.execute(
                insert(SessionRow),
                [
                    {
                        "id": session,
                        "user_id": user,
                        "refresh_digest": digest(new_secret()),
                        "refresh_key": new_secret(),
                        "created_at": now,
                        "expires_at": now + UNUSED_MS,
                    }
                    for session, user in zip(sessions, users, strict=True)
                ],
            )
            # A member who joins is a change of the room: with so many members its log is at so many.
            tx.session.execute(
                insert(RoomRow),
                [
                    {
                        "id": room,
                        "name": f"Room {index}",
                        "kind": "public",
                        "seq": size,
                        "member_count": size,
                        "created_at": now,
                    }
                    for index, (room, size) in enumerate(zip(rooms, held, strict=True))
                ],
            )
            tx.session.execute(
                insert(MembershipRow),
                [
                    {
                        "room_id": rooms[index // per_room],
                        "user_id": user,
                        "role": "member" if index % per_room else "owner",
                        "seq": index % per_room + 1,
                        "present": True,
                        "joined_at": now,
                        "read_seq": index % per_room,
                    }
                    for index, user in enumerate(users)
                ],
            )
    finally:
        db.close_database()
    tokens = [mint_access_token(user_id=user, session_id=session) for user, session in zip(users, sessions, strict=True)]
    return _write(home, [(token, rooms[index // per_room]) for index, token in enumerate(tokens)])


def _write(home: Path, lines: list[tuple[str, str]]) -> Path:
    file = home / PEOPLE
    file.write_text("".join(f"{token} {room}\n" for token, room in lines))
    return file
