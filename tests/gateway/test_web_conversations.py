"""Shows that the page has several conversations, each with a history and a lane of its own."""

from __future__ import annotations

import pytest

from tests.gateway.harness import Running, running_gateway
from tests.gateway.page import Page, answered, answers, writing

ONE, TWO = "conversation-one", "conversation-two"
CONFIG = """
    providers:
      p:
        api: scripted
        answers:
          a: Take the train.
          big: {answers: [First., Second., Third., Fourth.], then: last}
    moa:
      presets:
        review:
          reference_models: [{provider: p, model: a}]
          aggregator: {provider: p, model: big}
          fanout: user_turn
        alone: {enabled: false, aggregator: {provider: p, model: big}}
"""
SLOW = CONFIG.replace(
    "[First., Second.",
    "[{text: 'A long story that goes on, and on, and on, and on.', between: 0.02, stall: true}, "
    "Second.",
)


async def asks(running: Running, conversation: str, text: str, *, times: int) -> list[str]:
    """Ask, and give what the aggregator was shown of the conversation."""
    async with Page.of(running, conversation) as page:
        await page.say(text, event_id=f"{conversation}-{times}")
        await page.until(answered(times))
    lines = running.calls.of("big")[-1].lines
    return [line.text for line in lines if line.role in {"user", "assistant"} and not line.trailing]


@pytest.mark.parametrize("scope", ["thread", "channel", "user"])
async def test_each_conversation_knows_what_was_said_in_it_alone(scope, tmp_path):
    """What is set for channels is for messengers: a page has conversations of its own."""
    config = f"{CONFIG}    defaults: {{session: {scope}}}\n"
    async with running_gateway(config, tmp_path) as running:
        assert await asks(running, ONE, "Red?", times=1) == ["Red?"]
        assert await asks(running, TWO, "Blue?", times=1) == ["Blue?"]
        assert await asks(running, ONE, "So?", times=2) == ["Red?", "First.", "So?"]
    async with running_gateway(config, tmp_path) as running:
        assert await asks(running, TWO, "So?", times=2) == ["Blue?", "Second.", "So?"]


async def test_they_are_listed_by_their_first_question_the_newest_first(tmp_path):
    async with running_gateway(CONFIG, tmp_path) as running:
        for conversation, text in ((ONE, "Red?"), (TWO, "Blue?"), (ONE, "So?")):
            await asks(running, conversation, text, times=2 if text == "So?" else 1)
        async with Page.of(running) as page, page.http.get("/api/conversations") as got:
            listed = (await got.json())["conversations"]
    assert [(each["id"], each["title"]) for each in listed] == [(ONE, "Red?"), (TWO, "Blue?")]


async def test_one_does_not_wait_for_another_and_a_preset_is_chosen_for_one(tmp_path):
    async with running_gateway(SLOW, tmp_path) as running:
        async with Page.of(running, ONE) as one, Page.of(running, TWO) as two:
            await one.choose("alone")
            await one.say("Red?")
            await one.until(writing)
            await two.say("Blue?")
            view = await two.until(answered(1))
            assert answers(view) == ["Second."]
            assert view["preset"] == "review"
            assert (await one.look())["preset"].startswith("alone")
        assert len(running.calls.of("a")) == 1
