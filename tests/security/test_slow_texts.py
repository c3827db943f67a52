"""Texts of models, people and providers that a careless reader looks through again and again.

Each took minutes to days here, and as long as one is read nobody else is answered; now each is
read at once. What is read is as long as what can come: an answer of a model has up to a million
signs, a file of a question 60,000.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from adapters.chat.discord import inert
from adapters.chat.slack import text as slack
from adapters.llm import quirks, waits
from core.attached import CHARACTERS, with_contents
from core.block import reference_block
from core.markup import Streamed, close, settled
from core.outcomes import Advice
from core.presets import Preset, Slot
from core.types import KeptFile, Line

pytestmark = pytest.mark.timeout(60)
PRESET = Preset(name="review", aggregator=Slot(provider="p", model="big"))
NOW = datetime(2026, 11, 29, tzinfo=UTC)
SENT = frozenset({"max_tokens", "temperature", "stream"})


def _advised(text: str) -> None:
    advice = Advice(position=1, label="p:a", outcome="ok", text=f"x{text}x")
    assert reference_block(PRESET, [advice]) is not None


def _attached(text: str) -> None:
    file = KeptFile(digest="d", kind="text", name="n.txt", size=1, most=CHARACTERS)
    with_contents(Line(role="user", files=(file,)), set(), {}, {"d": f"x{text}x"})


def _streamed(text: str) -> None:
    shown = Streamed(11_000, len, append=True)
    for at in range(0, len(text), 1_000):
        shown.add(text[at : at + 1_000])
        shown.texts()


READ: dict[str, tuple[Callable[[str], object], str]] = {
    "advice of blank lines": (_advised, "\n" * 1_000_000),
    "advice of old lines": (_advised, "\r\x0b" * 500_000),
    "advice of tabs": (_advised, "\n\t" * 500_000),
    "a file of blank lines": (_attached, "\n" * CHARACTERS),
    "links that nothing ends": (settled, "](" * 60_000),
    "links that nothing ends, while they are written": (_streamed, "](" * 12_000),
    "links that nothing ends, to be closed": (close, "](" * 8_000),
    "blank lines on Discord": (inert.plain, "\n" * 300_000 + "x"),
    "blanks on Discord": (inert.plain, " \n" * 150_000 + "x"),
    "a number on Discord": (inert.plain, "1" * 300_000),
    "blanks from Slack": (lambda text: slack.plain(text, "U0BOT", {}), " \t" * 150_000),
    "a while to wait": (lambda text: waits.duration(text, NOW), "1" * 300_000),
    "a refusal": (lambda text: quirks.learn(text, SENT, frozenset()), "max_tokens " * 30_000),
}


@pytest.mark.parametrize("what", READ)
def test_no_text_is_looked_through_again_from_each_of_its_signs(what):
    read, text = READ[what]
    read(text)
