"""Names: which are kept, which are refused, and which are the same. Each list stands for a kind; none of it is all of a kind."""

import unicodedata

import pytest
from pydantic_core import PydanticCustomError

from bounds.doubling import assert_linear
from crosstalk.core.names import clean_name, is_reserved, name_key, name_look, shown_part

GOOD = [
    "Ann", "O'Brien", "José", "Łukasz", "Nguyễn Thị", "Ẹ̀kọ́", "Владимир", "Ελένη", "王小明", "佐々木", "バー", "김민수", "สมชาย", "ครู", "नरेंद्र", "தமிழ்",
    "ශ්‍රී", "علی‌رضا", "مُحَمَّد", "שָׁלוֹם", "C#", "a_b", "it’s", "2nd Floor", "42", "Анна Smith", "dev-чат", "テストLatin漢字", "김A漢", "ㄅㄆABC中",
    "👩‍🚀 Zoe", "1️⃣ first", "❤️", "🏳️‍🌈", "👋🏽", "🙂‍↔️", "©", "Ali", "Ian", "Lan", "Admin of the garden", "Guest 7", "x" * 40,
]  # fmt: skip

# Default_Ignorable_Code_Point (DerivedCoreProperties.txt), by its ranges; all of them are unassigned, Cf, Mn or Lo.
IGNORABLE = [
    *range(0xAD, 0xAE), 0x34F, 0x61C, *range(0x115F, 0x1161), *range(0x17B4, 0x17B6), *range(0x180B, 0x1810), *range(0x200B, 0x2010),
    *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x3164, *range(0xFE00, 0xFE10), 0xFEFF, 0xFFA0, *range(0xFFF0, 0xFFF9),
    *range(0x1BCA0, 0x1BCA4), *range(0x1D173, 0x1D17B), *range(0xE0000, 0xE0200), 0xE0FFF,
]  # fmt: skip
CONTROLS = [*range(0x09), *range(0x0E, 0x1C), 0x7F, *range(0x80, 0x85), *range(0x86, 0xA0)]
UNASSIGNED = [0x378, 0xE000, 0xF8FF, 0xFFFF, 0xF0000, 0x10FFFD]
BLANK = [0x2800, 0xFFFC, 0x1D159]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_people_have_is_kept(name: str) -> None:
    assert clean_name(f"  {name} ", 40) == unicodedata.normalize("NFKC", name)
    assert not is_reserved(name)
    assert clean_name(clean_name(name, 40), 40) == clean_name(name, 40)


@pytest.mark.parametrize(
    "points", [IGNORABLE, CONTROLS, UNASSIGNED, BLANK], ids=["ignorable", "control", "unassigned", "blank"]
)
def test_what_is_not_seen_is_refused_wherever_it_stands(points: list[int]) -> None:
    for point in points:
        for name in (chr(point), f"A{chr(point)}nn", f"Ann{chr(point)}", f"{chr(point)}Ann", f"Ann {chr(point)} Bee"):
            with pytest.raises(PydanticCustomError, match=r"remove|must have"):
                clean_name(name, 40)


@pytest.mark.parametrize(
    "name",
    ["", " ", "...", "\u3000", "\u0301", "Ann \u0301", "!\u0301", "\u200d", "👩\u200d", "\u200d👩", "a\ufe0fb", "a\u200db", "م\u200c", "A\u0332nn", "a\u0336b",
     "e\u20dd", "a" + "\u0300" * 4, "ก" + "่" * 5, "pаypal", "Αnn", "Crosstаlk", "テストж", "user\u0661а"],
)  # fmt: skip
def test_a_name_that_shows_nothing_or_something_else_than_it_is_is_refused(name: str) -> None:
    with pytest.raises(PydanticCustomError):
        clean_name(name, 40)


SAME = [
    ["Crosstalk", "crosstalk", "ＣＲＯＳＳＴＡＬＫ", "Crosstаlk", "Сrosstаlk", "Cross\u034ftalk", "Crosstalk\ufe00", "Cros\U000e0100stalk", "C\u3164rosstalk", "Cross\u180btalk",
     "Crosstalk\u2800", "Crosstal\u0332k", "𝐂𝐫𝐨𝐬𝐬𝐭𝐚𝐥𝐤", "Cr0sstalk", "Crossta1k", "Crossta|k",],
    ["Anna", "аnnа", "Аnna", "Αnna", "ANNA", "Ann\u17b4a", "Ann\u0251"],
    ["Bill", "Bi11", "bıll", "Bіll", "BILL", "B\u0456ll"],
    ["Mark", "rnark", "ⅿark"],
    ["Straße", "STRASSE", "strasse"],
    ["Σίσυφος", "σίσυφοσ", "ΣΊΣΥΦΟΣ"],
    ["مُحَمَّد", "محمد"],
    ["علی‌رضا", "علیرضا"],
]  # fmt: skip


@pytest.mark.parametrize("names", SAME)
def test_names_that_a_reader_takes_for_one_another_are_the_same(names: list[str]) -> None:
    assert {name_key(one) for one in names} == {name_key(names[0])}


def test_a_capital_i_and_a_small_l_look_the_same_though_their_keys_differ() -> None:
    for one, other in [("Alice", "AIice"), ("Iris", "lris"), ("Hello", "HeIlo")]:
        assert name_key(one) != name_key(other)
        assert name_look(one) == name_look(other)


def test_names_that_a_reader_tells_apart_are_not_the_same() -> None:
    different = [
        "Ann",
        "Anne",
        "Ann Bee",
        "AnnBee",
        "José",
        "Jose",
        "Jo",
        "Ali",
        "All",
        "Ian",
        "Lan",
        "王",
        "玉",
        "Łukasz",
        "Lukasz",
        "42",
        "24",
    ]
    for one, other in [(one, other) for one in different for other in different if one < other]:
        assert name_key(one) != name_key(other), (one, other)


def test_the_key_is_the_same_in_every_case_and_normal_form() -> None:
    """Otherwise an account could not be signed in to with its name in capitals."""
    for name in GOOD:
        assert name_key(name.casefold()) == name_key(name.upper()) == name_key(name)
        for form in ("NFC", "NFD", "NFKC", "NFKD"):
            assert name_key(unicodedata.normalize(form, name)) == name_key(name), (name, form)


@pytest.mark.parametrize(
    "name", ["System", "SYSTEM", "Ѕуѕtеm", "5ystem", "S y s t e m", "[System]", "Assistant", "Assıstant", "Asslstant", "Crosstalk", "admin", "Adm1n", "ADMІN", "Moderator",
             "Mоderator", "Support", "everyone", "@here", "@all", "AII", "Ａｌｌ", "staff", "系统", "管理员", "root"]
)  # fmt: skip
def test_names_that_speak_for_the_service_are_reserved(name: str) -> None:
    assert is_reserved(name)


def test_what_is_shown_of_a_name_from_before_the_rules() -> None:
    assert shown_part("a\u202eb\x07\u200b  c\u2800") == "ab c"
    assert shown_part("\u200b") == ""


@pytest.mark.parametrize(
    "unit",
    ["\u0301", "a\u0301", "👩\u200d", "1\ufe0f", "ल्\u200d", "ا\u200c", "\u200c", "ﷺ", "аa", "m", " ", "\u1100\u1161", "\u0344"],
)
def test_a_name_costs_time_linear_in_its_length(unit: str) -> None:
    def work(size: int) -> None:
        name = (unit * size)[:size]
        name_key(name)
        name_look(name)
        is_reserved(name)
        with pytest.raises(PydanticCustomError):
            clean_name(name, 0)

    assert_linear(lambda size: lambda: work(size), 4_000, f"{unit!r} repeated")
