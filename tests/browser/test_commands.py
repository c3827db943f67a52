"""The commands of every chat, typed on the page: no model is asked about them."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.test_chat import answered, ask

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_help_and_cost_are_told_line_by_line_and_ask_nobody(page):
    await ask(page, "/help")
    told = page.locator(".notice")
    await expect(told).to_contain_text("/cost – What this conversation has cost")
    lines = (await told.inner_text()).splitlines()
    assert "/help – What you can do here" in lines
    await ask(page, "/cost")
    await expect(told.last).to_contain_text("this month")
    await expect(page.locator(".answer")).to_have_count(0)


async def test_ask_asks_another_preset_once_and_retry_asks_the_last_question_again(page):
    await ask(page, "/ask preset:hostile Why?")
    await answered(page)
    await expect(page.locator(".question")).to_have_text(["Why?"])
    await expect(page.locator(".answer")).to_contain_text("hostile")
    await expect(page.locator("#preset-name")).to_have_text("review")
    await ask(page, "/retry")
    await expect(page.locator(".notice")).to_contain_text("again")
    await answered(page)
    await expect(page.locator(".question")).to_have_text(["Why?"])
