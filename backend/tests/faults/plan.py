"""What is sent, drawn from a seed: texts of all kinds, and some sends that must be refused."""

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
    """One send of one client."""

    client: int
    room: int
    client_id: str
    content: dict[str, Any]
    refused: bool = False
    """Whether the server has to refuse it."""


def text_of(rng: random.Random) -> str:
    """Mostly short, sometimes long, never blank."""
    count = rng.choice((1, 2, 3, 5, 8)) if rng.random() < 0.97 else rng.randrange(100, 200)
    return ("x" + " ".join(rng.choice(WORDS) for _ in range(count)))[:TEXT_LIMIT]


def sends(rng: random.Random, clients: int, rooms: int, count: int, *, refusals: float = 0.02) -> list[Planned]:
    """`count` sends that are good, and some besides that are not, in the order in which they are to be sent."""
    planned: list[Planned] = []
    for number in range(count):
        client, room, client_id = rng.randrange(clients), rng.randrange(rooms), f"p{number}-{rng.getrandbits(32):08x}"
        if rng.random() < 0.9:
            content: dict[str, Any] = {"text": text_of(rng)}
        else:
            content = {"kind": "json", "data": {"number": number, "words": [rng.choice(WORDS) for _ in range(3)]}}
        planned.append(Planned(client, room, client_id, content))
        if rng.random() < refusals:
            planned.append(Planned(client, room, f"bad-{client_id}", rng.choice(BAD), refused=True))
    return planned


BAD: tuple[dict[str, Any], ...] = (
    {"text": ""},
    {"text": "x" * 8_001},
    {"text": "fine", "color": "unknown field"},
    {"kind": "json", "text": "of the other kind"},
    {"kind": "stream", "text": "not to be sent"},
)
