"""Shows that what is finished is paid for once, whoever is killed when: fallbacks, too (P4)."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

import pytest

from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, answered, answers, row_is, stored
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
providers:
  sim: {{api: chat_completions, base_url: "{url}"}}
moa:
  presets:
    review:
      reference_models:
        - {{provider: sim, model: down, fallbacks: [{{provider: sim, model: spare}}]}}
        - {{provider: sim, model: slow}}
      aggregator: {{provider: sim, model: big, fallbacks: [{{provider: sim, model: second}}]}}
      fanout: user_turn
prices:
  "sim:down": {{input: 1, output: 1}}
  "sim:spare": {{input: 10, output: 10}}
  "sim:slow": {{input: 10, output: 10}}
  "sim:big": {{input: 10, output: 10}}
  "sim:second": {{input: 10, output: 10}}
"""


@pytest.fixture
async def models():
    replies: dict[str, Reply | list[Reply]] = {
        "down": Reply(status=500),
        "spare": Reply(text="Take the train."),
        "slow": [Reply(first=60), Reply(text="Walk.")],
        "big": Reply(status=404),
        "second": Reply(text="Go by train, and do not worry about it."),
    }
    async with ProviderSimulator(replies) as simulator:
        yield simulator


async def test_p4_a_fallback_that_has_landed_is_not_asked_again_after_a_kill(models, tmp_path):
    config = CONFIG.format(url=models.base_url)
    async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(row_is(1, "ok"))
        await stored(tmp_path, "SELECT 1 FROM calls WHERE position = 1")
        process.kill()
        await process.ended()
    async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    asked = Counter(seen.body["model"] for seen in models.seen)
    # `down` twice is one call and its retry; `slow` had not landed.
    assert asked == {"down": 2, "spare": 1, "slow": 2, "big": 1, "second": 1}
    assert answers(view) == ["Go by train, and do not worry about it."]
    ((total,),) = await stored(tmp_path, "SELECT dollars FROM turns WHERE ending = 'finished'")
    rows = await stored(tmp_path, "SELECT dollars FROM calls")
    assert Decimal(total) == sum(Decimal(dollars or 0) for (dollars,) in rows) > 0
    shown = str(view["turns"])
    assert "in place of sim:down" in shown
    assert "sim:second answered in place of sim:big" in shown
