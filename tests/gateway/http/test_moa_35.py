"""Shows `auto` presets on /v1: the gate decides, a header overrules it (MOA-35)."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import CLOCK, asked, client, mixture, moa

AUTO = mixture(preset="fanout: user_turn\nauto: true")
PLAIN = asked("When does it leave?")


async def test_moa_35_the_gate_decides_for_programs_too(tmp_path):
    async with running_gateway(AUTO, tmp_path) as gateway, client(gateway) as api:
        plain = await api.chat.completions.create(model="review", messages=PLAIN)
        hard = await api.chat.completions.create(
            model="moa/review", messages=asked("Should I take the train?")
        )
    assert moa(plain.usage)["references"] == []
    assert moa(plain.usage)["notes"] == ["answered alone: a short plain question"]
    assert len(moa(hard.usage)["references"]) == 2
    assert moa(hard.usage)["notes"] == ["advisors asked: it asks to weigh or explain"]


async def test_moa_35_40_a_loop_is_judged_alike_at_every_step(tmp_path):
    answers = """
        wise: "Ask the clock."
        bold: "Just guess."
        big: [{tool_calls: [{name: clock}]}, "It is noon."]
    """
    config = mixture(answers, preset="fanout: user_turn\nauto: true")
    called = {"id": "c1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    async with running_gateway(config, tmp_path) as gateway, client(gateway) as api:
        await api.chat.completions.create(model="review", messages=PLAIN, tools=[CLOCK])
        steps: Any = [
            *PLAIN,
            {"role": "assistant", "tool_calls": [called]},
            {"role": "tool", "tool_call_id": "c1", "content": "Noon? Or one?\n" * 20},
        ]
        await api.chat.completions.create(model="review", messages=steps, tools=[CLOCK])
        assert gateway.calls.of("wise") == []


async def test_moa_35_a_header_asks_all_advisors(tmp_path):
    async with running_gateway(AUTO, tmp_path) as gateway, client(gateway) as api:
        answer = await api.chat.completions.create(
            model="review", messages=PLAIN, extra_headers={"X-MoA-Advisors": "all"}
        )
    assert len(moa(answer.usage)["references"]) == 2
    assert moa(answer.usage)["notes"] == []


async def test_moa_35_any_other_word_in_the_header_is_refused(tmp_path):
    async with running_gateway(AUTO, tmp_path) as gateway, client(gateway) as api:
        with pytest.raises(openai.BadRequestError, match="'auto' or 'all'"):
            await api.chat.completions.create(
                model="review", messages=PLAIN, extra_headers={"X-MoA-Advisors": "some"}
            )
