"""Shows in whole turns when advice is asked for and when it is used again (MOA-23, MOA-24)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core.events import ReferenceDone, ReferencesDone, ReferenceStarted, TurnEvent
from core.frames import Frame, Panel
from core.outcomes import Advice
from core.ports import Capabilities
from core.presets import Cadence
from core.reply import Reply
from core.types import Image, Line
from core.wording import panel_text
from gateway.turn.advice_cache import SharedAdvice
from tests.core.scene import Scene, Tools, play, preset
from tests.fakes.model import LoopClock, ScriptedModel, calls

USER_TURN = Cadence(mode="user_turn")


def cached(story: Callable[[SharedAdvice, ScriptedModel], Awaitable[None]], **scripts: Any) -> None:
    """Play a story around one cache and one model."""

    async def told() -> None:
        async with asyncio.TaskGroup() as group:
            await story(SharedAdvice(group, LoopClock()), ScriptedModel(scripts))

    play(told)


def user(*parts: str | Image) -> tuple[Line, ...]:
    return (Line(role="user", parts=parts),)


def test_moa_23_several_fan_outs_of_a_turn_reuse_one_panel():
    async def story():
        model = ScriptedModel({"agg": [calls("look"), calls("look"), ["Done."]]})
        scene = Scene(model, preset("a"), toolbox=Tools())
        ending = await scene.run()
        assert [each.round for each in scene.of(ReferenceStarted)] == [1, 2, 3]
        shown: list[Frame] = []
        reply = Reply("t1", capabilities=Capabilities(limit=4000))
        for event in (*scene.events, ending):
            reply.tell(event)
            shown += reply.frames()
        panels = [each for each in shown if isinstance(each.content, Panel)]
        assert {each.key for each in panels} == {"panel"}
        last = panels[-1].content
        assert isinstance(last, Panel)
        assert (last.round, last.settled) == (3, True)

    play(story)


def test_moa_23_under_user_turn_ten_rounds_of_tools_ask_once():
    async def story():
        model = ScriptedModel({"agg": [*[calls("look")] * 10, ["Done."]]})
        scene = Scene(model, preset("a", fanout=USER_TURN), toolbox=Tools())
        await scene.run()
        assert len(model.of("a")) == 1
        assert len(model.of("agg")) == 11

    play(story)


def test_moa_24_a_hit_makes_no_call_no_event_and_no_cost():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        await Scene(model, preset("a", "b"), cache=cache).run()
        again = Scene(model, preset("a", "b"), cache=cache)
        ending = await again.run()
        assert len(model.of("a")) == len(model.of("b")) == 1
        told: list[TurnEvent] = [*again.of(ReferenceDone), *again.of(ReferencesDone)]
        assert told == []
        assert ending.result.dollars == ending.result.calls[0].dollars
        assert again.block(0) == again.block(1)

    cached(story)


def test_moa_24_advice_that_is_used_again_stands_in_the_panel_of_the_turn_that_uses_it():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        await Scene(model, preset("a", "b"), cache=cache).run()
        again = Scene(model, preset("a", "b"), cache=cache)
        ending = await again.run()
        reply = Reply("t1", capabilities=Capabilities(limit=4000))
        for event in (*again.events, ending):
            reply.tell(event)
        panel = reply.frames()[0].content
        assert isinstance(panel, Panel)
        assert [(row.state, row.gist) for row in panel.rows] == [
            ("ok", "I am a."),
            ("ok", "I am b."),
        ]
        assert panel_text(panel).splitlines()[1] == "✓ p:a · done"

    cached(story)


@pytest.mark.parametrize(
    "changed",
    [
        {"lines": user("Why not?")},
        {"lines": user("Why?", Image(url="https://example.org/1.png"))},
        {"wanted": preset("a", "b", quorum=1)},
        {"wanted": preset("b", "a")},
    ],
)
def test_moa_24_another_question_attachment_or_preset_is_asked_anew(changed):
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        usual: dict[str, Any] = {"wanted": preset("a", "b"), "lines": user("Why?")}
        await Scene(model, cache=cache, **usual).run()
        other = ScriptedModel()
        await Scene(other, cache=cache, **{**usual, **changed}).run()
        assert len(other.of("a")) == 1

    cached(story)


def test_moa_24_the_same_question_in_a_longer_conversation_is_asked_anew():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        await Scene(model, preset("a"), user("Why?"), cache=cache).run()
        longer = (*user("Why?"), Line.of("assistant", "So."), *user("Why?"))
        await Scene(model, preset("a"), longer, cache=cache).run()
        assert len(model.of("a")) == 2

    cached(story)


def test_moa_24_retry_bypasses_the_cache_and_crash_recovery_does_not():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        await Scene(model, preset("a", "b"), cache=cache).run()
        await Scene(model, preset("a", "b"), cache=cache, fresh=True).run()
        assert len(model.of("a")) == len(model.of("b")) == 2
        kept = Advice(position=1, label="p:a", outcome="ok", text="What A had said.")
        cut = Scene(model, preset("a", "b"), cache=cache, kept={1: (kept,)})
        ending = await cut.run()
        assert len(model.of("a")) == len(model.of("b")) == 2
        assert [each.text for each in ending.result.advice] == ["What A had said.", "I am b."]
        assert "What A had said." in cut.block()

    cached(story)


def test_moa_24_recovery_without_a_hit_asks_only_those_who_are_missing():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        kept = Advice(position=1, label="p:a", outcome="ok", text="What A had said.")
        await Scene(model, preset("a", "b"), cache=cache, kept={1: (kept,)}).run()
        assert (len(model.of("a")), len(model.of("b"))) == (0, 1)

    cached(story)


def test_moa_24_a_fan_out_that_was_stopped_is_never_used_again():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        stopped = Scene(model, preset("a", "b"), cache=cache)
        async with asyncio.TaskGroup() as group:
            task = group.create_task(stopped.run())
            await asyncio.sleep(3)
            task.cancel()
        assert len(model.of("agg")) == 0
        await Scene(model, preset("a", "b"), cache=cache).run()
        assert len(model.of("a")) == len(model.of("b")) == 2

    cached(story, a=[["At once."]], b=[[5.0, "Late."], ["In time."]])


def test_moa_24_a_fan_out_with_nothing_usable_is_never_used_again():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        for _ in range(2):
            await Scene(model, preset("a"), cache=cache).run()
        assert len(model.of("a")) == 2

    cached(story, a=[["  "], ["Words."]])


def test_moa_24_two_turns_at_once_share_one_fan_out_and_one_bill():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        first, second = (Scene(model, preset("a"), cache=cache) for _ in range(2))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each.run()) for each in (first, second)]
        assert len(model.of("a")) == 1
        spent = [each.result().result.advice[0].call for each in tasks]
        assert sum(call is not None for call in spent) == 1

    cached(story, a=[[2.0, "Shared."]])


def test_moa_24_a_fan_out_outlives_the_turn_that_began_it():
    async def story(cache: SharedAdvice, model: ScriptedModel) -> None:
        first, second = (Scene(model, preset("a"), cache=cache) for _ in range(2))
        async with asyncio.TaskGroup() as group:
            leaves = group.create_task(first.turn.run(first.tell, first.notes.append))
            await asyncio.sleep(1)
            stays = group.create_task(second.turn.run(second.tell, second.notes.append))
            await asyncio.sleep(1)
            leaves.cancel()
        assert stays.result().result.text == "I am agg."
        assert len(model.of("a")) == 1
        assert "Shared." in second.block()

    cached(story, a=[[5.0, "Shared."]])
