"""Turns the Markdown that models write into HTML that is safe to put into our page.

Decides what survives: no raw HTML, no pictures (they become links, so that no address is fetched
by looking at an answer), no link without an http, https or mailto scheme. It never streams and
never splits; the text it gets is closed already. What it takes is imported when somebody opens the
page: 2 MB that a bot in a messenger does without.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from html import escape
from typing import TYPE_CHECKING

from core.markup import whole

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.renderer import RendererProtocol
    from markdown_it.token import Token
    from markdown_it.utils import EnvType, OptionsDict

_TAGS = {
    *("p", "br", "hr", "em", "strong", "s", "blockquote", "a", "code", "pre"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
_ATTRIBUTES = {
    "a": {"href", "title", "target"},
    "ol": {"start"},
    "pre": {"data-language"},
    "th": {"align"},
    "td": {"align"},
}


def _fence(
    _renderer: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    token = tokens[index]
    language = escape(token.info.split()[0]) if token.info.strip() else ""
    return f'<pre data-language="{language}"><code>{escape(token.content)}</code></pre>'


def _picture(
    _renderer: RendererProtocol,
    tokens: Sequence[Token],
    index: int,
    _options: OptionsDict,
    _env: EnvType,
) -> str:
    token = tokens[index]
    address = str(token.attrs.get("src", ""))
    return f'<a href="{escape(address)}">{escape(token.content or address)}</a>'


@cache
def _parser() -> MarkdownIt:
    import nh3  # noqa: F401 - so that `_clean` finds it imported
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    parser.add_render_rule("fence", _fence)
    parser.add_render_rule("image", _picture)
    return parser


async def load() -> None:
    """Import what it takes, off the loop: best before the first text."""
    if not _parser.cache_info().currsize:
        await asyncio.to_thread(_parser)


def blocks(text: str) -> tuple[str, ...]:
    """Give the HTML of each top-level block, so that a page can replace only what changed."""
    parser = _parser()
    tokens = parser.parse(whole(text))
    for token in tokens:
        _align(token)
    rendered = (parser.renderer.render(group, parser.options, {}) for group in _top_level(tokens))
    return tuple(_clean(html) for html in rendered)


@lru_cache(maxsize=512)
def settled_blocks(text: str) -> tuple[str, ...]:
    """Do the same for a text that will not grow any more, and remember it."""
    return blocks(text)


def _top_level(tokens: Iterable[Token]) -> Iterator[list[Token]]:
    group: list[Token] = []
    for token in tokens:
        group.append(token)
        if token.level == 0 and token.nesting <= 0:
            yield group
            group = []


def _align(token: Token) -> None:
    """Say alignment without a style attribute, which the page's policy forbids."""
    style = token.attrs.pop("style", None)
    if isinstance(style, str) and style.startswith("text-align:"):
        token.attrs["align"] = style.removeprefix("text-align:")


def _clean(html: str) -> str:
    import nh3

    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
    )
