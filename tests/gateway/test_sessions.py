"""What becomes of a history: begun anew, taken back, condensed, and what is pinned before it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from adapters.store import open_sqlite
from core.calls import Chunk
from core.errors import ModelBusy
from core.history import FACTS_OPEN, SUMMARY_OPENS, SUMMARY_REQUEST
from core.records import Whose
from core.storage import Store
from core.types import Address, Author, Command
from tests.fakes.chat import FakeChat
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import Script, ScriptedModel, Step
from tests.gateway.assembled import ANNA, TEXT, Parts, assembled
from tests.invariants import without_block

ROOM = "fake/room"
BEN = Author(id="u2", name="Ben")
SMALL = TEXT.replace(
    "aggregator: {provider: p, model: big}",
    "aggregator: {provider: p, model: big, context_window: 2000, max_tokens: 400}",
)
LONG = "word " * 120
EVENTS = (f"c{number}" for number in count())


@pytest.fixture(params=["memory", "sqlite"])
async def store(request, tmp_path: Path) -> AsyncIterator[Store]:
    opened = MemoryStore() if request.param == "memory" else await open_sqlite(tmp_path / "d.db")
    yield opened
    await opened.close()


def opened(
    store: Store, model: ScriptedModel, *, text: str = TEXT
) -> AbstractAsyncContextManager[Parts]:
    """The gateway with a chat that takes everything at once."""
    return assembled(store, model, chat=FakeChat(pace=0.01), text=text)


async def command(
    parts: Parts, name: str, args: str = "", *, room: str = "room", who: Author = ANNA
) -> str:
    """Give a command, and the sentence that it was answered."""
    at = int(parts.gateway.clock.now().timestamp() * 1000)
    before = len(parts.chat.texts())
    await parts.gateway.intake(
        Command(
            event_id=next(EVENTS),
            address=Address(platform="fake", channel=room),
            author=who,
            name=name,
            args=args,
            at=at,
        )
    )
    await parts.idle()
    return "\n".join(parts.chat.texts()[before:])


async def ask(parts: Parts, *questions: str, room: str = "room") -> None:
    for question in questions:
        await parts.ask(question, room=room, event_id=next(EVENTS))
        await parts.idle()


def asked(model: ScriptedModel, name: str = "big") -> list[str]:
    """What a model was sent last, block apart."""
    return [line.text for line in without_block(model.of(name)[-1].call.lines)]


def epochs(logs: Sequence[Mapping[str, object]]) -> list[object]:
    return [each["reason"] for each in logs if each["event"] == "history_epoch"]


def back_button(parts: Parts) -> str:
    """What the button carries that takes a fresh session back."""
    buttons = [button for each in parts.chat.messages.values() for button in each.buttons]
    return next(each.value for each in buttons if each.action == "back")


# --- /new -----------------------------------------------------------------------------------


async def test_a_fresh_session_reads_nothing_of_before_and_the_button_brings_it_back(store):
    model = ScriptedModel({"big": [["Aye."]]})
    with capture_logs() as logs:
        async with opened(store, model) as parts:
            await ask(parts, "One?")
            told = await command(parts, "new")
            assert "10 minutes" in told
            back = back_button(parts)
            await ask(parts, "Two?")
            assert asked(model) == ["Two?"]
            assert asked(model, "a")[1:] == ["Two?"]
            await parts.press("back", "", value=back)
            await parts.idle()
            await ask(parts, "Three?")
            assert asked(model) == ["One?", "Aye.", "Two?", "Aye.", "Three?"]
            await parts.press("back", "", value=back)
            await parts.idle()
            assert "undone already" in parts.chat.texts()[-1]
    assert epochs(logs) == ["new session", "new session undone"]


async def test_the_word_undo_takes_a_fresh_session_back_while_nothing_was_said(store):
    model = ScriptedModel({"big": [["Aye."]]})
    async with opened(store, model) as parts:
        assert "fresh start" in await command(parts, "new")
        await ask(parts, "One?")
        await command(parts, "new")
        assert "remember again" in await command(parts, "undo")
        await ask(parts, "Two?")
        assert asked(model) == ["One?", "Aye.", "Two?"]


async def test_a_fresh_session_stays_after_ten_minutes(store):
    model = ScriptedModel({"big": [["Aye."]]})
    async with opened(store, model) as parts:
        await ask(parts, "One?")
        number = await store.renew(ROOM, by="u1", at=-11 * 60_000)
        await parts.press("back", "", value=str(number))
        await parts.idle()
        assert "longer ago than 10 minutes" in parts.chat.texts()[-1]
        assert "nothing here" in await command(parts, "undo")


async def test_a_fresh_session_waits_for_the_answer_that_is_being_written(store):
    model = ScriptedModel({"big": [[0.05, "Aye."]]})
    async with opened(store, model) as parts:
        await parts.ask("One?")
        assert await command(parts, "new")
        await ask(parts, "Two?")
        assert asked(model) == ["Two?"]


async def test_a_fresh_session_survives_a_restart_and_so_does_its_button(store):
    model = ScriptedModel({"big": [["Aye."]]})
    async with opened(store, model) as parts:
        await ask(parts, "One?")
        await command(parts, "new")
        back = back_button(parts)
    async with opened(store, model) as parts:
        await parts.recover()
        await ask(parts, "Two?")
        assert asked(model) == ["Two?"]
        await parts.press("back", "", value=back)
        await parts.idle()
        await ask(parts, "Three?")
        assert asked(model)[0] == "One?"


# --- /undo ----------------------------------------------------------------------------------


async def test_undo_takes_exchange_after_exchange_out(store):
    model = ScriptedModel({"big": [["Aye."]]})
    async with opened(store, model) as parts:
        await ask(parts, "One?", "Two?", "Three?")
        await command(parts, "undo")
        await command(parts, "undo")
        await ask(parts, "Four?")
        assert asked(model) == ["One?", "Aye.", "Four?"]


async def test_undo_stops_an_answer_that_is_being_written_and_takes_it_out(store):
    model = ScriptedModel({"big": [["Aye."], ["It is ", 600.0, "long."], ["Aye."]]})
    async with opened(store, model) as parts:
        await ask(parts, "One?")
        await parts.ask("Two?")
        while len(model.of("big")) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        await command(parts, "undo")
        await ask(parts, "Three?")
        assert asked(model) == ["One?", "Aye.", "Three?"]


async def test_retry_and_undo_do_not_reach_behind_a_fresh_session(store):
    model = ScriptedModel({"big": [["Aye."]]})
    async with opened(store, model) as parts:
        await ask(parts, "One?")
        await command(parts, "new")
        assert "no question" in await command(parts, "retry")
        assert len(model.of("big")) == 1


# --- condensed ------------------------------------------------------------------------------


class Summarising(ScriptedModel):
    """Writes a summary when it is asked for one, and else a long answer."""

    def __init__(self, summary: Step = "They spoke of words.", answer: str = LONG) -> None:
        super().__init__({"big": [[answer]], "sum": [[summary]]})

    @override
    def _next(self, name: str) -> Script:
        if self.made[-1].call.lines[-1].text == SUMMARY_REQUEST:
            return super()._next("sum")
        return super()._next(name)

    @property
    def summaries(self) -> list[list[str]]:
        lines = [each.call.lines for each in self.of("big")]
        return [[line.text for line in each] for each in lines if each[-1].text == SUMMARY_REQUEST]


async def until_condensed(parts: Parts, model: Summarising, most: int = 12) -> int:
    """Ask until the history was condensed once; give how many questions that took."""
    for number in range(1, most):
        await ask(parts, f"{number}? {LONG}")
        if model.summaries:
            return number
    raise AssertionError("it was never condensed")


async def test_moa_19_a_history_that_fills_its_window_begins_with_a_summary(store):
    model = Summarising()
    with capture_logs() as logs:
        async with opened(store, model, text=SMALL) as parts:
            number = await until_condensed(parts, model)
            (request,) = model.summaries
            assert request[0].startswith("1? ")
            await ask(parts, "And now?")
            first, *rest = asked(model)
            assert first == f"{SUMMARY_OPENS}\nThey spoke of words."
            assert rest[-1] == "And now?"
            assert rest[-3].startswith(f"{number}? "), "the last exchange is there word for word"
            assert not any(each.startswith("1? ") for each in rest)
            assert first in asked(model, "a"), "advisors read it, too"
            before = asked(model)
            await ask(parts, "Then?")
            assert asked(model)[: len(before)] == before
    assert epochs(logs) == ["compaction"]


async def test_moa_29_a_summary_is_paid_for_by_whoever_asked_and_is_no_answer(store):
    model = Summarising()
    async with opened(store, model, text=SMALL) as parts:
        number = await until_condensed(parts, model)
        (cost,) = await store.costs(Whose(), since=0, until=2**53)
        turns = await store.turns(ROOM)
        answers = sum((turn.end.dollars for turn in turns if turn.end), Decimal(0))
        assert cost.spent.turns == number == len(turns)
        assert cost.spent.dollars > answers
        assert cost.whose.asker == ANNA.id


async def test_a_summary_that_fails_fails_nobody_and_is_not_tried_at_every_turn(store):
    model = Summarising(ModelBusy("too busy"))
    async with opened(store, model, text=SMALL) as parts:
        number = await until_condensed(parts, model)
        await ask(parts, "And now?")
        assert len(model.summaries) == 1
        endings = [turn.end and turn.end.ending for turn in await store.turns(ROOM)]
        assert endings == ["finished"] * (number + 1)
        assert SUMMARY_OPENS not in "\n".join(asked(model))
        (cost,) = await store.costs(Whose(), since=0, until=2**53)
        assert cost.spent.turns == number + 1


async def test_no_budget_is_overdrawn_for_a_summary(store):
    text = SMALL + "budgets: {total: {daily: 0.0001}, unpriced: 0, on_exceeded: refuse}\n"
    model = Summarising()
    async with opened(store, model, text=text) as parts:
        await ask(parts, "1? " + LONG)
        assert model.summaries == []
        await command(parts, "compact")
        assert model.summaries == []


async def test_somebody_may_have_a_history_condensed_at_once(store):
    model = Summarising(answer="Aye.")
    async with opened(store, model) as parts:
        assert "too little" in await command(parts, "compact")
        await ask(parts, "One?" + LONG, "Two?")
        told = await command(parts, "compact")
        assert "2 oldest lines" in told
        assert "too little" in await command(parts, "compact")
        await ask(parts, "Three?")
        assert asked(model) == [f"{SUMMARY_OPENS}\nThey spoke of words.", "Two?", "Aye.", "Three?"]


async def test_whoever_asks_for_a_summary_is_told_why_there_is_none(store):
    model = Summarising(ModelBusy("the model is busy"), answer="Aye.")
    async with opened(store, model) as parts:
        await ask(parts, "One?" + LONG, "Two?")
        assert "the model is busy" in await command(parts, "compact")
        await ask(parts, "Three?")
        assert asked(model)[0].startswith("One?")


async def test_a_refusal_to_condense_is_no_summary(store):
    model = Summarising(Chunk(text="I will not.", finish="refusal"), answer="Aye.")
    async with opened(store, model) as parts:
        await ask(parts, "One?" + LONG, "Two?")
        assert "refused" in await command(parts, "compact")
        await ask(parts, "Three?")
        assert asked(model)[0].startswith("One?")


async def test_a_condensed_history_is_there_after_a_restart(store):
    model = Summarising(answer="Aye.")
    async with opened(store, model) as parts:
        await ask(parts, "One?" + LONG, "Two?")
        await command(parts, "compact")
    async with opened(store, model) as parts:
        await parts.recover()
        await ask(parts, "Three?")
        assert asked(model)[0].startswith(SUMMARY_OPENS)


async def test_a_summary_that_is_cut_off_leaves_the_history_as_it_was(store):
    model = Summarising(600.0, answer="Aye.")
    async with opened(store, model) as parts:
        await ask(parts, "One?" + LONG, "Two?")
        before = await store.lines(ROOM)
        await parts.gateway.intake(
            Command(
                event_id=next(EVENTS),
                address=Address(platform="fake", channel="room"),
                author=ANNA,
                name="compact",
                args="",
                at=1,
            )
        )
        while not model.summaries:  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert await store.lines(ROOM) == before
    again = Summarising(answer="Aye.")
    async with opened(store, again) as parts:
        await parts.recover()  # the command was not done, so it is done now
        await parts.idle()
        await ask(parts, "Three?")
        assert asked(again)[0].startswith(SUMMARY_OPENS)


async def test_undo_reaches_through_a_summary(store):
    model = Summarising(answer="Aye.")
    async with opened(store, model) as parts:
        await ask(parts, "One?" + LONG, "Two?")
        await command(parts, "compact")
        await command(parts, "undo")
        await command(parts, "undo")
        await ask(parts, "Three?")
        assert asked(model) == ["Three?"], "nothing is left of what was taken out"


# --- handed out -----------------------------------------------------------------------------


async def test_a_conversation_is_given_as_a_file_without_what_was_taken_out(store):
    model = ScriptedModel({"big": [["Aye.\n\n# A heading"], ["Nay."], ["Perhaps."]]})
    async with opened(store, model) as parts:
        assert "Nothing was asked" in await command(parts, "export")
        await ask(parts, "One?\nAnd more?", "Two?")
        await command(parts, "undo")
        await command(parts, "new")
        await ask(parts, "Three?")
        text = await command(parts, "export")
        assert text.startswith("# Conversation\n\n2 exchanges, exported 1970-01-01 ")
        assert "> One?\n> And more?\n\nAye.\n\n# A heading\n" in text
        assert "Two?" not in text
        assert "> Three?\n\nPerhaps.\n" in text


# --- pinned, and what the file says -----------------------------------------------------------


async def test_facts_stand_at_the_head_for_everybody_who_is_asked(store):
    model = ScriptedModel({"big": [["Aye."]]})
    with capture_logs() as logs:
        async with opened(store, model) as parts:
            await ask(parts, "One?")
            assert "number 1" in await command(parts, "memory", "add  We deploy\non Fridays. ")
            await ask(parts, "Two?")
            fact = f"{FACTS_OPEN}\n- 1970-01-01 [Anna | u1]: We deploy on Fridays."
            assert asked(model) == [fact, "One?", "Aye.", "Two?"]
            assert asked(model, "a")[1] == fact
            await command(parts, "new")
            await ask(parts, "Three?")
            assert asked(model) == [fact, "Three?"]
            await ask(parts, "Elsewhere?", room="kitchen")
            assert asked(model) == ["Elsewhere?"], "facts stay in their channel"
    assert epochs(logs) == ["pinned facts", "new session"]


async def test_facts_are_listed_and_removed_by_number(store):
    async with opened(store, ScriptedModel()) as parts:
        assert "Nothing is pinned" in await command(parts, "memory")
        await command(parts, "memory", "add We deploy on Fridays.")
        await command(parts, "memory", "add Ann is the lead.", who=BEN)
        assert "pinned already, as number 1" in await command(
            parts, "memory", "add we deploy on fridays."
        )
        told = await command(parts, "memory", "list")
        assert "1. We deploy on Fridays. (Anna)\n2. Ann is the lead. (Ben)" in told
        assert "Removed: Ann is the lead." in await command(parts, "memory", "remove #2")
        assert "no pinned fact number 2" in await command(parts, "memory", "remove 2")
        # More digits than Python reads: no number of ours, and no end of the program.
        assert "/memory" in await command(parts, "memory", "remove " + "9" * 5000)
        assert "300 characters" in await command(parts, "memory", f"add {'x' * 301}")
        assert "memory add" in await command(parts, "memory", "forget everything")
        for number in range(29):
            await command(parts, "memory", f"add Fact {number}")
        assert "30 facts" in await command(parts, "memory", "add One more.")


async def test_facts_survive_a_compaction_and_are_not_in_the_summary(store):
    model = Summarising(answer="Aye.")
    async with opened(store, model) as parts:
        await command(parts, "memory", "add We deploy on Fridays.")
        await ask(parts, "One?" + LONG, "Two?")
        await command(parts, "compact")
        assert "Fridays" not in str(model.summaries)
        await ask(parts, "Three?")
        fact, summary, *_ = asked(model)
        assert "Fridays" in fact
        assert summary.startswith(SUMMARY_OPENS)


PROMPTED = TEXT + "channels: [{platform: fake, channel: room, system_prompt: Answer in rhyme.}]\n"


async def test_a_channels_prompt_is_the_acting_models_and_quoted_for_advisors(store):
    model = ScriptedModel({"big": [["Aye."]]})
    async with opened(store, model, text=PROMPTED) as parts:
        await ask(parts, "One?")
        acting = model.of("big")[-1].call.lines
        assert (acting[0].role, acting[0].text) == ("system", "Answer in rhyme.")
        advising = model.of("a")[-1].call.lines
        assert "rhyme" not in advising[0].text
        assert advising[1].role == "user"
        assert advising[1].text.endswith("> Answer in rhyme.")
        await ask(parts, "One?", room="kitchen")
        assert asked(model) == ["One?"]
