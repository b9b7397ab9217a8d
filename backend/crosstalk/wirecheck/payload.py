"""What the wire check takes: JSON within the limits of the whole wire, bytes anywhere in it, 512 kB a packet.

Whatever passes here is sent out again as it came, so it must not break any client that hears it.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, get_type_hints

from crosstalk.core.errors import invalid, too_large
from crosstalk.core.schema import MAX_DEPTH, Shape, dumps, json_problem

MAX_PAYLOAD_BYTES = 512 * 1024
# Quotes, brackets and field names do not count: a text of 512 kB is still one.
_AROUND = 1024


def checked(handler: Callable[..., Any]) -> Callable[..., Any]:
    """The handler with its arguments checked: their number, the limits, and what the annotations say.

    A parameter may be a `Shape`, a `str`, or anything. Raises `invalid` or `too_large` with the parameters named.
    """
    parameters = list(inspect.signature(handler).parameters.values())
    hints = get_type_hints(handler)
    any_number = any(one.kind is one.VAR_POSITIONAL for one in parameters)
    names = [one.name for one in parameters]
    # The fields of a Shape are named as they are; the object itself is the body.
    labels = ["" if _is_shape(hints.get(name)) else name for name in names]
    least = sum(one.default is one.empty for one in parameters)

    @functools.wraps(handler)
    def run(*arguments: Any) -> Any:
        if any_number:
            return handler(*within_limits(arguments))
        if least == 0 and len(arguments) == 1 and arguments[0] in (None, {}):
            # Some clients cannot send an event with nothing in it.
            arguments = ()
        if not least <= len(arguments) <= len(names):
            raise invalid(arguments=f"must be {len(names)}: {', '.join(names)}" if names else "must be empty")
        within_limits(arguments, labels)
        return handler(*(_read(name, hints.get(name), one) for name, one in zip(names, arguments, strict=False)))

    return run


def within_limits(arguments: Sequence[Any], labels: Sequence[str] | None = None) -> tuple[Any, ...]:
    """The same arguments. Raises `invalid` or `too_large` with the first that breaks a limit named."""
    _check(arguments, labels)
    return tuple(arguments)


def size_of(payload: Any) -> int:
    """The bytes of a payload on the wire, about: its JSON and its attachments."""
    attached: list[int] = []
    return len(dumps(_without_bytes(payload, attached))) + sum(attached)


def _check(arguments: Sequence[Any], labels: Sequence[str] | None) -> None:
    size = 0
    for place, one in enumerate(arguments):
        label = labels[place] if labels else f"argument {place + 1}"
        attached: list[int] = []
        text = _without_bytes(one, attached)
        problem = json_problem(text, label)
        if problem is not None:
            raise invalid(**{problem[0] or "body": problem[1]})
        size += len(dumps(text).encode()) + sum(attached)
        if size > MAX_PAYLOAD_BYTES + _AROUND:
            raise too_large(
                **{label or "body": f"must have at most {MAX_PAYLOAD_BYTES} bytes together with the rest of the packet"}
            )


def _read(name: str, hint: Any, value: Any) -> Any:
    if hint is str and not isinstance(value, str):
        raise invalid(**{name: "must be a string"})
    if _is_shape(hint):
        read = hint.read(_without_bytes(value, []))
        # Shapes convert nothing: what was put in for the bytes is all that differs.
        return read.model_copy(update=value)
    return value


def _is_shape(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Shape)


def _without_bytes(value: Any, attached: list[int], depth: int = 0) -> Any:
    """The value with null for every piece of binary, whose lengths are noted. What is too deep stays: it is refused."""
    if isinstance(value, (bytes, bytearray)):
        attached.append(len(value))
        return None
    if depth > MAX_DEPTH:
        return value
    if isinstance(value, list):
        return [_without_bytes(one, attached, depth + 1) for one in value]
    if isinstance(value, dict):
        return {key: _without_bytes(one, attached, depth + 1) for key, one in value.items()}
    return value
