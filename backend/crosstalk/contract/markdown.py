"""Markdown of this project as HTML: headings with anchors, code with syntax classes, links made fit for the served pages."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict
from markupsafe import Markup, escape
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

from crosstalk.contract.samples import ADDRESS

# A link's target as written → its target on a served page, or None for a page that is not served.
Relink = Callable[[str], str | None]
_ONE_WORD = "XApiAddressX"
_FORMATTER: HtmlFormatter[str] = HtmlFormatter(nowrap=True, classprefix="t-")


@dataclass(frozen=True)
class Heading:
    level: int
    text: str
    anchor: str


@dataclass(frozen=True)
class Rendered:
    html: Markup
    headings: tuple[Heading, ...]

    @property
    def title(self) -> str:
        return self.headings[0].text


class _Renderer(RendererHTML):
    """The differences to plain CommonMark."""

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        language, _, rest = tokens[idx].info.strip().partition(" ")
        named = re.search(r"\bfile=(\S+)", rest)
        caption = f"<figcaption>{escape(named[1])}</figcaption>" if named else ""
        return f'<figure class="code">{caption}{code_block(tokens[idx].content, language)}</figure>\n'

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f'<figure class="code">{code_block(tokens[idx].content, "")}</figure>\n'

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return f'<{tokens[idx].tag} id="{tokens[idx].meta["anchor"]}">'

    # A wide table scrolls in a box of its own, which the keyboard can reach.
    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return '<div class="table" tabindex="0"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        # A header without a text names nothing.
        return _cell("th" if tokens[idx + 1].content else "td", tokens[idx])

    def th_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return "</th>" if tokens[idx - 1].content else "</td>"

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: Any) -> str:
        return _cell("td", tokens[idx])


def _cell(tag: str, token: Token) -> str:
    """The policy of the pages allows no style attributes, so that an alignment is a class."""
    align = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{tag} class="{align}">' if align else f"<{tag}>"


_MARKDOWN = MarkdownIt("commonmark", renderer_cls=_Renderer).enable("table")


def render(text: str, relink: Relink = lambda target: target) -> Rendered:
    """A whole document. A link that `relink` answers with None becomes plain text."""
    tokens = _MARKDOWN.parse(text)
    headings: list[Heading] = []
    for position, token in enumerate(tokens):
        if token.type == "heading_open":
            plain = _plain(tokens[position + 1])
            headings.append(Heading(int(token.tag[1]), plain, _free(anchor_of(plain), headings)))
            token.meta["anchor"] = headings[-1].anchor
        elif token.children:
            token.children = _relinked(token.children, relink)
    return Rendered(Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {})), tuple(headings))


def render_line(text: str) -> Markup:
    """A text without blocks."""
    return Markup(_MARKDOWN.renderInline(text))


def code_block(text: str, language: str) -> Markup:
    """Code with the syntax classes of Pygments, in a box that the keyboard can scroll."""
    try:
        lexer = get_lexer_by_name(language)
    except ClassNotFound:
        code = str(escape(text))
    else:
        # Some lexers would divide the address, which is replaced as a whole when a page is served.
        code = highlight(text.rstrip("\n").replace(ADDRESS, _ONE_WORD), lexer, _FORMATTER).replace(_ONE_WORD, ADDRESS)
    return Markup('<pre tabindex="0"><code>{}</code></pre>').format(Markup(code.rstrip("\n")))


def anchor_of(heading: str) -> str:
    """The anchor that Git hosts give a heading, so that one link works there and here."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def _free(anchor: str, taken: list[Heading]) -> str:
    """Git hosts number the anchors of headings that have the same text."""
    same = sum(anchor_of(one.text) == anchor for one in taken)
    return f"{anchor}-{same}" if same else anchor


def _plain(inline: Token) -> str:
    return "".join(one.content for one in inline.children or [])


def _relinked(tokens: list[Token], relink: Relink) -> list[Token]:
    kept: list[Token] = []
    dropped = False
    for token in tokens:
        if token.type == "link_open":
            target = relink(str(token.attrs["href"]))
            dropped = target is None
            if target is None:
                continue
            token.attrs["href"] = target
        elif token.type == "link_close" and dropped:
            dropped = False
            continue
        kept.append(token)
    return kept
