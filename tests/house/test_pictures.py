"""The README's pictures can be drawn anew, and hold what the bot sent and nothing else."""

from __future__ import annotations

import re

import pytest

from tools.pictures.__main__ import page_of
from tools.pictures.drawing import styled

BUTTONS = ("🔁 Retry", "🎛 Preset", "👥 Advisors", "🗑 Remove")
FOOTER = r"review · advisors 2/3 · [\d,]+ tokens \(\d+ % cached\) · \$0\.0156 · \d+\.\d s"


@pytest.mark.parametrize("platform", ["telegram", "discord", "slack"])
async def test_a_picture_has_the_panel_the_answer_the_figures_and_the_buttons(platform):
    page = await page_of(platform)
    for words in (
        "review · 2 of 3 advisors answered",
        "openai:gpt-5.5 · done",
        "SQLite is enough.",
        "openrouter:qwen3-max · failed: refused the request",
        f"the bot really sent to a simulated {platform.title()}",
        *BUTTONS,
    ):
        assert words in page
    assert re.search(r"<(?:b|strong)>start with SQLite</(?:b|strong)>", page)
    assert re.search(FOOTER, page)


def test_entities_are_drawn_where_utf16_counts_them():
    entities = [
        {"type": "bold", "offset": 3, "length": 4},
        {"type": "italic", "offset": 5, "length": 2},
    ]
    assert styled("🗑 <b👀>", entities) == "🗑 <b>&lt;b<em>👀</em></b>&gt;"
