"""A turn's frames → what a terminal prints, as plain text or for rich. Pure.

Decides how a panel and an answer read, and that no control sequence of a model's ever reaches the
terminal: a model that may write ESC may retitle the window, hide text or fake a prompt.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.markdown import CodeBlock, Markdown, MarkdownElement
from rich.padding import Padding
from rich.segment import Segment
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from typing_extensions import override

from core.frames import Panel, Part, Row
from core.markup import strip
from core.texts.turns import STOPPED
from core.wording import footer_text, panel_text, panel_title, row_text

_SEPARATOR: Final = " · "
_STYLES: Final = {"✓": "green", "✗": "red"}
_ROOM_BELOW: Final = 2
"""Lines that stay free under what is live: the hint, and the one for the cursor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is known of one turn's messages."""

    turn_id: str
    panel: Panel | None = None
    panel_final: bool = False
    parts: tuple[Part, ...] = ()

    @property
    def text(self) -> str:
        """The answer's Markdown, so far or whole."""
        return strip("\n\n".join(part.text for part in self.parts if part.text))

    @property
    def error(self) -> str:
        """Why there is no whole answer, in a sentence; empty if there is."""
        return strip(next((part.error for part in self.parts if part.error), ""))

    @property
    def footer(self) -> str:
        """What it took; empty as long as it runs."""
        footer = next((part.footer for part in self.parts if part.footer), None)
        return strip(footer_text(footer)) if footer else ""

    def with_part(self, part: Part) -> Shown:
        """Give it with one part set, in its place."""
        others = (each for each in self.parts if each.index != part.index)
        return replace(self, parts=tuple(sorted((*others, part), key=lambda each: each.index)))


def summary(panel: Panel) -> str:
    """Write the settled panel as plain text."""
    return strip(panel_text(panel))


def advice(panel: Panel) -> str:
    """Write every advisor's full text, each under its line."""
    pieces = [f"{row_text(row)}\n\n{row.text}".strip() for row in panel.rows]
    return strip("\n\n".join(pieces))


# --- for rich -------------------------------------------------------------------------------


def live(shown: Shown, hint: str) -> RenderableType:
    """Draw a turn that runs; never higher than the terminal, the answer's end stays in view."""
    top = [] if shown.panel is None else [_table(shown.panel)]
    below: list[RenderableType] = [_markdown(shown.text)] if shown.text else []
    return Fitted(Group(*top), Group(*below), Text(strip(hint), style="dim"))


def settled(shown: Shown) -> RenderableType:
    """Draw a turn that is over, for good."""
    pieces: list[RenderableType] = []
    if shown.panel is not None:
        pieces += [*_summary(shown.panel), Text()]
    if shown.text:
        pieces += [_markdown(shown.text), Text()]
    if shown.error:
        style = "dim" if shown.error == STOPPED else "red"
        pieces.append(Text(shown.error, style=style))
    if shown.footer:
        pieces.append(Text(shown.footer, style="dim"))
    return Harmless(Group(*pieces))


class Harmless:
    """Draws something without any control character in its text.

    Markdown has entities (`&#8238;`), so text that was clean may not be so when it is drawn.
    """

    def __init__(self, inner: RenderableType) -> None:
        """Draw `inner`."""
        self._inner = inner

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it, segment by segment."""
        for segment in console.render(self._inner, options):
            yield segment if segment.control else Segment(strip(segment.text), segment.style)


class Fitted:
    """Draws three things into a terminal's height: all of the first, the end of the second."""

    def __init__(self, top: RenderableType, middle: RenderableType, bottom: RenderableType) -> None:
        """`bottom` is one line."""
        self._top, self._middle, self._bottom = top, middle, bottom

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw as many lines as there is room for."""
        options = options.update(height=None)
        room = max(console.size.height - _ROOM_BELOW, 1)
        top = console.render_lines(Harmless(self._top), options, pad=False)[:room]
        middle = console.render_lines(Harmless(self._middle), options, pad=False)
        keep = room - len(top)
        bottom = console.render_lines(self._bottom, options, pad=False)[:1]
        for line in (*top, *(middle[-keep:] if keep else ()), *bottom):
            yield from line
            yield Segment.line()


class _Code(CodeBlock):
    """Code as it is, without the margins and the background that spoil what is copied."""

    @override
    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        code = Syntax("", self.lexer_name, theme=self.theme, background_color="default")
        text = code.highlight(str(self.text).rstrip())
        text.rstrip()
        text.no_wrap, text.overflow = True, "ignore"
        yield text


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "fence": _Code,
        "code_block": _Code,
    }


def _markdown(text: str) -> Markdown:
    # No hyperlinks: the address is printed, so that everybody sees where a link leads.
    return _Markdown(text, code_theme="ansi_dark", hyperlinks=False)


def _table(panel: Panel) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    for row in panel.rows if panel.detail != "line" else ():
        sign, state, figures = _said(row)
        table.add_row(
            Text(sign, style=_STYLES.get(sign, "")),
            Text(_name(row), overflow="ellipsis", no_wrap=True),
            Text(state, style=_STYLES.get(sign, "dim"), overflow="ellipsis", no_wrap=True),
            Text(figures, style="dim", no_wrap=True),
        )
    return Group(Text(strip(panel_title(panel)), style="bold"), table)


def _summary(panel: Panel) -> Iterator[RenderableType]:
    yield Text(strip(panel_title(panel)), style="bold")
    for row in panel.rows if panel.detail != "line" else ():
        sign, _, _ = _said(row)
        line = Text(strip(row_text(row)))
        line.stylize(_STYLES.get(sign, ""), 0, len(sign))
        yield line
        if row.gist:
            yield Padding(Text(strip(row.gist), style="dim"), (0, 0, 0, 4))


def _name(row: Row) -> str:
    return strip(f"{row.label} ({row.role})" if row.role else row.label)


def _said(row: Row) -> tuple[str, str, str]:
    """Give an advisor's sign, its state in words, and what it took."""
    sign, state, *figures = row_text(replace(row, label="", role="")).split(_SEPARATOR)
    return sign.strip(), strip(state), strip(_SEPARATOR.join(figures))
