"""Which passwords an account may not have: those that guessing tries first (NIST SP 800-63B, 5.1.1.2; ASVS 5.0, 6.2)."""

import importlib.util
import unicodedata
from functools import cache
from itertools import pairwise

from crosstalk.features.accounts.password import prepared

_SERVICE = "crosstalk"
LEAST_LENGTH = 8
_FEWEST_CHARACTERS = 4
"""A password has at least so many different characters."""


def password_problem(password: str, name: str) -> str | None:
    """Why this password is refused for an account of this name, as the message for its field; None when it is good.

    Both inputs are bounded by their types. Every rule takes time linear in the length.
    """
    plain = _plain(password)
    if len(prepared(password)) < LEAST_LENGTH:
        return f"must have at least {LEAST_LENGTH} characters"
    if not plain:
        return "must not be blank; choose a longer phrase that others cannot guess"
    if len(set(plain)) < _FEWEST_CHARACTERS or _is_sequence(plain):
        return "is too simple; use a phrase of several words"
    word = _unit(plain)
    if any(_is_hardly_more_than(own, word) for own in (_plain(name), _SERVICE)):
        return "must not be the name; choose a phrase that others cannot guess"
    if not {word, _letters_inside(word)}.isdisjoint(_common_passwords()):
        return "is one of the most common passwords; choose a phrase that others cannot guess"
    return None


def _plain(text: str) -> str:
    """Without regard to case, blanks and compatibility forms."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_hardly_more_than(own: str, word: str) -> bool:
    """Whether the word is this name with nothing but digits and signs around it."""
    before, found, after = word.partition(own)
    return bool(found) and not any(one.isalpha() for one in before + after)


def _is_sequence(text: str) -> bool:
    """Whether the characters follow each other, upwards or downwards: `abcdefgh`, `87654321`, `1234567890`."""
    if text in ("1234567890", "0987654321"):
        return True
    steps = {ord(second) - ord(first) for first, second in pairwise(text)}
    return steps in ({1}, {-1})


def _unit(text: str) -> str:
    """What the text repeats: `monkey` for `monkeymonkey`; the text itself when it repeats nothing."""
    return text[: (text + text).index(text, 1)]


def _letters_inside(text: str) -> str:
    """Without the digits and signs at both ends: `dragon` for `dragon2024!`. Unchanged when fewer than four characters are left."""
    letters = [index for index, one in enumerate(text) if one.isalpha()]
    inside = text[letters[0] : letters[-1] + 1] if letters else ""
    return inside if len(inside) >= _FEWEST_CHARACTERS else text


@cache
def _common_passwords() -> frozenset[str]:
    """The 30,000 most common passwords, in lower case, from zxcvbn.

    Only its list is read: importing the package would keep 15 MB of other dictionaries, and its estimate takes more than linear time.
    """
    package = importlib.util.find_spec("zxcvbn")
    assert package is not None
    [folder] = package.submodule_search_locations or []
    found = importlib.util.spec_from_file_location("zxcvbn_frequency_lists", f"{folder}/frequency_lists.py")
    assert found is not None
    assert found.loader is not None
    lists = importlib.util.module_from_spec(found)
    found.loader.exec_module(lists)
    return frozenset(lists.FREQUENCY_LISTS["passwords"])
