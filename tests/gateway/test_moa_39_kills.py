"""Shows what a kill leaves of context mode: nobody advises or condenses twice (MOA-39, P4)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, answered, answers, stored, writing
from tests.gateway.test_recovery import HANGS, asked
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa:
      presets:
        agent:
          reference_models: [{{provider: sim, model: one}}, {{provider: sim, model: two}}]
          aggregator: {{provider: sim, model: condenses}}
          acting_model: {{provider: sim, model: acts}}
          fanout: user_turn
"""
ANSWER = "Go by train, and do not worry about it."


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    replies = {
        "one": Reply(text="Take the train."),
        "two": Reply(text="Walk."),
        "condenses": Reply(text="Look at the timetable first."),
        "acts": Reply(text=ANSWER),
    }
    async with ProviderSimulator(replies) as simulator:
        yield simulator


async def test_moa_39_killed_while_it_condenses_no_advisor_is_asked_again(models, tmp_path):
    models.replies["condenses"] = [HANGS, Reply(text="Look at the timetable first.")]
    config = CONFIG.format(url=models.base_url)
    async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await stored(tmp_path, "SELECT 1 FROM calls GROUP BY turn_id HAVING COUNT(*) = 2")
        process.kill()
        await process.ended()
    async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    counts = asked(models)
    assert (counts["one"], counts["two"], counts["acts"]) == (1, 1, 1)
    assert answers(view) == [ANSWER]
    block = models.seen[-1].body["messages"][-1]["content"]
    assert "Look at the timetable first." in block
    assert "Take the train." not in block


async def test_moa_39_killed_while_it_answers_the_guidance_is_the_same_again(models, tmp_path):
    models.replies["acts"] = [Reply(text=ANSWER, between=3.0), Reply(text=ANSWER)]
    config = CONFIG.format(url=models.base_url)
    async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(writing)
        process.kill()
        await process.ended()
    async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    assert asked(models) == {"one": 1, "two": 1, "condenses": 1, "acts": 2}
    first, second = (seen.raw for seen in models.seen if seen.body["model"] == "acts")
    assert first == second, "the same bytes, block included"
    assert "advice condensed by sim:condenses" in str(view)
