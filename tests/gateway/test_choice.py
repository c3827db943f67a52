"""Shows that a preset is chosen in chat by any name it may have, and by no word by accident."""

from __future__ import annotations

import pytest

from core.types import Address
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import TEXT, assembled
from tests.gateway.harness import running_gateway
from tests.gateway.page import Page, notices

ROOM = Address(platform="fake", channel="room")
NAMES = """    off:
      reference_models: [{provider: p, model: c}]
      aggregator: {provider: p, model: big}
    "Перевірка 審査":
      aggregator: {provider: p, model: big}
      enabled: false
"""


@pytest.mark.parametrize(
    ("typed", "name", "advisors"),
    [
        ("alone", "alone", 0),
        ("Перевірка 審査", "Перевірка 審査", 0),
        ("moa/Перевірка 審査", "Перевірка 審査", 0),
        ("off", "review", 0),
        ("moa/off", "off", 1),
        ("default", "review", 2),
        ("nothing of the kind", "review", 2),
    ],
)
def test_moa_2_a_preset_is_chosen_by_its_name_and_a_word_stays_a_word(typed, name, advisors):
    async def story():
        async with assembled(MemoryStore(), ScriptedModel(), text=TEXT + NAMES) as parts:
            await parts.command(typed)
            chosen = await parts.gateway.exchange.choices.preset(ROOM)
            assert (chosen.name, len(chosen.active)) == (name, advisors)

    run_virtual(story())


def test_the_command_alone_says_what_is_in_force_and_what_there_is():
    async def story():
        async with assembled(MemoryStore(), ScriptedModel()) as parts:
            await parts.command("")
            assert parts.chat.texts() == [
                "The preset here is review (the default). There are: review, alone."
            ]

    run_virtual(story())


async def test_moa_7_the_page_shows_that_the_advisors_are_off(tmp_path):
    text = """
providers: {fake: {api: scripted, answers: {"*": "Yes."}}}
moa:
  presets:
    review:
      reference_models: [{provider: fake, model: a}]
      aggregator: {provider: fake, model: big}
"""
    async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
        assert (await page.look())["preset"] == "review"
        await page.say("/moa off")
        assert (await page.look())["preset"] == "review · advisors off"
        await page.say("/moa default")
        assert (await page.look())["preset"] == "review"


async def test_the_page_shows_and_takes_no_preset_whose_providers_may_not_be_asked(tmp_path):
    text = """
providers:
  fake: {api: scripted, answers: {"*": "Yes."}}
  other: {api: scripted, answers: {"*": "No."}}
channels: [{platform: web, channel: owner, providers: [fake]}]
moa:
  presets:
    own: {enabled: false, aggregator: {provider: fake, model: big}}
    foreign: {enabled: false, aggregator: {provider: other, model: big}}
"""
    async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
        async with page.http.get("/api/status") as response:
            missing = {each["name"]: each["missing"] for each in (await response.json())["presets"]}
        assert missing["own"] == ""
        assert "allows only models of fake here" in missing["foreign"]
        await page.choose("foreign")
        view = await page.until(lambda view: bool(view["notices"]))
        assert "also asks other" in notices(view)[-1]
        assert (await page.look())["preset"].startswith("own")
        await page.choose("own")
        await page.say("/moa")
        view = await page.until(lambda view: "There are: own." in notices(view)[-1])
        assert "(chosen in this thread by you on " in notices(view)[-1]
        await page.say("/ask preset:foreign Why?")
        await page.until(lambda view: "also asks" in notices(view)[-1])
        assert gateway.calls.of("big") == []
