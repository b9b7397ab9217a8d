"""`python -m benchmarks.store_alone URL THREADS MESSAGES`: sends messages as so many people at once, and prints what one cost."""

import json
import sys
import threading
import time

from sqlalchemy import event, func, select

from crosstalk import features
from crosstalk.core import db
from crosstalk.core.actor import Actor
from crosstalk.core.installation import load_installation
from crosstalk.features.messages.message import MessageRow
from crosstalk.features.messages.send import SendMessage, send_message
from crosstalk.features.rooms.membership import MembershipRow


def main(url: str, threads: int, messages: int) -> None:
    features.declare()
    database = db.open_database(url)
    load_installation()
    with db.reading() as session:
        members = session.execute(
            select(MembershipRow.user_id, MembershipRow.room_id).where(MembershipRow.room_id != "lobby")
        ).all()
    commits: list[None] = []
    event.listen(database.engine, "commit", lambda _connection: commits.append(None))

    def send(user_id: str, room_id: str) -> None:
        actor = Actor(address="", user_id=user_id, name="Guest", guest=True, session_id="", expires_at=0)
        for number in range(messages // threads):
            send_message(
                actor,
                SendMessage(room_id=room_id, client_id=f"alone-{number}", text="a line of a chat, forty characters long!"),
            )

    senders = [threading.Thread(target=send, args=tuple(member)) for member in members[:threads]]
    cpu, wall = time.process_time(), time.perf_counter()
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    with db.reading() as session:
        stored = (
            session.scalar(select(func.count()).select_from(MessageRow).where(MessageRow.client_id.startswith("alone-"))) or 0
        )
    if stored != messages // threads * threads:
        raise SystemExit(f"only {stored} of {messages // threads * threads} messages were stored")
    told = {"cpu_us": cpu * 1e6 / stored, "wall_us": wall * 1e6 / stored, "group": stored / max(1, len(commits))}
    db.close_database()
    print(json.dumps(told))


main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
