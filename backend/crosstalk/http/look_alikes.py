"""Host names in other scripts: the form that browsers send, and whether one host can be taken for another."""

import re
import unicodedata
from functools import lru_cache

_DOTS = re.compile("[.。．｡]")
_LABEL = 63
# What is drawn like a Latin letter and does not lose its strangeness under NFKD.
_DRAWN_LIKE = str.maketrans(
    "аеорсухіјѕһԁԛԝкпгтмнвьӏ" + "αονρικυτεηωχγ" + "օոսհցզ" + "ıɩɑɡłøđħʟ" + "01i",
    "aeopcyxljshdqwknrtmhbbl" + "aovplkutenwxy" + "onuhgq" + "llaglodhl" + "oll",
)


def ascii_host(host: str) -> str:
    """`bücher.example` as browsers send it: `xn--bcher-kva.example`."""
    return ".".join(_ascii_label(label) for label in _DOTS.split(unicodedata.normalize("NFKC", host).lower()))


def _ascii_label(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode", "replace").decode("ascii")


def unicode_host(host: str) -> str:
    """`xn--bcher-kva.example` as people read it; labels that cannot be read stay as they are."""
    return ".".join(_unicode_label(label) for label in host.split("."))


def _unicode_label(label: str) -> str:
    if not label.startswith("xn--") or len(label) > _LABEL:
        return label
    try:
        return label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return label


# Those of the list are asked for at each refusal.
@lru_cache(maxsize=4096)
def skeleton(host: str) -> str:
    """Equal for two hosts that a reader can take for one another (a small part of what UTS 39 knows)."""
    apart = unicodedata.normalize("NFKD", unicode_host(host).lower())
    bare = "".join(letter for letter in apart if not unicodedata.combining(letter))
    return bare.translate(_DRAWN_LIKE).replace("rn", "m").replace("vv", "w")


def strange_letter(host: str) -> str | None:
    """The first letter beyond ASCII, by its name in Unicode: `U+0430 CYRILLIC SMALL LETTER A`."""
    for letter in unicode_host(host):
        if not letter.isascii():
            return f"U+{ord(letter):04X} {unicodedata.name(letter, '')}".rstrip()
    return None


def one_letter_apart(one: str, other: str) -> bool:
    """One letter more, less or different, or two neighbours swapped."""
    start = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other)))
    one, other = one[start:], other[start:]
    if len(one) == len(other):
        return one[1:] == other[1:] or (one[:2] == other[:2][::-1] and one[2:] == other[2:])
    return one[1:] == other or one == other[1:]
