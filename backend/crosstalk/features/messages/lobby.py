"""The lobby: the public room that a new installation has, with a word for newcomers."""

from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.clock import now_ms
from crosstalk.core.names import name_key
from crosstalk.features.accounts.account import new_account
from crosstalk.features.messages.send import SendMessage, send_message
from crosstalk.features.rooms.join import add_member
from crosstalk.features.rooms.room import RoomRow, known_room

LOBBY_ID = LOBBY_NAME = "lobby"
HOST_NAME = "Crosstalk"
GREETING = """Welcome to Crosstalk. This is the lobby: everybody who comes in may write here.

Try the live text: paste something, pick a pace, and all who are here watch it being written. \
Reload in the middle; it goes on where it is."""


def ensure_lobby() -> None:
    """Makes the lobby of a new database."""
    with db.transaction() as tx:
        if tx.session.get(RoomRow, LOBBY_ID) is not None:
            return
        host = new_account(tx.session, HOST_NAME, None)
        row = RoomRow(
            id=LOBBY_ID,
            name=LOBBY_NAME,
            name_key=name_key(LOBBY_NAME),
            kind="public",
            seq=0,
            member_count=0,
            created_at=now_ms(),
        )
        tx.session.add(row)
        tx.session.flush()
        actor = Actor(address="", user_id=host.id, name=host.name, guest=False, session_id="", expires_at=0)
        add_member(tx, known_room(tx.cursor, actor, LOBBY_ID), actor)
    send_message(actor, SendMessage(room_id=LOBBY_ID, client_id="greeting", text=GREETING))
