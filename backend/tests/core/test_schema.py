"""JSON as strict as RFC 8259, limits that are named, and offsets as JavaScript counts them."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crosstalk.core.errors import CrosstalkError
from crosstalk.core.schema import (
    MAX_INTEGER,
    NotJSON,
    Shape,
    TooDeep,
    dumps,
    json_problem,
    loads,
    utf16_cut,
    utf16_head,
    utf16_length,
)

TEXT = st.text(alphabet=st.characters(codec="utf-8"))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_is_written_is_read_again(value: Any) -> None:
    assert loads(dumps(value)) == value
    assert loads(json.dumps(value)) == value
    assert loads(dumps(value).encode()) == value


@given(st.text(max_size=40) | st.binary(max_size=40).map(lambda raw: raw.decode("utf-8", "replace")))
def test_whatever_comes_is_read_as_the_standard_library_reads_it_or_refused(text: str) -> None:
    def refuse(name: str) -> Any:
        raise ValueError(name)

    try:
        expected = json.loads(text, parse_constant=refuse)
    except ValueError:
        with pytest.raises(NotJSON):
            loads(text)
        return
    if isinstance(expected, float) and math.isinf(expected):
        with pytest.raises(NotJSON):
            loads(text)
        return
    assert loads(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "NaN",
        "[NaN]",
        "Infinity",
        "-Infinity",
        "1e999",
        "[1,-1e400]",
        "01",
        "+1",
        ".5",
        "1.",
        "'x'",
        '"\n"',
        '"\\x"',
        "[1,]",
        '{"a":1,}',
        "{a:1}",
        "nul",
        "[1]x",
        "\ufeff[]",
        "[" * 500,
        "]",
        "[" * 500 + "}" * 500,
        '{"a":' * 500 + "1",
    ],
    ids=lambda text: text[:12],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(NotJSON):
        loads(text)


@pytest.mark.parametrize("text", [b"\xff", b'"\xed\xa0\x80"', b"\xef\xbb\xbf[]", b'"\xc0\x80"'])
def test_what_is_no_utf8_is_no_json(text: bytes) -> None:
    with pytest.raises(NotJSON):
        loads(text)


@pytest.mark.parametrize(
    ("text", "field", "says"),
    [
        ('{"a":9007199254740993}', "a", "2^53"), ('{"a":-9007199254740993}', "a", "2^53"), ('{"a":[1,{"b":18446744073709551616}]}', "a.1.b", "2^53"),
        ('{"a":' + "9" * 5_000 + "}", "a", "2^53"), ('{"a":"x\\u0000"}', "a", "NUL"), ('{"a":"\\ud800"}', "a", "surrogate"),
        ('{"a":"\\udc00\\ud800"}', "a", "surrogate"), ('{"a":{"b\\u0000":1}}', "a", "NUL"), ('{"\\ud800":1}', "", "surrogate"),
        ('{"a":' + "[" * 32 + "]" * 32 + "}", "a", "32"), ('{"a":' + "[" * 500 + "]" * 500 + "}", "a", "32"),
        ('{"x":1,"a":["[{",' + "[" * 500 + '"]}"' + "]" * 501 + "}", "a", "32"),
    ],
    ids=lambda one: one[:16],
)  # fmt: skip
def test_what_breaks_a_limit_is_read_and_named(text: str, field: str, says: str) -> None:
    problem = json_problem(loads(text))
    assert problem is not None
    assert problem[0] == field
    assert says in problem[1]


@pytest.mark.parametrize(
    "text",
    ["[" * 2_000, "[" * 2_000 + "]" * 2_000, "[" * 2_000 + "}" * 2_000, '{"a":' * 60_000 + "1" + "}" * 60_000,
     '{"a":' + "[" * 2_000 + '"' + '\\"' * 20_000, "[NaN," + "[" * 2_000, "[1e999," + "[" * 2_000, '["\\ud800",' + "[" * 2_000],
    ids=lambda text: text[:12],
)  # fmt: skip
def test_what_is_nested_beyond_the_parser_breaks_a_limit_whatever_comes_behind(text: str) -> None:
    with pytest.raises((TooDeep, NotJSON)) as refused:
        loads(text)
    with pytest.raises(type(refused.value)):
        loads(text.encode())
    assert refused.type is (NotJSON if "NaN" in text or "1e999" in text else TooDeep)


@given(
    st.recursive(st.sampled_from(list('[]{}":,\\0e-. ')), lambda some: st.lists(some, max_size=60).map("".join)),
    st.integers(1, 3_000),
)
def test_no_text_overflows_the_stack(text: str, times: int) -> None:
    try:
        problem = json_problem(loads(text * times))
    except (NotJSON, TooDeep):
        return
    assert problem is None or problem[1]


def test_a_refusal_is_no_longer_than_a_few_names() -> None:
    with pytest.raises(CrosstalkError) as refused:
        Outer.read({f"{number}-{'k' * 5_000}": 1 for number in range(1_000)})
    assert len(refused.value.more["fields"]) == 10
    assert len(json.dumps(refused.value.problem())) < 4_000
    assert "990 more" in refused.value.message
    with pytest.raises(CrosstalkError) as refused:
        Outer.read({"inner": {f"{number}": 1 for number in range(1_000)}})
    assert len(refused.value.more["fields"]) == 10


@pytest.mark.parametrize(
    "text",
    [
        '{"a":9007199254740992}',
        '{"a":-9007199254740992}',
        '{"a":1e300}',
        '{"a":1.5e17}',
        '{"a":"\\ud83d\\ude42"}',
        '{"a":' + "[" * 31 + "]" * 31 + "}",
        '{"a":"\\u2028"}',
        '{"a":-0.0}',
    ],
)
def test_what_is_within_the_limits_is_no_problem(text: str) -> None:
    value = loads(text)
    assert json_problem(value) is None
    assert value == json.loads(text)
    assert type(value["a"]) is type(json.loads(text)["a"])


@given(JSON)
def test_good_json_has_no_problem_but_nul(value: Any) -> None:
    problem = json_problem({"value": value})
    assert problem is None or "\\u0000" in json.dumps(value)


# ── UTF-16 ──


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


@given(TEXT)
def test_a_length_is_what_javascript_says(text: str) -> None:
    assert utf16_length(text) == len(utf16(text)) // 2
    assert utf16_length(text) == sum(2 if ord(one) > 0xFFFF else 1 for one in text)


@given(TEXT, st.integers(0, 60))
def test_a_text_is_cut_at_the_unit_or_one_before_and_never_in_a_pair(text: str, units: int) -> None:
    rest, cut = utf16_cut(text, units)
    rest.encode()
    if units <= utf16_length(text):
        assert cut in (units, units - 1)
        assert utf16(text)[2 * cut :] == utf16(rest)
        inside = 2 * units < len(utf16(text)) and 0xDC <= utf16(text)[2 * units + 1] <= 0xDF
        assert cut == units - inside
    else:
        assert rest == ""


@given(TEXT, st.integers(0, 60))
def test_head_and_rest_are_the_whole(text: str, units: int) -> None:
    head = utf16_head(text, units)
    assert head + utf16_cut(text, units)[0] == text
    assert utf16_length(head) <= units


# ── shapes ──


class Inner(Shape):
    number: int


class Outer(Shape):
    inner: Inner
    name: str = "x"


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({}, "inner"), ({"inner": {}}, "inner.number"), ({"inner": {"number": "1"}}, "inner.number"), ({"inner": {"number": True}}, "inner.number"),
        ({"inner": {"number": 1.0}}, "inner.number"), ({"inner": {"number": 1, "more": 1}}, "inner.more"), ({"inner": [], "name": "x"}, "inner"),
        ({"inner": {"number": 1}, "name": None}, "name"), ({"inner": {"number": 1}, "name": b"x"}, "name"), ([], "body"), (None, "body"), ("x", "body"),
    ],
)  # fmt: skip
def test_a_shape_refuses_what_it_is_not_and_names_the_field(value: Any, field: str) -> None:
    with pytest.raises(CrosstalkError) as refused:
        Outer.read(value)
    assert refused.value.code == "invalid"
    assert field in refused.value.more["fields"]
