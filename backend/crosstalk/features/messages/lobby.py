"""The lobby: the public room of a new installation, with a greeting."""

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
GREETING = """Welcome to Crosstalk. This is the lobby, where everyone can write.

Try a live text: paste a text, choose a speed, and everyone in the room sees it appear as it is written. \
Reload the page halfway: it continues where it was.

欢迎使用 Crosstalk。这里是 lobby，所有人都可以发言。

试试“实时文本”：粘贴一段文本，选择速度，房间里的所有人都会看到它逐字出现。中途刷新页面，也会从原处继续。"""


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
