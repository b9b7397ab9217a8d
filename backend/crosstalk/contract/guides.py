"""The documents of `docs/` that the API serves, under the paths that they have there, and how they refer to each other."""

import posixpath
from functools import cache
from pathlib import Path

from crosstalk.contract.markdown import Rendered, render
from crosstalk.contract.samples import ADDRESS

SOURCES = Path(__file__).parent / "docs"
GUIDES = (
    "guides/get-started",
    "guides/own-page",
    "guides/streams",
    "guides/testing",
    "guides/deploy",
    "guides/troubleshooting",
)
BACKGROUND = ("protocol", "deploy", "transport", "reliability", "architecture")


def names() -> tuple[str, ...]:
    return GUIDES + BACKGROUND


@cache
def title(name: str) -> str:
    """The first heading. Not rendered: every page has the titles of all."""
    with (SOURCES / f"{name}.md").open(encoding="utf-8") as source:
        return source.readline().removeprefix("# ").strip()


@cache
def document(name: str) -> Rendered:
    text = (SOURCES / f"{name}.md").read_text(encoding="utf-8")
    return render(text, lambda target: _target(target, name))


def _target(target: str, source: str) -> str | None:
    """Where a link of a document leads on its page: to another document, to this API, or elsewhere; None when there is no page."""
    path, hash_, anchor = target.partition("#")
    if target.startswith(ADDRESS):
        return "../" * (1 + source.count("/")) + (target.removeprefix(ADDRESS).lstrip("/") or ".")
    if not path or "://" in path:
        return target
    name = posixpath.normpath(posixpath.join(posixpath.dirname(source), path)).removesuffix(".md")
    return path.removesuffix(".md") + hash_ + anchor if name in names() else None
