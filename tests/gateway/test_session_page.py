"""The page begins afresh, goes back, and gives a conversation as a file to be saved."""

from __future__ import annotations

from typing import Any

from tests.gateway.harness import process_gateway
from tests.gateway.page import Page, View, answered, notices

CONFIG = """
    providers:
      fake: {api: scripted, answers: {"*": "Go by train."}}
    moa:
      presets:
        alone: {enabled: false, aggregator: {provider: fake, model: big}}
"""


def frames(view: View) -> list[dict[str, Any]]:
    return [each["frame"] for each in view["notices"]]


def tells(text: str):
    return lambda view: any(text in each for each in notices(view))


async def test_the_page_goes_back_by_a_button_and_saves_a_file(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(answered(1))
        await page.say("/new")
        view = await page.until(tells("fresh start"))
        ((button,),) = [each["buttons"] for each in frames(view) if each["buttons"]]
        assert (button["action"], button["label"]) == ("back", "Undo")
        status, _ = await page.press("back", "", button["value"])
        assert status == 202
        await page.until(tells("remember again"))
        await page.say("/export")
        view = await page.until(lambda view: any(each.get("file") for each in frames(view)))
        (file,) = [each["file"] for each in frames(view) if each.get("file")]
        assert file["name"] == "conversation.md"
        assert "> How do I get there?\n\nGo by train.\n" in file["text"]
        await page.say("/undo")
        await page.until(tells("I took out the question"))
        await page.until(lambda view: view["turns"] == [])
