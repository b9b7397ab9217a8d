"""What the terminal shows of a server: where it answers, who may use it, and which pages it refused."""

import sys

from crosstalk.settings import Settings

_MOST_ORIGINS = 6


def docs_line(settings: Settings) -> str:
    return f"docs     {settings.api_url}/docs"


def origins_line(settings: Settings) -> str:
    """The allowed origins, as they stand in the list."""
    listed = settings.allowed_origins
    shown = ", ".join(listed[:_MOST_ORIGINS])
    return f"origins  {shown}" + (f" and {len(listed) - _MOST_ORIGINS} more" if len(listed) > _MOST_ORIGINS else "")


def print_served(settings: Settings) -> None:
    """What `crosstalk serve` prints at start, to standard error: standard output is the log."""
    say(f"the API answers on {settings.api_url}")
    say(docs_line(settings))
    say(origins_line(settings))


def print_refusal(origin: str, hint: str) -> None:
    """A page that was refused: its browser names CORS and no reason. `http/refusals.py` bounds how often this is called."""
    listing = (
        ""
        if "CROSSTALK_ALLOWED_ORIGINS" in hint or "://" not in origin
        else "; to allow it, add it to CROSSTALK_ALLOWED_ORIGINS"
    )
    say(f"refused the origin {origin}: {hint}{listing}")


def say(text: str) -> None:
    print(f"crosstalk: {text}", file=sys.stderr, flush=True)
