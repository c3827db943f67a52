"""Shows what a turn does when its budget ends: before it, in its fan-out, between its tools."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

from core.calls import Chunk
from core.errors import ModelUnreachable
from core.events import ReferenceDone, TurnFailed, TurnFinished
from core.ports import Provider
from core.presets import Slot
from core.types import Usage
from tests.core.scene import Scene, Tools, play, preset, reference
from tests.core.test_purse_moa30 import account, purse
from tests.fakes.model import ScriptedModel, calls


def said(text: str, *, cents: int) -> list[str | Chunk]:
    """Say something that costs so many cents."""
    return [text, Chunk(usage=Usage(output=cents), finish="stop")]


CAPPED = Slot(provider="p", model="agg", max_tokens=10)


def test_over_100_percent_the_aggregator_alone_answers_and_the_footer_says_why():
    async def story():
        books = account(spent="1.01")
        model = ScriptedModel({"agg": [said("Yes.", cents=4)]})
        scene = Scene(model, preset("a", "b", aggregator=CAPPED), purse=purse(books))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert [each.call.slot.model for each in model.made] == ["agg"]
        done = [each.advice for each in scene.of(ReferenceDone)]
        assert [(each.outcome, each.reason) for each in done] == [("skipped", "budget")] * 2
        assert ending.result.notes == ("advisors skipped: your daily budget is used up",)
        assert (books.spent, books.reserved) == (Decimal("1.05"), Decimal(0))

    play(story)


def test_at_125_percent_nobody_is_asked():
    async def story():
        model = ScriptedModel()
        scene = Scene(model, preset("a"), purse=purse(account(spent="1.25")))
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert ending.over_budget
        assert ending.error.startswith("Your daily budget is used up: $1.25 of $1.00.")
        assert model.made == []
        assert ending.result.dollars == 0

    play(story)


def test_the_whole_fan_out_is_reserved_before_its_first_call():
    async def story():
        books = account()
        model = ScriptedModel({name: [said("Hm.", cents=30)] for name in "abcde"})
        wanted = preset(*"abcde", aggregator=CAPPED, reference_max_tokens=40, quorum="all")
        ending = await Scene(model, wanted, purse=purse(books)).run()
        assert {each.call.slot.model for each in model.made} == {"a", "b", "c", "agg"}
        assert [each.outcome for each in ending.result.advice] == ["ok"] * 3 + ["skipped"] * 2
        assert books.reserved == 0
        assert books.spent == ending.result.dollars

    play(story)


def test_what_was_stopped_or_late_is_settled_to_what_it_took():
    async def story():
        books = account("100")
        model = ScriptedModel({"slow": [["One ", 900.0]], "agg": [["Yes", 900.0]]})
        wanted = preset("a", "b", "slow", reference_max_tokens=10, aggregator=CAPPED)
        scene = Scene(model, wanted, purse=purse(books))
        async with asyncio.timeout(30):
            task = asyncio.get_running_loop().create_task(scene.run())
            await asyncio.sleep(20)
            task.cancel()
            await asyncio.wait([task])
        ending = scene.turn.ending
        assert ending is not None
        assert [each.outcome for each in ending.result.advice] == ["ok", "ok", "late"]
        assert books.reserved == 0
        assert books.spent == ending.result.dollars > 0

    play(story)


def test_a_turn_s_own_limit_ends_its_tools_with_what_was_said_until_then():
    async def story():
        round_ = [*calls("look", text="Let me see. "), Chunk(usage=Usage(output=20))]
        model = ScriptedModel({"agg": [round_]})
        aggregator = replace(CAPPED, max_tokens=20)
        turn = purse(turn="0.50")
        scene = Scene(model, preset(aggregator=aggregator), toolbox=Tools(), purse=turn)
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert ending.over_budget
        assert "$0.400 of $0.500 are spent" in ending.error
        assert ending.result.text.endswith("Let me see. ")
        assert len(model.of("agg")) == 2

    play(story)


def test_a_fallback_and_a_second_try_are_reserved_too():
    async def story():
        books = account("10")
        model = ScriptedModel(
            {
                "agg": [[ModelUnreachable("down")]],
                "other": [[""], said("Yes.", cents=10)],
            }
        )
        aggregator = replace(CAPPED, fallbacks=(replace(CAPPED, model="other"),))
        ending = await Scene(model, preset(aggregator=aggregator), purse=purse(books)).run()
        assert isinstance(ending, TurnFinished)
        assert books.reserved == 0
        assert books.spent == ending.result.dollars

    play(story)


def test_an_advisor_s_fallback_is_not_asked_where_there_is_no_room_for_it():
    async def story():
        fallback = Slot(provider="p", model="dear", max_tokens=60)
        slot = reference("a", fallbacks=(fallback,), max_tokens=10)
        model = ScriptedModel({"a": [[ModelUnreachable("down")]], "agg": [said("Yes.", cents=1)]})
        scene = Scene(model, preset(slot, aggregator=CAPPED), purse=purse(turn="0.50"))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert model.of("dear") == []
        (advice,) = ending.result.advice
        assert (advice.label, advice.outcome) == ("p:a", "failed")

    play(story)


def test_moa_28_a_local_advisor_is_asked_whatever_the_budget():
    async def story():
        model = ScriptedModel({"agg": [said("Yes.", cents=1)]})
        near = Provider(name="near", model=model, local=True)
        wanted = preset("a", reference("b", "near"), aggregator=CAPPED)
        books = account(spent="1.1")
        ending = await Scene(model, wanted, providers={"near": near}, purse=purse(books)).run()
        assert [each.outcome for each in ending.result.advice] == ["skipped", "ok"]

    play(story)
