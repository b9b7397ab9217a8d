"""The one checker: what clients did and heard, against the log of the server.

acked ⊆ log · refused ∉ log · nothing twice · seq 1..N without gaps · every reader's log identical and in order.
"""

from collections import Counter
from itertools import pairwise
from typing import Any

from faults.history import RETRYABLE, Change, History, Send
from faults.room_log import Entry, RoomLog, content_of, entry_of

UNACKED = ("stream:opened", "stream:ended", "member:left")
"""Where there are such, numbers were given whose changes later ones have taken the place of, and that no ack named."""


class Truth:
    """A room as the server has it when all is quiet, read in three ways which must agree."""

    def __init__(
        self, room: dict[str, Any], changes: list[dict[str, Any]], history: list[dict[str, Any]], rows: list[tuple[str, int]]
    ) -> None:
        self.room_id: str = room["id"]
        self.seq: int = room["seq"]
        self.changes = [entry_of(change) for change in changes]
        self.messages = history
        self.rows = rows
        """(id, seq) of the messages on disk, read past the server."""


def violations(history: History, truths: list[Truth], logs: list[RoomLog]) -> list[str]:
    """Everything that is not as promised; empty when all is well."""
    found = list(history.false_steps)
    by_room = {one.room_id: one for one in truths}
    numbers: dict[str, set[int]] = {one.room_id: set() for one in truths}
    """The numbers that were acked, among them those of changes which later ones have taken the place of."""
    for wish in history.wishes():
        numbers[wish.room_id] |= {ack["changed_seq"] for ack in wish.acks}
    for truth in truths:
        found += _of_room(truth, numbers[truth.room_id])
    found += _of_sends(history, by_room)
    found += _of_all_readers(logs)
    for log in logs:
        found += [f"room {log.room_id}: {step}" for step in log.false_steps]
        found += _of_reader(log, by_room[log.room_id])
    return found


def _of_room(truth: Truth, acked: set[int]) -> list[str]:
    """Nothing twice, no gaps, and REST, catching up and the disk say the same."""
    found: list[str] = []
    where = f"room {truth.room_id}"
    seqs = [message["seq"] for message in truth.messages]
    if seqs != sorted(set(seqs)):
        found.append(f"{where}: its history is not in order, or has a number twice")
    twice = [
        key for key, count in Counter((one["author"]["id"], one["client_id"]) for one in truth.messages).items() if count > 1
    ]
    if twice:
        found.append(f"{where}: stored twice: {twice[:5]}")
    if sorted(truth.rows, key=lambda row: row[1]) != [(one["id"], one["seq"]) for one in truth.messages]:
        found.append(f"{where}: the history is not what is on disk")
    changed = {entry.subject: entry.content for entry in truth.changes if entry.content}
    if changed != {one["id"]: content_of(one) for one in truth.messages}:
        found.append(f"{where}: catching up from 0 does not give the messages of the history")
    numbers = {entry.seq for entry in truth.changes} | set(seqs)
    if len(truth.changes) != len({entry.seq for entry in truth.changes}):
        found.append(f"{where}: two changes have one number")
    missing = sorted(set(range(1, truth.seq + 1)) - numbers - acked)
    if missing and not any(entry.event in UNACKED for entry in truth.changes):
        found.append(f"{where}: the log has gaps, or changes that nobody made: {missing[:10]} of 1..{truth.seq}")
    if numbers and max(numbers) > truth.seq:
        found.append(f"{where}: a number beyond the room's own {truth.seq}")
    return found


def _of_sends(history: History, by_room: dict[str, Truth]) -> list[str]:
    """acked ⊆ log under the acked numbers, all acks of one send alike, refused ∉ log, and nothing that nobody sent."""
    found: list[str] = []
    stored: dict[tuple[str, str], dict[str, Any]] = {}
    for truth in by_room.values():
        for message in truth.messages:
            if message["kind"] != "stream":
                stored[message["author"]["id"], message["client_id"]] = message
    for key, send in history.sends.items():
        found += _of_send(send, stored.get(key))
    strangers = [key for key in stored if key not in history.sends]
    if strangers:
        found.append(f"stored, and nobody sent it: {strangers[:5]}")
    return found


def _of_send(send: Send, message: dict[str, Any] | None) -> list[str]:
    what = f"{send.client_id} of {send.author}"
    if message is None:
        return [f"acked and lost: {what}, seq {send.acks[0]['seq']}"] if send.acks else []
    if send.refused:
        return [f"refused ({send.refusals[-1]}) and yet stored: {what}, seq {message['seq']}"]
    found: list[str] = []
    if len({(ack["id"], ack["seq"]) for ack in send.acks} | {(message["id"], message["seq"])}) > 1:
        found.append(f"acked under other numbers than stored: {what}")
    made = [change for change in send.changes if change.acks]
    if not made and len({content_of(ack) for ack in send.acks}) > 1:
        found.append(f"its acks differ: {what}")
    latest = made[-1].acks if made else send.acks
    if latest and content_of(latest[0]) != content_of(message):
        found.append(f"acked something else than was stored: {what}")
    if not made and any(message.get(name) != value for name, value in send.content.items()):
        found.append(f"stored something else than was sent: {what}")
    for number, change in enumerate(made):
        found += _of_change(change, f"change {number} of {what}")
    return found


def _of_change(change: Change, what: str) -> list[str]:
    """All acks of one change are alike, and say what it wanted."""
    found: list[str] = []
    if len({content_of(ack) for ack in change.acks}) > 1:
        found.append(f"its acks differ: {what}")
    if change.refusals and not set(change.refusals) <= RETRYABLE:
        found.append(f"acked and refused ({change.refusals[-1]}): {what}")
    if any((ack["text"], "deleted" in ack) != (change.text, change.text is None) for ack in change.acks):
        found.append(f"acked something else than was wanted: {what}")
    return found


def _of_all_readers(logs: list[RoomLog]) -> list[str]:
    """Under one number everybody heard the same, also what was changed again since."""
    heard: dict[tuple[str, int], Entry] = {}
    found: list[str] = []
    for log in logs:
        for entry in log.applied:
            other = heard.setdefault((log.room_id, entry.seq), entry)
            if other != entry:
                found.append(f"room {log.room_id}: one reader heard {other}, another {entry}")
    return found


def _of_reader(log: RoomLog, truth: Truth) -> list[str]:
    """The reader's log is the server's, from where the reader began to where it went."""
    where = f"a reader of {truth.room_id} from {log.base}"
    if not log.left and log.held:
        return [f"{where}: waits at {log.position} for what does not come; holds {sorted(log.held)[:5]}"]
    if not log.left and log.position != truth.seq:
        return [f"{where}: stands at {log.position} of {truth.seq}"]
    numbers = [entry.seq for entry in log.applied]
    if any(later <= earlier for earlier, later in pairwise(numbers)):
        return [f"{where}: applied twice or out of order"]
    theirs = [entry for entry in truth.changes if log.base < entry.seq <= log.position]
    mine = _last_of_each(log.applied)
    if log.left:
        # What was changed again after the reader had left stands under a later number by now.
        still = {entry.subject for entry in theirs}
        mine = [entry for entry in mine if entry.subject in still]
    if mine != theirs:
        differing = [entry for entry in theirs if entry not in set(mine)] + [
            entry for entry in mine if entry not in set(theirs)
        ]
        return [f"{where}: has {len(mine)} of {len(theirs)}; differing: {differing[:5]}"]
    return []


def _last_of_each(entries: list[Entry]) -> list[Entry]:
    """One entry a subject, its last: what catching up would give."""
    last = {entry.subject: entry for entry in entries}
    return sorted(last.values())
