"""Threads or green threads: which of them this process runs on, and what that needs before anything else is imported."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, Literal

AsyncMode = Literal["threading", "gevent", "eventlet"]
_GREEN: tuple[AsyncMode, ...] = ("eventlet", "gevent")


class ModeError(Exception):
    """A mode that cannot be had. Its text is one line and says what to change."""


def chosen(setting: str) -> AsyncMode:
    """The mode of CROSSTALK_ASYNC_MODE; `auto` takes the first of eventlet, gevent and threads that is installed.

    Raises ModeError when what is asked for is not installed.
    """
    for mode in _GREEN:
        if setting == mode and find_spec(mode) is None:
            raise ModeError(
                f"CROSSTALK_ASYNC_MODE={setting!r}: {mode} is not installed; run `scripts/server-env.sh {mode}` in the checkout and "
                f"then .venvs/{mode}/bin/crosstalk, or write CROSSTALK_ASYNC_MODE=auto"
            )
        if setting == mode or (setting == "auto" and find_spec(mode) is not None):
            return mode
    return "threading"


def patched() -> AsyncMode:
    """What the standard library waits on in this process: the server that started it may have replaced it already."""
    if find_spec("gevent") is not None:
        from gevent import monkey

        if monkey.is_module_patched("socket"):
            return "gevent"
    if find_spec("eventlet") is not None:
        from eventlet import patcher

        if patcher.is_monkey_patched("socket"):
            return "eventlet"
    return "threading"


def prepare(mode: AsyncMode) -> None:
    """What a mode needs before the application is imported, whether or not the server has patched already."""
    if patched() != mode:
        patch(mode)
    _compute_aside(mode)


def patch(mode: AsyncMode) -> None:
    """Replaces what blocks in the standard library."""
    if mode == "gevent":
        from gevent import monkey

        monkey.patch_all()
    elif mode == "eventlet":
        import eventlet

        eventlet.monkey_patch()


def _compute_aside(mode: AsyncMode) -> None:
    """A password takes a quarter of a second to hash: in a real thread, so that everybody else goes on."""
    from crosstalk.core import aside

    if mode == "gevent":
        import gevent

        def in_the_pool(work: Callable[..., Any], *given: Any, **named: Any) -> Any:
            """A wrong password is no news: what is raised inside gevent's pool is printed there, as a fault of the process."""

            def outcome() -> tuple[Any, Exception | None]:
                try:
                    return work(*given, **named), None
                except Exception as error:
                    return None, error

            result, error = gevent.get_hub().threadpool.apply(outcome)
            if error is not None:
                raise error
            return result

        aside.plug_in(in_the_pool)
    elif mode == "eventlet":
        from eventlet import tpool

        aside.plug_in(tpool.execute)
