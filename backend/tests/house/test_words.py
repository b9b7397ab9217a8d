"""Texts that people read are in plain English and Chinese, by docs/decisions/0029-words.md."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from pydantic_core import PydanticCustomError

from crosstalk import cli, features
from crosstalk.contract.documents import documents
from crosstalk.core.errors import END_REASONS, ERRORS
from crosstalk.core.names import clean_name

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "frontend/src"
ENGLISH = [PAGE / "i18n/en.ts", PAGE / "wirecheck/texts/en.ts", PAGE / "features/streams/series/texts/en.ts"]
CHINESE = [path.with_name("zh.ts") for path in ENGLISH]
# Calls whose arguments are read by users: refusals of the API and lines of the command.
TOLD = re.compile(
    r"invalid|too_large|not_found|forbidden|conflict|unauthenticated|unavailable|quota_exceeded|exceeded|echo|\w*Error"
)

REFUSED = re.compile(
    r"\b(?:whoever|whomever|somebody|nobody|everybody|(?:is|are|was|were|be) told|com(?:es?|ing) in|came in|lets? in"
    r"|go(?:es)? together|at the door|costs? the connection|mend|anew|hears?|heard|for want of|of no use|is useless)\b",
    re.IGNORECASE,
)
REFUSED_CHINESE = re.compile("您|洪水|纪元|报上|请进|亲眼|好几个人|写作者|本页面|大厅|许可名单|实时文字|线路检查")
SENTENCE = re.compile(r"[A-Z][a-z].* .*\.")
HAN = "\u4e00-\u9fff"
NO_SPACE = re.compile(f"[{HAN}][A-Za-z0-9]|[A-Za-z0-9][{HAN}]")
HALF_WIDTH = re.compile(f"[{HAN}][,.;:!?()]|[,;:!?(][{HAN}]")

features.declare()


def _literals(path: Path) -> Iterator[str]:
    """The texts of a file of texts, without the names of keys and without what is put into a template."""
    source = re.sub(r"(?m)^\s*(?://|/?\*).*$|/\*\*.*?\*/", "", path.read_text(encoding="utf-8"))
    for text in re.findall(r"'((?:[^'\\\n]|\\.)*)'|`([^`]*)`", source):
        for part in re.split(r"\$\{[^}]*\}", text[0] or text[1]):
            if part:
                yield part


def _refusals() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "backend/crosstalk").rglob("*.py")):
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(call, ast.Call) and TOLD.fullmatch(getattr(call.func, "id", getattr(call.func, "attr", ""))):
                for one in ast.walk(call):
                    if isinstance(one, ast.Constant) and isinstance(one.value, str) and " " in one.value:
                        yield f"{path.name}:{one.lineno}", one.value


def _described(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name in ("summary", "description", "title") and isinstance(one, str):
                yield one
            else:
                yield from _described(one)
    elif isinstance(value, list):
        for one in value:
            yield from _described(one)


def _help(command: click.Command) -> Iterator[str]:
    yield command.help or ""
    yield from (one.help or "" for one in command.params if isinstance(one, click.Option))
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from _help(inner)


def _everything() -> Iterator[tuple[str, str]]:
    for path in ENGLISH:
        yield from ((path.name, text) for text in _literals(path))
    for row in ERRORS.values():
        yield from (("ERRORS", text) for text in (row.title, row.advice))
    yield from (("END_REASONS", row.message) for row in END_REASONS.values())
    for name in ("openapi.json", "asyncapi.json"):
        yield from ((name, text) for text in _described(json.loads(documents()[name])))
    yield from (("crosstalk --help", text) for text in _help(cli.main))
    yield from _refusals()


def test_no_english_text_has_a_refused_phrase() -> None:
    found = {f"{where}: {match[0]!r} in {text[:120]!r}" for where, text in _everything() if (match := REFUSED.search(text))}
    assert found == set()


@pytest.mark.parametrize("path", CHINESE, ids=lambda path: str(path.relative_to(PAGE)))
def test_chinese_texts_use_the_words_and_the_typography_of_the_style_sheet(path: Path) -> None:
    texts = list(_literals(path))
    assert any(re.search(f"[{HAN}]", text) for text in texts)
    wrong = [text for text in texts for rule in (REFUSED_CHINESE, NO_SPACE, HALF_WIDTH) if rule.search(text)]
    assert wrong == []


def test_the_page_knows_every_sentence_in_which_a_stream_ends() -> None:
    """In features/streams: constants that are sentences, and the arguments of errors of the model."""
    told = set()
    for path in (ROOT / "backend/crosstalk/features/streams").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            given = [node.value] if isinstance(node, ast.Assign) else []
            if isinstance(node, ast.Call):
                given = node.args if name.startswith("Model") else [one.value for one in node.keywords if one.arg == "reason"]
            given = [one for value in given for one in getattr(value, "elts", [value])]
            told |= {one.value for one in given if isinstance(one, ast.Constant) and SENTENCE.fullmatch(str(one.value))}
    page = (PAGE / "features/streams/reason.ts").read_text(encoding="utf-8")
    known = set(re.findall(r"(?m)^  '(.+?)': '", page))
    assert {one.replace("'", "\u2019") for one in told} == known


@pytest.mark.parametrize("text", ["Whoever comes here", "they are told", "Come in", "somebody", "Mend it"])
def test_a_refused_phrase_is_found(text: str) -> None:
    assert REFUSED.search(text)


@pytest.mark.parametrize("row", ERRORS.values(), ids=ERRORS)
def test_every_error_has_a_title_and_advice_in_sentences(row: Any) -> None:
    assert not row.title.endswith(".")
    assert row.advice[0].isupper()
    assert row.advice.endswith(".")


@pytest.mark.parametrize("name", ["\u200b\u200b", "a\u0007b", "...", "a" * 41, "ca\u0442", "a\u0325\u0325\u0325\u0325b"])
def test_what_is_wrong_with_a_name_can_be_read_in_chinese(name: str) -> None:
    with pytest.raises(PydanticCustomError) as refused:
        clean_name(name, 40)
    source = (PAGE / "i18n/zh.ts").read_text(encoding="utf-8")
    known = [re.compile(pattern) for pattern in re.findall(r"\[/(\^.*?)/, \(", source)]
    assert any(pattern.match(refused.value.message()) for pattern in known)
