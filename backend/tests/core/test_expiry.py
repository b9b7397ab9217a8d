"""What goes by itself: sessions, invites, empty rooms and guests who are away, each at its time and not before."""

import queue
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from crosstalk.app import prepare_database
from crosstalk.core import batches, db, live
from crosstalk.core.actor import Actor
from crosstalk.core.clock import steady_ms
from crosstalk.core.ids import new_id
from crosstalk.core.installation import load_installation
from crosstalk.core.keys import KeyFile
from crosstalk.core.quotas import DAY_MS
from crosstalk.features.accounts import expire as expire_sessions
from crosstalk.features.accounts.account import UserRow, new_account, new_guest
from crosstalk.features.accounts.session import UNUSED_MS, SessionRow, end_session, start_session
from crosstalk.features.messages.catch_up import CatchUp, catch_up
from crosstalk.features.messages.expire_guests import delete_guests, end_memberships
from crosstalk.features.messages.expire_rooms import KEPT_MS, delete_rooms
from crosstalk.features.messages.history import ReadHistory, read_history
from crosstalk.features.messages.lobby import LOBBY_ID
from crosstalk.features.messages.send import SendMessage, send_message
from crosstalk.features.rooms.create import CreateRoom, create_room
from crosstalk.features.rooms.expire import delete_invites
from crosstalk.features.rooms.find import FindRoom, find_room
from crosstalk.features.rooms.invite import INVITE_MS, InviteRow, InviteToRoom, invite_to_room
from crosstalk.features.rooms.join import JoinRoom, join_room
from crosstalk.features.rooms.leave import LeaveRoom, leave_room
from crosstalk.features.rooms.membership import MembershipRow
from crosstalk.features.rooms.room import RoomRow
from crosstalk.settings import Settings

Heard = queue.SimpleQueue[tuple[str, dict[str, Any]]]
DAYS = 7


class Ears:
    """Takes what is published into a queue."""

    def __init__(self, heard: Heard) -> None:
        self._heard = heard

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def patience(self) -> float:
        return 0.0

    def hearers(self, topic: str) -> int:
        return 0

    def publish(self, topics: Any, name: str, payload: dict[str, Any]) -> None:
        self._heard.put((name, payload))

    def subscribe(self, user_id: str, topic: str) -> None: ...

    def unsubscribe(self, user_id: str, topic: str) -> None: ...

    def end(self, topic: str, reason: str) -> None: ...


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """A new database of this process; what it announces goes into the queue."""
    url = f"sqlite:///{tmp_path}/test.db"
    settings = Settings(database_url=url)
    prepare_database(settings).release()
    database = db.open_database(url)
    load_installation(KeyFile(settings.key_path))
    heard: Heard = queue.SimpleQueue()
    monkeypatch.setattr(live, "clients", Ears(heard))
    database.announcer.start()
    yield heard
    db.close_database()


def guest(name: str) -> Actor:
    with db.transaction() as tx:
        row = new_guest(tx.session, name)
        session = start_session(tx, row)
    session_id = session.refresh_token.partition(".")[0]
    return Actor(address="", user_id=row.id, name=name, guest=True, session_id=session_id, expires_at=0)


def account(name: str) -> Actor:
    """A person with an account and no session."""
    with db.transaction() as tx:
        row = new_account(tx.session, name, None)
        tx.session.flush()
    return Actor(address="", user_id=row.id, name=name, guest=False, session_id="", expires_at=0)


def room_of(owner: Actor) -> str:
    return create_room(owner, CreateRoom(name=f"room {new_id()}", kind="public")).id


def say(actor: Actor, room_id: str) -> None:
    send_message(actor, SendMessage(room_id=room_id, client_id="said", text="something"))


def there(row: Any, *key: Any) -> bool:
    with db.reading() as session:
        return session.get(row, key[0] if len(key) == 1 else key) is not None


def present(room_id: str, actor: Actor) -> bool:
    with db.reading() as session:
        return session.get_one(MembershipRow, (room_id, actor.user_id)).present


def test_ended_sessions_go_a_week_after_their_last_use_and_expired_ones_at_once(heard: Heard) -> None:
    ended, live_one = guest("Ann"), guest("Bob")
    end_session(ended.session_id, "signed_out")
    soon = steady_ms() + 7 * DAY_MS - 60_000
    assert expire_sessions.delete_sessions(soon) == 0
    assert expire_sessions.delete_sessions(soon + 120_000) == 1
    assert not there(SessionRow, ended.session_id)
    assert there(SessionRow, live_one.session_id)
    assert expire_sessions.delete_sessions(steady_ms() + UNUSED_MS - 60_000) == 0
    assert expire_sessions.delete_sessions(steady_ms() + UNUSED_MS + 60_000) == 1
    assert there(UserRow, live_one.user_id)


def test_more_sessions_than_a_batch_go_in_one_run(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(batches.BATCH + 5):
        guest(f"Guest {number}")
    assert expire_sessions.delete_sessions(steady_ms() + UNUSED_MS + 60_000) == batches.BATCH + 5


def test_expired_invites_go_and_open_ones_stay(heard: Heard) -> None:
    ann = guest("Ann")
    invite_to_room(ann, InviteToRoom(room_id=room_of(ann)))
    assert delete_invites(steady_ms() + INVITE_MS - 60_000) == 0
    assert delete_invites(steady_ms() + INVITE_MS + 60_000) == 1
    with db.reading() as session:
        assert session.query(InviteRow).count() == 0


def test_a_room_goes_when_all_have_left_and_nothing_was_written_there(heard: Heard) -> None:
    ann = guest("Ann")
    left, written, inhabited = room_of(ann), room_of(ann), room_of(ann)
    invite_to_room(ann, InviteToRoom(room_id=left))
    say(ann, written)
    for room_id in (left, written):
        leave_room(ann, LeaveRoom(room_id=room_id))
    assert delete_rooms(steady_ms() + KEPT_MS - 60_000) == 0, "not before an hour has passed"
    assert delete_rooms(steady_ms() + KEPT_MS + 60_000) == 1
    assert [there(RoomRow, one) for one in (left, written, inhabited, LOBBY_ID)] == [False, True, True, True]
    assert delete_rooms(steady_ms() + KEPT_MS + 60_000) == 0


HOUR_MS = 3_600_000


def leave_all(days_later: float) -> int:
    """What the periodic work does when guests have been away for so long."""
    return end_memberships(steady_ms() + int(days_later * DAY_MS), away_ms=DAYS * DAY_MS, public_only=False)


def leaving(heard: Heard) -> dict[str, Any]:
    name, left = heard.get(timeout=5)
    while name != "member:left":
        name, left = heard.get(timeout=5)
    return left


def test_a_silent_guest_leaves_after_the_days_and_is_deleted_after_as_many_more(heard: Heard) -> None:
    ann, silent = account("Ann"), guest("Silent")
    room_id = room_of(ann)
    say(ann, room_id)
    join_room(silent, JoinRoom(room_id=room_id))
    seq = find_room(ann, FindRoom(room_id=room_id)).seq

    assert leave_all(DAYS - 0.001) == 0
    assert present(room_id, silent), "not before the days have passed"
    assert leave_all(DAYS + 0.001) == 1
    assert not present(room_id, silent)
    left = leaving(heard)
    assert (left["room_id"], left["seq"], left["user"]["id"]) == (room_id, seq + 1, silent.user_id)
    room = find_room(ann, FindRoom(room_id=room_id))
    assert (room.seq, room.member_count) == (seq + 1, 1)
    [change] = catch_up(ann, CatchUp(room_id=room_id, after=seq)).changes
    assert (change["event"], change["seq"]) == ("member:left", seq + 1), "a client that was away learns of it"

    assert delete_guests(steady_ms() + 2 * DAYS * DAY_MS - 60_000, DAYS) == 0
    assert delete_guests(steady_ms() + 2 * DAYS * DAY_MS + 60_000, DAYS) == 1
    assert not there(UserRow, silent.user_id)
    assert not there(SessionRow, silent.session_id)
    assert there(UserRow, ann.user_id)
    caught_up = catch_up(ann, CatchUp(room_id=room_id, after=seq))
    assert (caught_up.changes, caught_up.more) == ([], False)


def test_a_guest_who_wrote_leaves_as_well_and_the_messages_keep_their_author(heard: Heard) -> None:
    ann, writer = account("Ann"), guest("Writer")
    room_id = room_of(ann)
    join_room(writer, JoinRoom(room_id=room_id))
    say(writer, room_id)
    assert leave_all(DAYS + 0.001) == 1
    assert delete_guests(steady_ms() + 3 * DAYS * DAY_MS, DAYS) == 0
    assert not present(room_id, writer)
    [message] = read_history(ann, ReadHistory(room_id=room_id)).messages
    assert (message.author.id, message.author.name, message.author.guest) == (writer.user_id, "Writer", True)


def test_a_guest_who_is_away_for_hours_leaves_public_rooms_and_stays_in_private_ones(heard: Heard) -> None:
    ann, away, here = account("Ann"), guest("Away"), guest("Here")
    public = room_of(ann)
    for one in (away, here):
        join_room(one, JoinRoom(room_id=public))
    private = create_room(away, CreateRoom(name="private", kind="private")).id
    later = steady_ms() + 12 * HOUR_MS + 60_000
    with db.transaction() as tx:
        tx.session.get_one(SessionRow, here.session_id).refreshed_at = later - HOUR_MS
    assert end_memberships(later - 120_000, away_ms=12 * HOUR_MS, public_only=True) == 0
    assert end_memberships(later, away_ms=12 * HOUR_MS, public_only=True) == 1
    assert (present(public, away), present(public, here), present(public, ann)) == (False, True, True)
    assert present(private, away)
    join_room(away, JoinRoom(room_id=public))
    assert present(public, away), "the guest comes back with the same session"


def test_an_owner_who_is_a_guest_and_does_not_come_back_is_followed_by_another_member(heard: Heard) -> None:
    owner, second, third = guest("Owner"), account("Second"), account("Third")
    room_id = room_of(owner)
    for one in (second, third):
        join_room(one, JoinRoom(room_id=room_id))
    assert leave_all(DAYS + 0.001) == 1
    assert find_room(second, FindRoom(room_id=room_id)).role == "owner"
    assert find_room(third, FindRoom(room_id=room_id)).role == "member"


@pytest.mark.parametrize("which", ["wrote", "has been here", "has an account", "is a bot"])
def test_a_guest_who_matters_is_not_deleted(heard: Heard, which: str) -> None:
    one, other = guest("One"), guest("Other")
    room_id = room_of(one)
    later = 3 * DAYS
    if which == "wrote":
        say(one, room_id)
    else:
        with db.transaction() as tx:
            if which == "has been here":
                tx.session.get_one(SessionRow, one.session_id).refreshed_at = steady_ms() + (later - DAYS) * DAY_MS + 60_000
            elif which == "has an account":
                tx.session.get_one(UserRow, one.user_id).name_key = "one"
            else:
                tx.session.get_one(UserRow, one.user_id).bot = True
    for _ in range(3):
        leave_all(later)
        delete_guests(steady_ms() + later * DAY_MS, DAYS)
    assert there(UserRow, one.user_id)
    assert present(room_id, one) is (which != "wrote")
    assert not there(UserRow, other.user_id), "the unrelated guest is deleted"


def test_more_guests_than_a_batch_go_in_one_run(heard: Heard) -> None:
    crowd = [guest(f"Guest {number}") for number in range(45)]
    say(crowd[7], room_of(crowd[7]))
    rooms = [room_of(one) for one in crowd[8:]]
    assert leave_all(3 * DAYS) == 38
    assert not any(present(room_id, one) for room_id, one in zip(rooms, crowd[8:], strict=True))
    assert delete_guests(steady_ms() + 3 * DAYS * DAY_MS, DAYS) == 44
    assert there(UserRow, crowd[7].user_id)
