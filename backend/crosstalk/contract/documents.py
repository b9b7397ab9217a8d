"""The documents as files: what is committed under `backend/contract`, and what every server serves."""

import json
from functools import cache
from pathlib import Path

from crosstalk import features
from crosstalk.contract.asyncapi import asyncapi_document
from crosstalk.contract.errors import errors_document
from crosstalk.contract.openapi import openapi_document

COMMITTED = Path(__file__).parents[2] / "contract"


@cache
def documents() -> dict[str, str]:
    """File name → text."""
    features.declare()
    made = {
        "openapi.json": openapi_document(),
        "asyncapi.json": asyncapi_document(),
        "errors.json": errors_document(),
    }
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in made.items()}


def stale(directory: Path = COMMITTED) -> list[str]:
    """The files that are missing or differ from what the models say."""
    return [name for name, text in documents().items() if _text_of(directory / name) != text]


def write(directory: Path = COMMITTED, *, check: bool = False) -> None:
    """Writes the documents, or, to check, only ends the program with one line when they are stale."""
    old = stale(directory)
    if check and old:
        raise SystemExit(f"crosstalk: stale in {directory}: {', '.join(old)}; run `make contract`")
    directory.mkdir(parents=True, exist_ok=True)
    for name in old:
        (directory / name).write_text(documents()[name], encoding="utf-8")


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
