"""Names of people, rooms and bots: how they are kept, which are refused, and when two of them are the same.

A name is kept in the form of RFC 8266: NFKC, with single spaces. What makes two names the same is the skeleton of UTS 39, without
regard to case. Every input is bounded before it is normalised, and every step takes linear time.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from pydantic_core import PydanticCustomError

from crosstalk.core.confusables import folded_skeleton, script_of, skeleton

MARKS_A_LETTER = 4
"""Combining marks on one letter. Hebrew with all its points has so many."""
ACCENTS_A_LETTER = 2
"""The same on a Latin, Greek or Cyrillic letter, beside those that are one character with it."""
_SIMILAR_LENGTH = 5
"""In reserved words of so many letters i and l count as one. In shorter ones they do not: Ali is not all."""

# Default_Ignorable_Code_Point without the characters that the category Cf has already, and characters that are drawn as nothing:
# Braille blank, object replacement, null notehead, Khitan filler, hieroglyph blanks.
_IGNORED = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff"
    "\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_BLANK = re.compile("[\u2800\ufffc\U0001d159\U00016fe4\U00013441\U00013442]")
_UNUSABLE = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}

_PICTURE = "[\u2190-\u21ff\u2300-\u23ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff]"
_SKIN = "[\U0001f3fb-\U0001f3ff]"
# UTS 51: a keycap, or pictures with their modifiers, joined by ZWJ.
_EMOJI = re.compile(
    f"[0-9#*]\ufe0f?\u20e3|{_PICTURE}{_SKIN}?\ufe0f?(?:\u200d{_PICTURE}{_SKIN}?\ufe0f?)*+|[\u00a9\u00ae\u3030\u303d\u3297\u3299]\ufe0f?"
)
# Marks that other alphabets put on Latin, Greek and Cyrillic letters. Others draw lines through and below the letters, or circles.
_ACCENTS = frozenset("\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u030f\u0311\u031b") | frozenset(
    "\u0323\u0324\u0325\u0326\u0327\u0328\u032d\u032e\u0330\u0331\u0342\u0345\u0313\u0314\u0306"
)
_EUROPEAN = {"LATIN", "GREEK", "CYRILLIC", "COMMON"}
_VIRAMA = 9
_PERSIAN = re.compile(
    "[\u0620-\u065f\u066e-\u06d5\u06fa-\u06ff\u0750-\u077f]\u200c[\u0620-\u064a\u066e-\u06d5\u06fa-\u06ff\u0750-\u077f]"
)

# UTS 39, section 5.2: what may be mixed in one word of a highly restrictive name.
_MIXED = (
    {"LATIN", "HAN", "HIRAGANA", "KATAKANA"},
    {"LATIN", "HAN", "BOPOMOFO"},
    {"LATIN", "HAN", "HANGUL"},
)
_ANY = {"COMMON", "INHERITED"}
_DIGITS = str.maketrans("013457", "oieast")  # as which they are read within a word

_RESERVED = (
    "system server crosstalk assistant bot admin administrator administrators admins moderator moderators mod mods owner staff support "
    "helpdesk security official root superuser service everyone everybody all here channel room online "
    "nobody unknown deleted null undefined me you 系统 系统管理员 系统消息 管理员 版主 客服 官方 助手 机器人 所有人 全体成员"
)


@dataclass(frozen=True)
class CleanName:
    """The validator of a field that takes a name of at most `limit` characters; `AtMost(4 * limit)` stands before it, because
    what is normalised may be longer before than after, but not much."""

    limit: int

    def __call__(self, name: str) -> str:
        return clean_name(name, self.limit)


def clean_name(name: str, limit: int) -> str:
    """The name as it is kept. Raises PydanticCustomError with what is wrong with it. `name` is bounded already."""
    name = " ".join(unicodedata.normalize("NFKC", name).split())
    plain = _EMOJI.sub("\u2605", name)
    if (problem := _problem(plain)) is not None:
        raise PydanticCustomError("name", problem)
    if len(name) > limit:
        raise PydanticCustomError("too_large", "must have at most {limit} characters", {"limit": limit})
    return name


def shown_part(name: str) -> str:
    """What is left of a name without control characters and what is not seen: for names from before these rules."""
    seen = (one for one in _IGNORED.sub("", _BLANK.sub("", name)) if unicodedata.category(one) not in _UNUSABLE)
    return " ".join("".join(seen).split())


def _problem(name: str) -> str | None:
    """Why a name is refused that holds no emoji any more; None when it is good."""
    text = _without_joiners(name)
    if _IGNORED.search(text) or any(unicodedata.category(one) in _UNUSABLE for one in text):
        return "has an invisible or control character; remove it or type the name again"
    if _BLANK.search(text):
        return "has an invisible character; remove it"
    if not any(unicodedata.category(one)[0] in "LNS" for one in text):
        return "must have a letter, a number or a symbol"
    if _badly_marked(text):
        return "has combining marks that no language uses like this; use plain letters"
    if any(_is_mixed(word) for word in _words(text)):
        return "mixes alphabets within a word; use one alphabet per word"
    return None


def _without_joiners(name: str) -> str:
    """Without the joiners that spelling needs (RFC 5892, appendix A): behind a virama, and ZWNJ between Arabic letters."""
    if "\u200c" not in name and "\u200d" not in name:
        return name
    for found in list(_PERSIAN.finditer(name))[::-1]:
        name = name[: found.start() + 1] + name[found.end() - 1 :]
    kept = [
        one
        for before, one in zip(" " + name, name, strict=False)
        if one not in "\u200c\u200d" or unicodedata.combining(before) != _VIRAMA
    ]
    return "".join(kept)


def _badly_marked(text: str) -> bool:
    """Whether a mark stands on nothing, is a line or a circle around a European letter, or is one too many."""
    left, european = 0, False
    for one in text:
        category = unicodedata.category(one)
        if category[0] != "M":
            european = script_of(one) in _EUROPEAN
            left = 0 if category[0] not in "LNS" else ACCENTS_A_LETTER if european else MARKS_A_LETTER
            continue
        left -= 1
        if left < 0 or category == "Me" or (european and one not in _ACCENTS and script_of(one) == "INHERITED"):
            return True
    return False


def _words(text: str) -> list[str]:
    """What stands between blanks, punctuation and symbols."""
    return "".join(one if unicodedata.category(one)[0] in "LMN" else " " for one in text).split()


def _is_mixed(word: str) -> bool:
    scripts = {script_of(one) for one in word} - _ANY
    return len(scripts) > 1 and not any(scripts <= together for together in _MIXED)


def name_key(name: str) -> str:
    """Equal for two names that are the same: in other letters that look alike, in another case, with what is not seen. Empty for
    a name that shows nothing."""
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded_skeleton(_seen(folded)).split())


def name_look(name: str) -> str:
    """Equal for two names that look the same as they are written: a capital I and a small l, which `name_key` tells apart."""
    return " ".join(skeleton(_seen(unicodedata.normalize("NFKC", name))).split())


def _seen(text: str) -> str:
    """Without what is not seen, and without accents that belong to no letter of their own."""
    seen = unicodedata.normalize("NFC", _BLANK.sub("", _IGNORED.sub("", text)))
    return "".join(one for one in seen if not (unicodedata.category(one)[0] == "M" and script_of(one) == "INHERITED"))


def is_reserved(name: str) -> bool:
    """Whether a name, or what looks like it, speaks for the service, or addresses all: `System`, `@everyone`, `Аdm1n`."""
    forms = (name, name.translate(_DIGITS))
    return not _reserved_words().isdisjoint(_letters(made) for form in forms for made in (name_key(form), name_look(form)))


@cache
def _reserved_words() -> frozenset[str]:
    forms = [form for word in _RESERVED.split() for form in (word, word.capitalize())]
    return frozenset(_letters(made) for form in forms for made in (name_key(form), name_look(form)))


def _letters(key: str) -> str:
    letters = "".join(one for one in key if unicodedata.category(one)[0] in "LMN").casefold()
    return letters if len(letters) < _SIMILAR_LENGTH else letters.replace("i", "l")
