"""Files on the page: chosen, pasted, dropped, taken away again; and what cannot be sent."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests import samples
from tests.browser.conftest import picture
from tests.browser.test_chat import answered, ask, composer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

NOTES = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"the words"}
CAT = {"name": "cat.png", "mimeType": "image/png", "buffer": samples.png()}


def chips(page):
    return page.get_by_role("list", name="Files that go along").get_by_role("listitem")


async def test_files_are_chosen_taken_away_and_sent_along(page):
    await page.locator("#files").set_input_files([NOTES, CAT])
    await expect(chips(page)).to_have_count(2)
    await expect(chips(page).first).to_contain_text("notes.txt")
    await picture(page, "web-files")
    await page.get_by_role("button", name="Remove notes.txt").click()
    await expect(chips(page)).to_have_count(1)
    await ask(page, "What is this?")
    await expect(chips(page)).to_have_count(0)
    await answered(page)
    await expect(page.locator(".question").last).to_contain_text("What is this?")
    await expect(page.locator(".question").last).to_contain_text("[attached: cat.png, 3 × 2]")


async def test_a_file_alone_is_a_question(page):
    await page.locator("#files").set_input_files([NOTES])
    await page.get_by_role("button", name="Send").click()
    await answered(page)
    await expect(page.locator(".question").last).to_have_text("[attached: notes.txt]")


async def test_a_picture_is_pasted_and_a_file_dropped(page):
    for event, field in (("paste", "clipboardData"), ("drop", "dataTransfer")):
        await composer(page).evaluate(
            """(field, [event, name]) => {
                const data = new DataTransfer();
                data.items.add(new File(["words"], `${event}.txt`, {type: "text/plain"}));
                const happened = new Event(event, {bubbles: true, cancelable: true});
                Object.defineProperty(happened, name, {value: data});
                field.dispatchEvent(happened);
            }""",
            [event, field],
        )
        await expect(chips(page).last).to_contain_text(f"{event}.txt")
    await expect(chips(page)).to_have_count(2)


async def test_what_is_too_large_is_told_at_once(page):
    large = {"name": "large.bin", "mimeType": "text/plain", "buffer": bytes(21 * 1024 * 1024)}
    await page.locator("#files").set_input_files([large, NOTES])
    await expect(page.get_by_role("alert")).to_have_text("large.bin is larger than 20 MB.")
    await expect(chips(page)).to_have_count(1)


@pytest.mark.parametrize("by", ["mouse", "keyboard"])
async def test_the_button_opens_the_chooser(page, by):
    button = page.get_by_role("button", name="Attach files")
    async with page.expect_file_chooser() as chooser:
        if by == "mouse":
            await button.click()
        else:
            await composer(page).focus()
            await page.keyboard.press("Shift+Tab")
            await expect(button).to_be_focused()
            await page.keyboard.press("Enter")
    await (await chooser.value).set_files([NOTES])
    await expect(chips(page)).to_have_count(1)
