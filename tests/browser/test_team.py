"""What a team does on the page: conversations apart, a way back, and being forgotten."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.test_chat import answered, ask, choose

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


def told(page):
    return page.locator(".notice").last


async def test_conversations_keep_their_preset_and_their_words_apart_over_a_reload(page):
    await choose(page, "hostile")
    await ask(page, "Said in the first one?")
    await answered(page)
    first = page.url
    await page.get_by_role("button", name="New conversation").click()
    await expect(page.locator("#preset-name")).to_have_text("review")
    await ask(page, "Said in the second one?")
    await answered(page)
    await page.reload()
    await expect(page.locator(".question")).to_have_text(["Said in the second one?"])
    await expect(page.locator("#preset-name")).to_have_text("review")
    await page.goto(first)
    await page.reload()
    await expect(page.locator(".question")).to_have_text(["Said in the first one?"])
    await expect(page.locator("#preset-name")).to_have_text("hostile")
    await ask(page, "/moa")
    await expect(told(page)).to_contain_text("hostile")


async def test_forget_asks_back_and_only_its_button_deletes(page):
    await ask(page, "Forget me, please?")
    await answered(page)
    await ask(page, "/forget")
    await expect(told(page)).to_contain_text("Nobody can bring it back.")
    await expect(page.locator(".question")).to_have_text(["Forget me, please?"])
    await page.get_by_role("button", name="Yes, delete it").click()
    await expect(told(page)).to_contain_text("Deleted: 1 question with its answer")
    await expect(page.locator(".question")).to_have_count(0)
    await page.reload()
    await expect(told(page)).to_contain_text("Deleted: 1 question with its answer")
    await expect(page.locator(".question")).to_have_count(0)


async def test_undo_takes_the_last_exchange_off_the_page(page):
    await ask(page, "A question to keep?")
    await answered(page)
    await ask(page, "One to take back?")
    await expect(page.locator(".facts")).to_have_count(2)
    await ask(page, "/undo")
    await expect(told(page)).to_contain_text("One to take back?")
    await expect(page.locator(".question")).to_have_text(["A question to keep?"])
