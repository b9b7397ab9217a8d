"""`python -m benchmarks.store_alone URL GROUP MESSAGES`: sends messages as a worker of the transport does, so many a commit, and
prints what one cost."""

import json
import sys
import time

from sqlalchemy import event, func, select

from crosstalk import features
from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.installation import load_installation
from crosstalk.core.keys import KeyFile
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.messages.send import SendMessage, send_message
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.settings import Settings


def main(url: str, group: int, messages: int) -> None:
    features.declare()
    database = db.open_database(url)
    load_installation(KeyFile(Settings(database_url=url).key_path))
    with db.reading() as session:
        members = session.execute(
            select(MembershipRow.user_id, MembershipRow.room_id).where(MembershipRow.room_id != "lobby")
        ).all()
    commits: list[None] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(None))
    told: list[BaseException | None] = []

    def send(number: int) -> None:
        user_id, room_id = members[number % len(members)]
        actor = Actor(address="", user_id=user_id, name="Guest", guest=True, session_id="", expires_at=0)
        text = "a line of a chat, forty characters long!"
        with db.deferring() as deferral:
            send_message(actor, SendMessage(room_id=room_id, client_id=f"alone-{number}", text=text))
        assert deferral.tx is not None
        deferral.tx.then(told.append)

    cpu, wall = time.process_time(), time.perf_counter()
    for first in range(0, messages, group):
        for number in range(first, min(messages, first + group)):
            send(number)
        db.settle()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    with db.reading() as session:
        stored = (
            session.scalar(select(func.count()).select_from(MessageRow).where(MessageRow.client_id.startswith("alone-"))) or 0
        )
    if stored != messages or told != [None] * messages:
        raise SystemExit(f"only {stored} of {messages} messages were stored, and {told.count(None)} said to be")
    figures = {"cpu_us": cpu * 1e6 / stored, "wall_us": wall * 1e6 / stored, "group": stored / max(1, len(commits))}
    db.close_database()
    print(json.dumps(figures))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
