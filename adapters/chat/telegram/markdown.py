"""Markdown of models → text with entities, so that nothing that was written is lost.

The converter drops raw HTML, addresses of pictures and of links in tables, the underscores of bare
addresses, the dollars of prices and what a row has more than its table. What it would drop is
escaped first, so that it shows as written. Pure; decides nothing about length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

import pyromark
from telegramify_markdown import RenderConfig, convert

from adapters.chat.telegram.styled import Entity, Styled
from core.markup import strip

_OPTIONS: Final = (
    pyromark.Options.ENABLE_TABLES
    | pyromark.Options.ENABLE_STRIKETHROUGH
    | pyromark.Options.ENABLE_TASKLISTS
    | pyromark.Options.ENABLE_MATH
)
_PASSES: Final = 12
"""Escaping may uncover more to escape: a block of HTML ends at its next tag."""

_SUSPECT = re.compile(r"[<$\[]|\|\||://|```|~~~|\|[ \t]*:?-|-:?[ \t]*\||:-|-:")
_SAFE = re.compile(r"(?:https?://|mailto:)\S+\Z", re.IGNORECASE)
_KEPT: Final = frozenset(
    {"bold", "italic", "strikethrough", "spoiler", "code", "pre", "text_link", "blockquote"}
)

_PROSE = re.compile(
    rb"(?P<address>https?://[^\s<>|]+)"
    rb"|(?P<definition>(?<!\\)(?=\[(?:\\.|[^\]\\]){1,200}\]:))"
    rb"|(?P<spoiler>(?<![\\|])\|\|[^\s|](?:[^\n|]*[^\s|])?\|\|(?!\|))"
    rb"|(?P<bars>(?<!\\)\|\|+)",
    re.DOTALL,
)
_TAIL = re.compile(rb"[_*~.,;:!?)\]'\"]+\Z")
_MARKS = re.compile(rb"(?<!\\)[_*~]")
_LATEX = re.compile(rb"[\\^]")
_BAR = re.compile(rb"(?<!\\)\|(?=[^\n]*[^\s|])")
"""A bar that something follows."""

Change: TypeAlias = tuple[int, int, bytes]
"""From where to where, and what stands there instead."""


def _config() -> RenderConfig:
    config = RenderConfig.isolated()
    signs = config.markdown_symbol
    signs.heading_level_1 = signs.heading_level_2 = signs.heading_level_3 = ""
    signs.heading_level_4 = ""
    signs.unordered_list_item = "•"
    signs.task_completed, signs.task_uncompleted = "☑", "☐"
    signs.image = "🖼 "
    config.cite_expandable = False
    return config


_CONFIG: Final = _config()


def markdown(text: str) -> Styled:
    """Render a text; what cannot be rendered stands there as it was written."""
    text = strip(text)
    prepared = _prepared(text)
    if prepared is None:
        return Styled(text).inert()
    source, latex = prepared
    try:
        shown, found = convert(source, latex_escape=latex, config=_CONFIG)
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError):
        return Styled(text).inert()
    if text.strip() and not shown.strip():
        return Styled(text).inert()
    entities = [
        Entity(
            type=each.type,
            offset=each.offset,
            length=each.length,
            url=each.url or "",
            language=(each.language or "").partition(" ")[0],
        )
        for each in found
        if each.type in _KEPT and (each.type != "text_link" or _SAFE.match(each.url or ""))
    ]
    return Styled(strip(shown), tuple(_unnested(entities))).trimmed().inert()


def _unnested(entities: list[Entity]) -> Iterator[Entity]:
    """Leave out quotes inside quotes, which Telegram does not have, and what is there twice."""
    seen = set[tuple[str, int, int]]()
    reached = 0
    for each in sorted(entities, key=lambda each: (each.offset, -each.length)):
        key = (each.type, each.offset, each.length)
        if each.type == "blockquote":
            if each.end <= reached:
                continue
            reached = each.end
        if key not in seen:
            seen.add(key)
            yield each


def _prepared(text: str) -> tuple[str, bool] | None:
    """Escape what would be dropped; None if there is no end to it.

    Returns:
        The source, and whether its LaTeX may be converted: not where code holds some.
    """
    if not _SUSPECT.search(text):
        return text, not ("`" in text and "\\" in text)
    source = text.encode()
    for _ in range(_PASSES):
        events = _Events(source)
        changes = events.changes()
        if not changes:
            return source.decode(), not events.latex_in_code
        source = _changed(source, changes)
    return None


def _changed(source: bytes, changes: list[Change]) -> bytes:
    pieces, at = [], 0
    for start, end, new in sorted(changes):
        if start >= at:
            pieces += [source[at:start], new]
            at = end
    return b"".join([*pieces, source[at:]])


class _Events:
    """What a parser finds in a source, and what has to be changed because of it."""

    def __init__(self, source: bytes) -> None:
        self.latex_in_code = False
        self._source = source
        self._changes: list[Change] = []
        self._covered: list[tuple[int, int]] = []
        self._table_end = 0
        self._tables: list[tuple[int, int]] = []
        self._cell_end = 0
        for event, span in pyromark.events_with_range(source.decode(), options=_OPTIONS):
            if isinstance(event, dict):
                self._meet(dict(event), span["start"], span["end"])

    def changes(self) -> list[Change]:
        """Give what to change, those of the prose too."""
        at = 0
        for start, end in [*sorted(self._covered), (len(self._source), len(self._source))]:
            if start > at:
                self._changes += self._prose(at, start)
            at = max(at, end)
        return self._changes

    def _meet(self, event: dict[str, object], start: int, end: int) -> None:
        tag = event.get("Start")
        self._meet_row(event.get("End"), end)
        if tag == "HtmlBlock":
            self._covered.append((start, end))
            place = self._source.find(b"<", start, end)
            self._changes += [(place, place, b"\\")] if place >= 0 else []
        elif isinstance(tag, dict):
            self._meet_block(tag, start, end)
        elif "InlineHtml" in event:
            self._html(start, end)
        elif "Code" in event:
            self._cover_code(start, end)
        elif "InlineMath" in event or "DisplayMath" in event:
            self._math(start, end, 1 if "InlineMath" in event else 2)

    def _meet_row(self, over: object, end: int) -> None:
        """Let the last cell have what a row has more than its table."""
        if over == "TableCell":
            self._cell_end = end
        elif over in ("TableRow", "TableHead"):
            more = _BAR.finditer(self._source, self._cell_end, end)
            self._changes += [(each.start(), each.start(), b"\\") for each in more]

    def _meet_block(self, tag: dict[str, object], start: int, end: int) -> None:
        link, picture = tag.get("Link"), tag.get("Image")
        if "CodeBlock" in tag:
            self._cover_code(start, end)
        elif "Table" in tag:
            self._table_end = end
            self._tables.append((start, end))
        elif isinstance(link, dict):
            self._covered.append((start, end))
            if link["link_type"] not in {"Autolink", "Email"}:
                self._link(str(link["dest_url"]), start)
        elif isinstance(picture, dict):
            self._covered.append((start, end))
            self._link(str(picture["dest_url"]), start + 1)
            if self._source[start : start + 3] == b"![]":
                self._changes.append((start + 2, start + 2, b"image"))

    def _cover_code(self, start: int, end: int) -> None:
        self._covered.append((start, end))
        code = self._source[start:end]
        if code[:3] in {b"```", b"~~~"} and b"\n" not in code.rstrip():
            self._changes.append((start, start, b"\\"))  # a fence with nothing in it
        self.latex_in_code |= b"\\(" in code or b"\\[" in code

    def _link(self, address: str, bracket: int) -> None:
        """Show a link as written where Telegram has none: no address of the web, or a table."""
        if bracket < self._table_end or not _SAFE.match(address):
            self._changes.append((bracket, bracket, b"\\"))

    def _html(self, start: int, end: int) -> None:
        self._covered.append((start, end))
        if self._source[start:end].lower().replace(b" ", b"") in {b"<br>", b"<br/>"}:
            self._changes.append((start, end, b" " if start < self._table_end else b"\n"))
        else:
            self._changes.append((start, start, b"\\"))

    def _math(self, start: int, end: int, size: int) -> None:
        """Prices are no formulas: those have a command or a power in them."""
        self._covered.append((start, end))
        if not _LATEX.search(self._source[start:end]):
            at = [*range(start, start + size), *range(end - size, end)]
            self._changes += [(place, place, b"\\") for place in at]

    def _prose(self, start: int, end: int) -> Iterator[Change]:
        for found in _PROSE.finditer(self._source, start, end):
            kind, at = found.lastgroup, found.start()
            if kind == "address":
                yield from _kept(found[0], at)
            elif kind == "definition":
                yield found.end(), found.end(), b"\\"
            elif self._in_table(at):
                yield at, found.end(), found[0].replace(b"||", b"| |").replace(b"||", b"| |")
            elif kind == "bars":
                yield at, found.end(), b"\\|" * len(found[0])

    def _in_table(self, at: int) -> bool:
        return any(start <= at < end for start, end in self._tables)


def _kept(address: bytes, at: int) -> Iterator[Change]:
    """Keep the signs of a bare address from being taken for emphasis."""
    for mark in _MARKS.finditer(_TAIL.sub(b"", address)):
        place = at + mark.start()
        yield place, place, b"\\"
