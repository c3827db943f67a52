"""Frames of every kind, made of any words at all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import get_args

from core.frames import (
    Action,
    Button,
    Content,
    Footer,
    Frame,
    Notice,
    Panel,
    Part,
    Permission,
    Row,
    RowState,
)
from core.types import Usage
from core.wording import LABELS

TURN = "0123456789abcdef"
ACTIONS: tuple[Action, ...] = get_args(Action)
HOSTILE = (
    "plain",
    "\x1b]0;x\x07\x00",
    "<script>x</script><img src=x onerror=y>",
    "x" * 9000,
    "\u202eabc שלום",
    "👩‍👩‍👧 \ud800",
    "```\n[x](javascript:y) @everyone",
    "*a_ ~~b** `c ||d [e](f <g> &amp; & \\",
    "| a | b |\n|---|---|\n| " + "c" * 3000 + " | d |",
    "> " * 300 + "deep",
    " \u200b\n\t",
)


def answer(
    text: str,
    *,
    final: bool = True,
    mention: str | None = None,
    buttons: tuple[Button, ...] = (),
    footer: str = "review",
) -> Frame:
    """Make the answer's first message; what is not final is still being written."""
    part = Part(
        turn_id=TURN,
        index=0,
        text=text,
        streaming=not final,
        footer=figures(footer) if final else None,
    )
    return Frame(
        key="answer/0",
        content=part,
        final=final,
        notify=True,
        mention=mention,
        buttons=buttons or (button("stop" if not final else "retry"),),
    )


def button(action: Action, label: str = "", value: str = "") -> Button:
    return Button(action=action, label=label or LABELS[action], turn_id=TURN, value=value)


def notice(text: str, *buttons: Button) -> Frame:
    return Frame(key="notice", content=Notice(text=text), buttons=buttons, final=True)


def figures(preset: str, *notes: str) -> Footer:
    return Footer(
        preset=preset,
        used=1,
        asked=2,
        usage=Usage(input=3, output=4, estimated=True),
        dollars=Decimal("0.01"),
        priced=False,
        seconds=1.5,
        notes=notes,
    )


def contents(text: str, said: str | None = None) -> Iterator[Content]:
    """Give every kind of content with this text in every place that takes one.

    `said` is what the answer's own text is: the core makes that safe, and nothing else.
    """
    said = text if said is None else said
    states = [each for arg in get_args(RowState) for each in (get_args(arg) or (arg,))]
    rows = tuple(
        Row(position=n, label=text, role=text, state=state, reason=text, gist=text, text=text)
        for n, state in enumerate(states, 1)
    )
    panel = Panel(turn_id="t", preset=text, rows=rows)
    settled = Panel(turn_id="t", preset=text, rows=rows, settled=True, round=2)
    yield panel
    yield settled
    yield Part(turn_id="t", index=0, text=said, streaming=True)
    yield Part(turn_id="t", index=0, text=said, streaming=True, panel=panel)
    yield Part(turn_id="t", index=0, text=said, error=text, footer=figures(text, text))
    yield Part(turn_id="t", index=0, text=said, footer=figures(text), panel=settled)
    yield Notice(text=text)
    yield Permission(turn_id="t", title=text, arguments=text, below=text)


def frames(text: str, said: str | None = None) -> Iterator[Frame]:
    """Give a frame of each, with buttons that say the same."""
    choices = tuple(button("pick", text[:80] or "-", f"preset-{n}") for n in range(3))
    for number, content in enumerate(contents(text, said)):
        buttons = choices if isinstance(content, Notice) else (button("advisors", text, "1"),)
        yield Frame(key=f"answer/{number}", content=content, buttons=buttons, final=True)
