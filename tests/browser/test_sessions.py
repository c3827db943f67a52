"""A fresh start on the page, the way back from it, and a conversation that is saved as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.test_chat import answered, ask

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_fresh_start_is_undone_by_its_button_and_an_export_is_saved(page):
    await ask(page, "Why?")
    await answered(page)
    await ask(page, "/new")
    await expect(page.locator(".notice").last).to_contain_text("fresh start")
    await page.get_by_role("button", name="Undo").click()
    await expect(page.locator(".notice").last).to_contain_text("remember again")
    await ask(page, "/export")
    save = page.get_by_role("button", name="Save conversation.md")
    async with page.expect_download() as downloading:
        await save.click()
    download = await downloading.value
    assert download.suggested_filename == "conversation.md"
    assert "> Why?" in Path(await download.path()).read_text(encoding="utf-8")  # noqa: ASYNC240
