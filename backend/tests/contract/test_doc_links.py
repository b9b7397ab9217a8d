"""The documents as files: every link leads to a file that exists, and to a heading that it has."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crosstalk.contract.markdown import render

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
LINK = re.compile(r'(?:href|src)="([^"]+)"')


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: str(one.relative_to(ROOT)))
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(str(render(document.read_text(encoding="utf-8")).html)):
        target = urlsplit(link)
        if target.scheme or target.netloc:
            continue
        file = (document.parent / target.path).resolve() if target.path else document
        assert file.exists(), f"{link} leads nowhere"
        if target.fragment:
            anchors = [one.anchor for one in render(file.read_text(encoding="utf-8")).headings]
            assert target.fragment in anchors, f"{link}: there is no such heading"


def test_the_links_are_looked_at() -> None:
    assert len(DOCUMENTS) > 30
    assert LINK.findall(str(render("[one](a.md#b) ![two](c.png)").html)) == ["a.md#b", "c.png"]
