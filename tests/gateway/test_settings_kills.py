"""Shows what a kill leaves: a setting stays, and a preset for one question never was one."""

from __future__ import annotations

from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, answered, answers, stored, writing

FILE = """
providers:
  fake:
    api: scripted
    answers:
      one: First.
      two: {text: "Second, and slowly so, for there is much to be said of it.", between: 0.25}
moa:
  default_preset: first
  presets:
    first: {enabled: false, aggregator: {provider: fake, model: one}}
    second: {enabled: false, aggregator: {provider: fake, model: two}}
"""


async def test_a_preset_for_one_question_is_no_setting_after_a_kill(tmp_path):
    async with process_gateway(FILE, tmp_path) as process, Page.of(process) as page:
        await page.say("/ask preset:second Why?")
        await page.until(writing)
        process.kill()
        await process.ended()
    async with process_gateway(FILE, tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
        assert answers(view)[0].startswith("Second")
        assert view["preset"].startswith("first")
        await page.say("And now?")
        assert answers(await page.until(answered(2)))[1] == "First."


async def test_a_choice_that_was_told_stays_after_a_kill(tmp_path):
    async with process_gateway(FILE, tmp_path) as process, Page.of(process) as page:
        await page.say("/moa second")
        await stored(tmp_path, "SELECT value FROM settings WHERE key = 'preset'")
        process.kill()
        await process.ended()
    async with process_gateway(FILE, tmp_path) as process, Page.of(process) as page:
        assert (await page.look())["preset"].startswith("second")
        rows = await stored(tmp_path, "SELECT changed_by, name FROM settings WHERE key = 'preset'")
        assert rows == [("owner", "You")]
