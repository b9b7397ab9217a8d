"""Every row of docs/protocol.md §8, one function each."""

from importlib import import_module


def declare() -> None:
    """Imports the rows, which declares them, in the order in which they are played."""
    for name in ("connecting", "events", "rooms", "streams", "payloads", "refusals", "rest"):
        import_module(f"{__name__}.{name}")
