"""Where work goes that keeps a processor busy for long: to a real thread, where tasks are green and would all wait for it."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Run = Callable[..., Any]


def _here(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    return work(*arguments, **named)


_run: Run = _here


def plug_in(run: Run) -> None:
    """`run(work, *arguments, **named)` does the work elsewhere, waits, and returns its result."""
    global _run
    _run = run


def aside(work: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs) -> Result:
    return cast(Result, _run(work, *arguments, **named))
