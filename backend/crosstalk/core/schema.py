"""Shapes on the wire: the base model, the field types that inputs share, and JSON as strict as RFC 8259."""

import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Annotated, Any, Literal, Self, get_args

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails, PydanticCustomError

from crosstalk.core.errors import CrosstalkError, invalid

MAX_DEPTH = 32
MAX_INTEGER = 2**53
TEXT_LIMIT = 8_000
DATA_LIMIT = 16_384
PIECE_LIMIT = 65_536
STREAM_LIMIT = 1_048_576
SOURCE_LIMIT = 262_144
# A refusal names at most so many fields, and so much of a name: it must not be larger than what it refuses.
_NAMED_FIELDS = 10
_SHOWN_NAME = 64
# Members. In a larger room no events tell of presence, typing and reading; clients ask.
ROSTER_LIMIT = 500


def utf16_length(text: str) -> int:
    """The length in UTF-16 code units: `String.length` in JavaScript, Java, Kotlin, C#, Dart."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf16_cut(text: str, units: int) -> tuple[str, int]:
    """The text after its first `units` code units, and how many were cut: one less when that would halve a pair."""
    if text.isascii():
        return text[units:], units
    raw = text.encode("utf-16-le")
    if 2 * units < len(raw) and 0xDC <= raw[2 * units + 1] <= 0xDF:
        units -= 1
    return raw[2 * units :].decode("utf-16-le"), units


def utf16_head(text: str, units: int) -> str:
    """The first `units` code units of a text, or one less when that would halve a pair."""
    return text[: len(text) - len(utf16_cut(text, units)[0])]


@dataclass(frozen=True)
class AtMost:
    """The bound of a string in UTF-16 units, as the first validator of its field: whatever normalises or searches a text runs
    behind it. `named` is the number that the refusal gives, where a later validator is stricter."""

    units: int
    named: int | None = None
    kind: Literal["too_large", "too_long"] = "too_large"
    """`too_long` makes the refusal `invalid`: of a name, not of a content."""

    def __call__(self, text: str) -> str:
        # A text has no fewer units than code points, and those are counted already.
        if len(text) > self.units or utf16_length(text) > self.units:
            limit = {"limit": self.named or self.units}
            raise PydanticCustomError(self.kind, "must have at most {limit} UTF-16 characters", limit)
        return text


def _at_most(units: int) -> AfterValidator:
    return AfterValidator(AtMost(units))


def _documented(units: int) -> FieldInfo:
    # Code points never outnumber code units, so the documents refuse nothing that the server takes.
    field: FieldInfo = Field(json_schema_extra={"minLength": 1, "maxLength": units})
    return field


def _not_blank(text: str) -> str:
    if not text.strip():
        raise PydanticCustomError("blank", "must not be empty")
    return text


Id = Annotated[str, Field(min_length=1, max_length=64)]
ClientId = Annotated[
    str, Field(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$", description="Idempotency key, unique for the author.")
]
Text = Annotated[str, _at_most(TEXT_LIMIT), AfterValidator(_not_blank), _documented(TEXT_LIMIT)]
Piece = Annotated[str, Field(min_length=1), _at_most(PIECE_LIMIT), _documented(PIECE_LIMIT)]
LongText = Annotated[str, _at_most(SOURCE_LIMIT), AfterValidator(_not_blank), _documented(SOURCE_LIMIT)]
Reason = Annotated[str, _at_most(200), AfterValidator(_not_blank), _documented(200)]
Position = Annotated[int, Field(ge=0, le=MAX_INTEGER, description="a `seq`")]
Offset = Annotated[int, Field(ge=0, le=MAX_INTEGER, description="UTF-16 code units, or items of a JSON stream.")]
Lease = Annotated[int, Field(ge=1, le=MAX_INTEGER)]


class Shape(BaseModel):
    """A shape on the wire. Inputs refuse unknown fields and never convert types."""

    # A validation error that reaches the log must not quote the input.
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True
    )

    def wire(self) -> dict[str, Any]:
        return self.model_dump(mode="json")

    @classmethod
    def read(cls, value: Any, *, strict: bool = True) -> Self:
        """The checked input. Raises `invalid` or `too_large` with the fields named; `strict=False` reads query strings."""
        problem = json_problem(value)
        if problem is not None:
            raise invalid(**{problem[0] or "body": problem[1]})
        if not isinstance(value, dict):
            raise invalid(body="must be a JSON object")
        _check_unknown_fields(cls, value)
        try:
            return cls.model_validate(value, strict=strict)
        except ValidationError as refused:
            raise _refusal(refused.errors(include_url=False)) from None


@cache
def _shapes_in(shape: type[Shape]) -> dict[str, type[Shape]]:
    """The fields of a shape that are shapes themselves."""
    kinds = {name: (field.annotation, *get_args(field.annotation)) for name, field in shape.model_fields.items()}
    return {name: one for name, some in kinds.items() for one in some if isinstance(one, type) and issubclass(one, Shape)}


def _check_unknown_fields(shape: type[Shape], value: dict[str, Any], path: str = "") -> None:
    """Refuses an object with many unknown fields. Pydantic would make an error object of each, which costs far more than
    reading them."""
    if len(value) > len(shape.model_fields) + _NAMED_FIELDS:
        unknown = value.keys() - shape.model_fields.keys()
        raise _fields_invalid(len(unknown), ((f"{path}{name}", _PHRASES["extra_forbidden"]) for name in unknown))
    for name, inner in _shapes_in(shape).items():
        if isinstance(given := value.get(name), dict):
            _check_unknown_fields(inner, given, f"{path}{name}.")


def _refusal(problems: list[ErrorDetails]) -> CrosstalkError:
    named = ((".".join(str(part) for part in one["loc"]) or "body", _phrase(one)) for one in problems)
    return _fields_invalid(len(problems), named, large=all(one["type"] == "too_large" for one in problems))


def _fields_invalid(count: int, problems: Iterable[tuple[str, str]], *, large: bool = False) -> CrosstalkError:
    fields = {shown_name(name): problem for name, problem in islice(problems, _NAMED_FIELDS)}
    message = invalid(**fields).message
    if count > _NAMED_FIELDS:
        message = f"{message} And {count - _NAMED_FIELDS:,} more fields."
    return CrosstalkError("too_large" if large else "invalid", message, fields=fields)


def shown_name(name: str) -> str:
    """A name that a client chose, as a refusal repeats it: cut, when it is long."""
    return name if len(name) <= _SHOWN_NAME else f"{name[:_SHOWN_NAME]}…"


_PHRASES = {
    "extra_forbidden": "is not a known field; remove it",
    "missing": "is required",
    "string_type": "must be a string",
    "int_type": "must be an integer",
    "int_parsing": "must be an integer",
    "int_from_float": "must be an integer",
    "bool_type": "must be true or false",
    "dict_type": "must be an object",
    "list_type": "must be a list",
}


def _phrase(problem: ErrorDetails) -> str:
    known = _PHRASES.get(problem["type"])
    if known:
        return known
    message = problem["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


class Empty(Shape):
    """An input without fields."""


class NotJSON(ValueError):
    """What came is no JSON by RFC 8259: it breaks the packet, not just a limit."""


class TooDeep(ValueError):
    """The text is nested deeper than the parser follows: a limit is broken, whatever the rest of it holds."""

    def __init__(self) -> None:
        super().__init__(f"is nested deeper than {MAX_DEPTH} levels")


class _TooLong(int):
    """Stands for an integer with so many digits that reading it would cost more than refusing it."""


def loads(text: str | bytes) -> Any:
    """JSON by RFC 8259. Raises NotJSON for NaN, infinities, numbers beyond a double, and broken text; TooDeep for what is
    nested about a thousand levels deep, of which nothing more is read.

    What parses but breaks a limit (depth, integers, NUL, surrogates) is returned for `json_problem` to name.
    """
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as refused:
        if "depth" in refused.msg:
            raise TooDeep from None
        return _slow_loads(text)
    return value if _no_huge_float(value, MAX_DEPTH) else _slow_loads(text)


def _no_huge_float(value: Any, depth: int) -> bool:
    # orjson reads integers beyond 64 bits as floats; those must be told apart from real floats. Looking at the values costs less
    # than looking for such numbers in the text, and nothing for the characters of a long string.
    if isinstance(value, float):
        return abs(value) < MAX_INTEGER
    if depth < 0 or not isinstance(value, (list, dict)):
        return True
    return all(_no_huge_float(one, depth - 1) for one in (value if isinstance(value, list) else value.values()))


def _slow_loads(text: str | bytes) -> Any:
    try:
        return json.loads(
            text.decode() if isinstance(text, bytes) else text,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=lambda digits: int(digits) if len(digits) < 32 else _TooLong(MAX_INTEGER + 1),
        )
    except RecursionError:
        raise TooDeep from None
    except ValueError as broken:
        raise NotJSON(str(broken)) from None


def _refuse_constant(name: str) -> Any:
    raise NotJSON(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJSON("a number is beyond what a double can hold")
    return number


def dumps(value: Any, **_ignored: Any) -> str:
    """Compact JSON. The keyword arguments of `json.dumps` that libraries pass are of no use here."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def json_problem(value: Any, path: str = "") -> tuple[str, str] | None:
    """The first limit that a parsed value breaks, as (field, problem), or None."""
    found = _problem_in(value, 0)
    if found is None:
        return None
    names, problem = found
    if problem is _DEEP:
        del names[0 if path else 1 :]  # the field that a person wrote, not the way down from it
    return ".".join([path, *names] if path else names), problem


_DEEP = f"is nested deeper than {MAX_DEPTH} levels"


def _problem_in(value: Any, depth: int) -> tuple[list[str], str] | None:
    """The same, with the way to it. The way is put together only on the way back: the names of what is sound are not copied."""
    if isinstance(value, str):
        return _text_problem(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > MAX_INTEGER:
        return [], "is an integer beyond 2^53; send it as a string"
    if isinstance(value, (dict, list)):
        if depth >= MAX_DEPTH:
            return [], _DEEP
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in pairs:
            if isinstance(one, str) and _is_plain(one) and (not isinstance(key, str) or _is_plain(key)):
                continue  # most are
            if isinstance(key, str) and (found := _text_problem(key)):
                return found
            if found := _problem_in(one, depth + 1):
                return [shown_name(str(key)), *found[0]], found[1]
    if isinstance(value, (bytes, bytearray)):
        return [], "must not be binary"
    return None


def _is_plain(text: str) -> bool:
    return text.isascii() and "\0" not in text


def _text_problem(text: str) -> tuple[list[str], str] | None:
    if "\0" in text:
        return [], "contains a NUL character"
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return [], "contains half of a surrogate pair"
    return None
