"""What a kill leaves of a history that was being condensed: the old one stands (P4, MOA-19)."""

from __future__ import annotations

import asyncio

from core.history import SUMMARY_OPENS, SUMMARY_REQUEST
from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, answered
from tests.gateway.test_recovery import HANGS
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa:
      presets:
        alone:
          enabled: false
          aggregator: {{provider: sim, model: big, context_window: 1200, max_tokens: 300}}
"""
LONG = "word " * 150


def asked(models: ProviderSimulator) -> list[list[str]]:
    """The texts of each request."""
    return [[each["content"] for each in seen.body["messages"]] for seen in models.seen]


async def summing(models: ProviderSimulator) -> None:
    """Wait until a summary is asked for."""
    async with asyncio.timeout(30):
        while asked(models)[-1][-1] != SUMMARY_REQUEST:
            models.asked.clear()
            await models.asked.wait()


async def test_killed_while_it_condenses_the_old_history_stands_and_is_condensed_later(tmp_path):
    later = [Reply(text=each) for each in ("Aye.", "They spoke of words.", "Aye.")]
    replies = {"big": [Reply(text=LONG), Reply(text=LONG), HANGS, *later]}
    async with ProviderSimulator(replies) as models:
        config = CONFIG.format(url=models.base_url)
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            for number in (1, 2):
                await page.say(f"{number}? {LONG}")
                await page.until(answered(number))
            await summing(models)
            process.kill()
            await process.ended()
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            await page.say("Three?")
            await page.until(answered(3))
            assert not any(SUMMARY_OPENS in each for each in asked(models)[-1])
            await summing(models)
            await page.say("Four?")
            await page.until(answered(4))
    assert asked(models)[-1][0] == f"{SUMMARY_OPENS}\nThey spoke of words."
