"""Shows that a gateway that is killed at any point finishes what it had begun (P1, P2, P4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest

from adapters.store import open_sqlite
from core.records import Accepted, StoredTurn
from core.types import Address, Author, Command, Message, Press
from gateway.clock import SystemClock
from gateway.program.recovery import _stopped
from tests.fakes.turns import end, start
from tests.gateway.harness import process_gateway
from tests.gateway.page import (
    CONVERSATION,
    Page,
    answered,
    answers,
    notices,
    row_is,
    said,
    stored,
    writing,
)
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa:
      presets:
        review:
          reference_models: [{{provider: sim, model: quick}}, {{provider: sim, model: slow}}]
          aggregator: {{provider: sim, model: big}}
          fanout: user_turn
        alone:
          enabled: false
          aggregator: {{provider: sim, model: big}}
"""
OWNER = Author(id="owner", name="You")
ADDRESS = Address(platform="web", channel="owner", thread=CONVERSATION)
HANGS = Reply(first=60)
NOW = int(SystemClock().now().timestamp() * 1000)
"""What is older than its term would be taken out when the program starts."""


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    replies = {
        "quick": Reply(text="Take the train."),
        "slow": Reply(text="Walk."),
        "big": Reply(text="Go by train, and do not worry about it."),
    }
    async with ProviderSimulator(replies) as simulator:
        yield simulator


def config(models: ProviderSimulator) -> str:
    return CONFIG.format(url=models.base_url)


def asked(models: ProviderSimulator) -> Counter[str]:
    return Counter(seen.body["model"] for seen in models.seen)


async def unfinished(folder) -> list[StoredTurn]:
    store = await open_sqlite(folder / "data" / "moa-gateway.db")
    try:
        return list(await store.unfinished())
    finally:
        await store.close()


async def accepted_before(folder, *incoming) -> None:
    """Leave behind what a run leaves that was killed right after it had stored something."""
    store = await open_sqlite(folder / "data" / "moa-gateway.db")
    for each in incoming:
        await store.accept(each)
    await store.close()


def question(text: str, number: int = 1) -> Message:
    return Message(
        event_id=f"q{number}",
        address=ADDRESS,
        author=OWNER,
        text=text,
        at=NOW + number,
        message_id=f"q{number}",
    )


async def test_killed_while_advisors_run_asks_only_those_that_had_not_landed(models, tmp_path):
    models.replies["slow"] = [HANGS, Reply(text="Walk.")]
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        assert (await page.say("How do I get there?"))[0] == 202
        await page.until(row_is(1, "ok"))
        await stored(tmp_path, "SELECT 1 FROM calls WHERE position = 1")
        process.kill()
        await process.ended()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    assert asked(models) == {"quick": 1, "slow": 2, "big": 1}
    assert answers(view) == ["Go by train, and do not worry about it."]
    advice = str(models.seen[-1].body["messages"])
    assert "Take the train." in advice
    assert "Walk." in advice
    assert await unfinished(tmp_path) == []


async def test_killed_while_the_answer_streams_asks_no_advisor_again(models, tmp_path):
    text = "Go by train, and do not worry about it."
    models.replies["big"] = [Reply(text=text, between=3.0), Reply(text=text)]
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.until(writing)
        process.kill()
        await process.ended()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    assert asked(models) == {"quick": 1, "slow": 1, "big": 2}
    assert answers(view) == [text]
    assert len(view["turns"]) == 1


async def test_killed_right_after_accepting_answers_everything_in_order(models, tmp_path):
    await accepted_before(tmp_path, question("First?", 1), question("Second?", 2))
    models.replies["big"] = [Reply(text="To the first."), Reply(text="To the second.")]
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(2))
    assert [turn["question"] for turn in view["turns"]] == ["First?", "Second?"]
    assert answers(view) == ["To the first.", "To the second."]
    to_big = [seen.body["messages"] for seen in models.seen if seen.body["model"] == "big"]
    assert len(to_big) == 2
    assert [line["content"] for line in to_big[1] if line["role"] == "assistant"] == [
        "To the first."
    ]


async def test_a_question_that_waited_is_answered_after_the_one_that_was_cut(models, tmp_path):
    models.replies["big"] = [Reply(text="One.", between=3.0), Reply(text="One."), Reply(text="Two")]
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("First?")
        await page.until(writing)
        assert (await page.say("Second?"))[0] == 202
        process.kill()
        await process.ended()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(2))
    assert [turn["question"] for turn in view["turns"]] == ["First?", "Second?"]
    assert answers(view) == ["One.", "Two"]


@pytest.mark.parametrize("number", [1, 5])
async def test_killed_at_any_news_the_question_has_one_answer(models, tmp_path, number):
    models.replies["big"] = Reply(text="Go by train, and do not worry about it.", between=0.15)
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        await page.news(number)
        process.kill()
        await process.ended()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    assert answers(view) == ["Go by train, and do not worry about it."]
    assert len(view["turns"]) == 1
    assert await unfinished(tmp_path) == []


async def test_a_command_and_a_stop_that_were_only_stored_are_obeyed(models, tmp_path):
    models.replies["big"] = [Reply(text="One.", between=3.0), Reply(text="Never asked.")]
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("First?")
        turn = (await page.until(writing))["turns"][0]["turn_id"]
        process.kill()
        await process.ended()
    stop = Press(
        event_id="p1", address=ADDRESS, author=OWNER, action="stop", turn_id=turn, at=NOW + 1_000
    )
    moa = Command(
        event_id="c1", address=ADDRESS, author=OWNER, name="moa", args="alone", at=NOW + 1_001
    )
    await accepted_before(tmp_path, stop, moa)
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await stored(tmp_path, "SELECT 1 FROM settings WHERE value = 'alone'")
        view = await page.until(answered(1))
    assert view["preset"] == "alone · advisors off"
    assert asked(models)["big"] == 1
    assert view["turns"][0]["ending"] == "stopped"


async def test_killed_while_the_final_was_being_posted_shows_it_once_and_without_doubt(
    models, tmp_path
):
    store = await open_sqlite(tmp_path / "data" / "moa-gateway.db")
    accepted = await store.accept(question("How do I get there?"))
    assert accepted is not None
    turn = start("t1", seq=accepted.seq, session=ADDRESS.session, asker=OWNER.id, started=NOW)
    await store.begin(turn)
    await store.finish(end("t1", "Go by train."))
    await store.attempting("t1", "answer/0")
    await store.close()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await process.logged("turn_recovered")
        view = await page.until(answered(1))
        assert answers(view) == ["Go by train."]
        assert notices(view) == []
        process.terminate()
        await process.ended()
    assert models.seen == []
    assert await unfinished(tmp_path) == []


async def test_a_turn_of_a_program_that_was_cut_is_closed(models, tmp_path):
    models.replies["big"] = Reply(text="One.", between=3.0)
    asking = {"model": "alone", "stream": True, "messages": [{"role": "user", "content": "Hi?"}]}
    async with (
        process_gateway(config(models), tmp_path) as process,
        Page.of(process) as page,
        page.http.post("/v1/chat/completions", json=asking) as response,
    ):
        await models.asked.wait()
        await response.content.readline()
        process.kill()
        await process.ended()
    async with process_gateway(config(models), tmp_path):
        await stored(tmp_path, "SELECT 1 FROM turns WHERE ending = 'stopped'")
    assert asked(models)["big"] == 1
    assert await unfinished(tmp_path) == []


async def test_a_turn_that_takes_the_program_down_each_time_is_given_up_and_said_so(
    models, tmp_path
):
    models.replies["big"] = Reply(text="One.", between=3.0)
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        await page.say("Poison?")
        await page.until(writing)
        process.kill()
        await process.ended()
    for tried in (2, 3):
        async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
            await stored(tmp_path, f"SELECT 1 FROM turns WHERE attempts = {tried}")
            await page.until(writing)
            process.kill()
            await process.ended()
    async with process_gateway(config(models), tmp_path) as process, Page.of(process) as page:
        view = await page.until(answered(1))
    assert view["turns"][0]["ending"] == "failed"
    assert "tried 3 times" in said(view["turns"][0])
    assert asked(models)["big"] == 3


def test_a_stop_is_for_what_came_before_it_and_one_in_the_line_is_not_for_what_runs():
    def press(seq: int, turn_id: str = "", value: str = "") -> Accepted:
        said = Press(
            event_id=f"p{seq}",
            address=ADDRESS,
            author=OWNER,
            action="stop",
            turn_id=turn_id,
            value=value,
            at=NOW,
        )
        return Accepted(seq=seq, session=ADDRESS.session, incoming=said)

    assert _stopped([press(3), press(5, value="4"), press(7, turn_id="t1")]) == {
        (ADDRESS, OWNER.id): 3,
        "t1": 7,
    }
