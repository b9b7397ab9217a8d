"""One client's copy of a room's log: kept by seq alone, early events held, gaps noticed."""

from typing import Any, NamedTuple

Change = dict[str, Any]


class Entry(NamedTuple):
    """A change, as small as it can be kept a hundred thousand times."""

    seq: int
    event: str
    subject: str
    """The id of the message, or of the user who came or went."""
    content: int
    """Equal contents have equal numbers, within one process."""


def entry_of(change: Change) -> Entry:
    message = change.get("message")
    if message is None:
        return Entry(change["seq"], change["event"], change["user"]["id"], 0)
    return Entry(change["seq"], change["event"], message["id"], content_of(message))


def content_of(message: dict[str, Any]) -> int:
    kept = (
        "room_id",
        "seq",
        "changed_seq",
        "client_id",
        "kind",
        "text",
        "created_at",
        "edited_at",
        "deleted",
        "data",
        "stream",
    )
    return hash((message["author"]["id"], *(repr(message.get(name)) for name in kept)))


class RoomLog:
    """What a reader knows of a room after `base`, the position from which it was told everything."""

    def __init__(self, room_id: str, base: int, epoch: str) -> None:
        self.room_id = room_id
        self.base = base
        self.position = base
        self.epoch = epoch
        self.applied: list[Entry] = []
        self.held: dict[int, Entry] = {}
        self.repeated = 0
        """Events at or before the position: harmless, they are dropped."""
        self.left = False
        """Whether the reader went away before the end; what it had until then counts."""
        self.false_steps: list[str] = []
        self._named: dict[int, Entry] = {}

    def hear(self, change: Change) -> None:
        """A live event."""
        entry = self._known(change)
        if entry.seq <= self.position:
            self.repeated += 1
        elif entry.seq > self.position + 1:
            self.held[entry.seq] = entry
        else:
            self._apply(entry)
            self._apply_held()

    def catch_up(self, answer: dict[str, Any]) -> None:
        """A page of changes: one an item, its last change; the numbers between them were changed again since."""
        before = 0
        for change in answer["changes"]:
            entry = self._known(change)
            if entry.seq <= before:
                self.false_steps.append(f"a page of changes has {entry.seq} after {before}")
            before = entry.seq
            if entry.seq > self.position:
                self._apply(entry)
        if answer["more"] is not (before <= answer["position"] < answer["latest"]):
            self.false_steps.append(f"{answer['position']} of {answer['latest']} after {before}, more: {answer['more']}")
        self.position = max(self.position, answer["position"])
        self.held = {seq: entry for seq, entry in self.held.items() if seq > self.position}
        self._apply_held()

    def _apply_held(self) -> None:
        while (early := self.held.pop(self.position + 1, None)) is not None:
            self._apply(early)

    def _apply(self, entry: Entry) -> None:
        self.position = entry.seq
        self.applied.append(entry)

    def _known(self, change: Change) -> Entry:
        """The change; whatever else was told under its number is a false step."""
        entry = entry_of(change)
        known = self._named.setdefault(entry.seq, entry)
        if known != entry:
            self.false_steps.append(f"{known} and {entry} have the same number")
        return known
