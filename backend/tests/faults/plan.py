"""What is sent and changed, drawn from a seed: texts of all kinds, and some things that must be refused."""

import random
from dataclasses import dataclass
from typing import Any

WORDS = (
    "pear",
    "Straße",
    "漢字",
    "🙂",
    "👩‍👩‍👧",
    "naïve",
    '"quoted"',
    "back\\slash",
    "</script>",
    "\t",
    "\n",
    "\u2028",
    "٣",
    "a" * 70,
)
TEXT_LIMIT = 4_000


@dataclass(frozen=True)
class Planned:
    """One send of one client, or with `of` a change of what it sent: an edit, or a deletion when there is no text."""

    client: int
    room: int
    client_id: str
    content: dict[str, Any]
    refused: bool = False
    """Whether the server has to refuse it."""
    of: str | None = None
    """The client_id of the message that is changed."""
    times: int = 1
    """How often a change is said at the same time."""


def text_of(rng: random.Random) -> str:
    """Mostly short, sometimes long, never blank."""
    count = rng.choice((1, 2, 3, 5, 8)) if rng.random() < 0.97 else rng.randrange(100, 200)
    return ("x" + " ".join(rng.choice(WORDS) for _ in range(count)))[:TEXT_LIMIT]


def sends(
    rng: random.Random, clients: int, rooms: int, count: int, *, refusals: float = 0.02, changes: float = 0.0
) -> list[Planned]:
    """`count` sends that are good, and some besides that are not, in the order in which they are to be sent.

    `changes`: how many a send come between them, edits and deletions of what the same client has sent before.
    """
    planned: list[Planned] = []
    texts: dict[int, list[str]] = {}
    deleted: set[str] = set()
    for number in range(count):
        client, room, client_id = rng.randrange(clients), rng.randrange(rooms), f"p{number}-{rng.getrandbits(32):08x}"
        if rng.random() < 0.9:
            content: dict[str, Any] = {"text": text_of(rng)}
        else:
            content = {"kind": "json", "data": {"number": number, "words": [rng.choice(WORDS) for _ in range(3)]}}
        planned.append(Planned(client, room, client_id, content))
        if rng.random() < refusals:
            planned.append(Planned(client, room, f"bad-{client_id}", rng.choice(BAD), refused=True))
        if "text" in content:
            texts.setdefault(client, []).append(client_id)
        if texts.get(client) and rng.random() < changes:
            planned.append(change(rng, client, rng.choice(texts[client]), deleted))
    return planned


def change(rng: random.Random, client: int, of: str, deleted: set[str]) -> Planned:
    """An edit or a deletion. What was deleted before cannot be edited; to delete it again is harmless."""
    times = rng.choice((1, 1, 2, 3))
    if rng.random() < 0.7:
        return Planned(client, 0, "", {"text": new_text(rng)}, refused=of in deleted, of=of, times=times)
    deleted.add(of)
    return Planned(client, 0, "", {}, of=of, times=times)


def new_text(rng: random.Random) -> str:
    """Such as no message has: the same text again would be no edit."""
    return f"{text_of(rng)[: TEXT_LIMIT - 20]} {rng.getrandbits(64):016x}"


BAD: tuple[dict[str, Any], ...] = (
    {"text": ""},
    {"text": "x" * 8_001},
    {"text": "fine", "color": "unknown field"},
    {"kind": "json", "text": "of the other kind"},
    {"kind": "stream", "text": "not to be sent"},
)
