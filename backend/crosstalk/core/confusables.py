"""What Unicode knows of letters that look alike: UTS 39's prototypes and each character's script.

Both come from the data files of the package confusable_homoglyphs, which has Unicode's confusables.txt and Scripts.txt. Only its
data is read: its functions compare single characters, and importing them keeps the whole of it in memory.
"""

import importlib.util
import json
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

Prototypes = dict[int, str]
"""Code point → what it looks like, as `str.translate` takes it."""

# The package writes right-to-left prototypes between two of these.
_MARK = "\u200e"
_PASSES = 4


class _Scripts(NamedTuple):
    starts: list[int]
    ends: list[int]
    names: list[str]


def skeleton(text: str) -> str:
    """UTS 39, section 4: equal for two texts that a reader can take for one another. The case of letters counts."""
    return _skeleton(text, _prototypes())


def folded_skeleton(text: str) -> str:
    """The same for texts in which the case of letters does not count."""
    return _skeleton(text.casefold(), _folded_prototypes())


def _skeleton(text: str, prototypes: Prototypes) -> str:
    drawn = unicodedata.normalize("NFD", text).translate(prototypes)
    return unicodedata.normalize("NFC", drawn)


def script_of(letter: str) -> str:
    """The character's Script property in capitals: `LATIN`, `HAN`, `COMMON`, `INHERITED`; `UNKNOWN` for what has none."""
    scripts = _scripts()
    at = bisect_right(scripts.starts, ord(letter)) - 1
    return scripts.names[at] if at >= 0 and ord(letter) <= scripts.ends[at] else "UNKNOWN"


@cache
def _scripts() -> _Scripts:
    stored = _read("categories.json")
    ranges, names = stored["code_points_ranges"], stored["iso_15924_aliases"]
    return _Scripts([one[0] for one in ranges], [one[1] for one in ranges], [names[one[2]] for one in ranges])


@cache
def _prototypes() -> Prototypes:
    """The package has each pair in both directions. The pairs make stars: in the middle is the prototype, around it what looks
    like it."""
    stored = _read("confusables.json")
    neighbours = {_bare(text): {_bare(pair["c"]) for pair in pairs} for text, pairs in stored.items()}
    prototypes: Prototypes = {}
    for text, others in neighbours.items():
        if len(text) != 1:
            continue
        middle = text if len(others) > 1 else next(iter(others))
        if len(middle) == 1 and len(neighbours.get(middle, ())) == 1:
            middle = min(text, middle)  # a pair alone: either may stand for both
        if middle != text:
            prototypes[ord(text)] = unicodedata.normalize("NFD", middle)
    return _closed(prototypes)


@cache
def _folded_prototypes() -> Prototypes:
    folded = {point: prototype.casefold() for point, prototype in _prototypes().items()}
    return _closed({point: prototype for point, prototype in folded.items() if chr(point) != prototype})


def _closed(prototypes: Prototypes) -> Prototypes:
    """With prototypes that hold nothing which has a prototype itself, so that one pass over a text is enough."""
    for _ in range(_PASSES):
        prototypes = {point: prototype.translate(prototypes) for point, prototype in prototypes.items()}
    return prototypes


def _bare(text: str) -> str:
    return text.replace(_MARK, "")


def _read(file: str) -> Any:
    package = importlib.util.find_spec("confusable_homoglyphs")
    assert package is not None
    [folder] = package.submodule_search_locations or _nowhere()
    return json.loads((Path(folder) / file).read_bytes())


def _nowhere() -> Iterable[str]:
    raise FileNotFoundError("confusable_homoglyphs is not installed as a package")
