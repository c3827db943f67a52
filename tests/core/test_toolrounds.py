"""Shows the tool loop: every call gets a result, and nothing that was said is lost (MOA-19, 21)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from typing_extensions import override

from core.calls import Chunk
from core.errors import ModelRefused, ModelUnreachable, StoreFull
from core.events import AnswerDelta, AnswerReset, TurnFailed, TurnFinished, TurnStopped
from core.outcomes import CallReport
from core.ports import Provider
from core.presets import Slot
from core.records import ToolRound, ToolStep
from core.toolrounds import CANCELLED, MOST_AT_ONCE, NOT_RUN, REPEATED, TOO_MANY, UNKNOWN
from core.types import Line, Sealed, Tool, ToolCall
from tests.core.scene import QUESTION, Scene, Tools, play, preset
from tests.fakes.model import ScriptedModel, calls


def results(lines: tuple[Line, ...]) -> list[str]:
    return [line.text for line in lines if line.role == "tool"]


def assert_whole(lines: tuple[Line, ...]) -> None:
    """MOA-21: no stored tool call lacks a result, no result its call."""
    wanted = [call.id for line in lines for call in line.tool_calls]
    assert [line.tool_call_id for line in lines if line.role == "tool"] == wanted


def heard(scene: Scene) -> str:
    """What a listener that only appends has in the end."""
    text = ""
    for event in scene.events:
        if isinstance(event, AnswerReset):
            text = event.kept
        elif isinstance(event, AnswerDelta):
            text += event.text
    return text


def test_moa_21_the_turn_hands_over_what_the_history_keeps_and_people_read_all_of_it():
    async def story():
        model = ScriptedModel({"agg": [calls("look", text="Let me see."), ["Done."]]})
        scene = Scene(model, preset(), toolbox=Tools())
        ending = await scene.run()
        assert ending.result.text == heard(scene) == "Let me see.\n\nDone."
        assert [line.role for line in ending.result.lines] == ["assistant", "tool", "assistant"]
        assert ending.result.lines[-1] == Line.of("assistant", "Done.")
        assert_whole(ending.result.lines)
        assert (*QUESTION, *ending.result.lines[:-1]) == model.of("agg")[-1].call.lines
        assert "tools: look" in ending.result.notes

    play(story)


def test_a_turn_without_tools_leaves_the_answer_alone_to_the_history():
    async def story():
        ending = await Scene(ScriptedModel(), preset(), toolbox=Tools()).run()
        assert ending.result.lines == ()
        assert ending.result.notes == ()

    play(story)


def test_moa_21_at_the_limit_what_was_said_is_kept_and_the_last_calls_are_not_run():
    async def story():
        model = ScriptedModel({"agg": [calls("look", text="One."), calls("look", text="Two.")]})
        tools = Tools()
        scene = Scene(model, preset(max_iterations=2), toolbox=tools)
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert "max_iterations" in ending.error
        assert ending.result.text == heard(scene) == "One.\n\nTwo."
        assert len(tools.ran) == 1
        assert results(ending.result.lines) == ["look says", NOT_RUN]
        assert_whole(ending.result.lines)

    play(story)


def test_moa_21_stop_gives_each_call_a_result_the_finished_ones_their_own():
    async def story():
        model = ScriptedModel({"agg": [calls("look", "read", text="Hm.")]})
        scene = Scene(model, preset(), toolbox=Tools(seconds=10.0))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(scene.run())
            await asyncio.sleep(7.0)
            task.cancel()
            await asyncio.wait([task])
        ending = scene.turn.ending
        assert isinstance(ending, TurnStopped)
        assert results(ending.result.lines) == [CANCELLED, "read says"]
        assert ending.result.text == "Hm."
        assert_whole(ending.result.lines)

    play(story)


def test_a_turn_that_takes_too_long_in_a_tool_keeps_the_round_too():
    async def story():
        model = ScriptedModel({"agg": [calls("look")]})
        scene = Scene(model, preset(turn_timeout=3.0), toolbox=Tools(seconds=60.0))
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert results(ending.result.lines) == [CANCELLED]

    play(story)


class Asking(Tools):
    """Somebody thinks about each call for ten minutes before it runs."""

    @override
    async def call(self, step, pause):
        with pause():
            await asyncio.sleep(600.0)
        return await super().call(step, pause)


def test_the_deadline_of_a_turn_does_not_run_while_people_are_asked():
    async def story():
        model = ScriptedModel({"agg": [[1.0, *calls("look", "read")], [2.5, "Done."]]})
        ending = await Scene(model, preset(turn_timeout=5.0), toolbox=Asking()).run()
        assert isinstance(ending, TurnFinished)
        slow = ScriptedModel({"agg": [[1.0, *calls("look", "read")], [4.5, "Done."]]})
        ending = await Scene(slow, preset(turn_timeout=5.0), toolbox=Asking()).run()
        assert isinstance(ending, TurnFailed)
        assert "5 seconds" in ending.error

    play(story)


class AskingTooLate(Tools):
    """Somebody is asked in the very moment in which the turn's time is over."""

    @override
    async def call(self, step, pause):
        loop = asyncio.get_running_loop()
        over = loop.create_future()
        # Before the turn itself has had a step to be cut in: both timers ring in one round.
        loop.call_at(loop.time() + 5.0 - 1e-10, over.set_result, None)
        await over
        with pause():
            return await super().call(step, pause)


def test_whoever_is_asked_when_the_deadline_has_just_passed_does_not_break_the_turn():
    async def story():
        model = ScriptedModel({"agg": [calls("look")]})
        ending = await Scene(model, preset(turn_timeout=5.0), toolbox=AskingTooLate()).run()
        assert isinstance(ending, TurnFailed)
        assert "5 seconds" in ending.error
        assert results(ending.result.lines) == [CANCELLED]

    play(story)


def test_a_call_that_fails_three_times_alike_is_not_run_again():
    async def story():
        model = ScriptedModel({"agg": [*([calls("look")] * 5), ["Done."]]})
        tools = Tools("look")
        ending = await Scene(model, preset(), toolbox=tools).run()
        assert len(tools.ran) == 3
        first, second, third, fourth, fifth = results(ending.result.lines)
        assert first == second == "look says"
        assert third == f"look says\n\n{REPEATED}"
        assert fourth == fifth == REPEATED
        assert isinstance(ending, TurnFinished)

    play(story)


def test_what_works_may_be_called_as_often_as_the_limit_allows():
    async def story():
        tools = Tools()
        model = ScriptedModel({"agg": [*([calls("look")] * 5), ["Done."]]})
        ending = await Scene(model, preset(), toolbox=tools).run()
        assert len(tools.ran) == 5
        assert "tools: look ×5" in ending.result.notes

    play(story)


def test_moa_22_an_empty_answer_after_tools_is_tried_once_more_then_an_error_with_notes():
    async def story():
        model = ScriptedModel({"agg": [calls("look", text="Hm."), [], ["Done."]]})
        scene = Scene(model, preset(), toolbox=Tools())
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.text == heard(scene) == "Hm.\n\nDone."
        mute = ScriptedModel({"agg": [calls("look", text="Hm."), []]})
        ending = await Scene(mute, preset("a"), toolbox=Tools()).run()
        assert isinstance(ending, TurnFailed)
        assert "empty answer" in ending.error
        assert ending.result.text == "Hm."
        assert ending.result.advice
        assert len(mute.of("agg")) == 3
        assert_whole(ending.result.lines)

    play(story)


def test_moa_22_a_refusal_in_mid_loop_goes_to_the_fallback_and_loses_nothing():
    async def story():
        model = ScriptedModel(
            {
                "agg": [calls("look", text="Hm."), [ModelRefused("no", status=400)]],
                "spare": [["Done."]],
            }
        )
        own = Slot(provider="p", model="agg", fallbacks=(Slot(provider="p", model="spare"),))
        scene = Scene(model, preset(aggregator=own), toolbox=Tools())
        ending = await scene.run()
        assert ending.result.text == heard(scene) == "Hm.\n\nDone."
        assert model.of("spare")[0].call.lines == model.of("agg")[1].call.lines

    play(story)


def test_moa_22_a_fallback_that_stands_in_round_after_round_is_named_once():
    async def story():
        refused = [ModelRefused("no", status=400)]
        model = ScriptedModel(
            {"agg": [refused, refused, refused], "spare": [calls("look"), calls("look"), ["Done."]]}
        )
        own = Slot(provider="p", model="agg", fallbacks=(Slot(provider="p", model="spare"),))
        ending = await Scene(model, preset(aggregator=own), toolbox=Tools()).run()
        assert ending.result.text == "Done."
        assert ending.result.notes.count("p:spare answered in place of p:agg") == 1

    play(story)


@pytest.mark.parametrize(
    "words",
    [
        "registry.ollama.ai/library/gemma3:1b does not support tools",
        "No endpoints found that support tool use. Try disabling 'look'.",
        '"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set',
        "tools param requires --jinja flag",
        "`tools` is not supported with this model",
    ],
)
def test_a_model_that_takes_no_tools_answers_without_them_and_the_footer_says_so(words):
    async def story():
        model = ScriptedModel({"agg": [[ModelRefused(words, status=400)], ["Done."]]})
        ending = await Scene(model, preset(), toolbox=Tools()).run()
        assert isinstance(ending, TurnFinished)
        assert [bool(each.call.tools) for each in model.of("agg")] == [True, False]
        assert "p:agg takes no tools and answered without them" in ending.result.notes

    play(story)


def test_any_other_refusal_is_one_and_a_program_hears_of_its_own_tools():
    async def story():
        model = ScriptedModel({"agg": [[ModelRefused("tools.0: bad schema", status=400)]]})
        ending = await Scene(model, preset(), toolbox=Tools()).run()
        assert isinstance(ending, TurnFailed)
        mine = ScriptedModel({"agg": [[ModelRefused("it does not support tools", status=400)]]})
        ending = await Scene(mine, preset(), tools=(Tool(name="mine"),)).run()
        assert isinstance(ending, TurnFailed)
        assert len(model.made) == len(mine.made) == 1

    play(story)


def test_a_small_model_is_not_confused_with_tools():
    async def story():
        model = ScriptedModel()
        small = Provider(name="s", model=model, small=True)
        own = preset(aggregator=Slot(provider="s", model="agg"))
        await Scene(model, own, toolbox=Tools(), providers={"s": small}).run()
        assert model.of("agg")[0].call.tools == ()

    play(story)


def test_a_model_that_breaks_off_behind_tools_leaves_a_whole_history():
    async def story():
        model = ScriptedModel({"agg": [calls("look"), ["So f", ModelUnreachable("gone")]]})
        ending = await Scene(model, preset(), toolbox=Tools()).run()
        assert isinstance(ending, TurnFailed)
        assert [line.text for line in ending.result.lines] == ["", "look says", "So f"]

    play(story)


def test_calls_without_an_id_or_with_one_twice_are_told_apart():
    async def story():
        twins = tuple(ToolCall(id=each, name="look", arguments="{}") for each in ("a", "a", ""))
        model = ScriptedModel({"agg": [[Chunk(tool_calls=twins)], ["Done."]]})
        ending = await Scene(model, preset(), toolbox=Tools()).run()
        ids = [call.id for call in ending.result.lines[0].tool_calls]
        assert ids == ["a", "call_1_1", "call_1_2"]
        assert_whole(ending.result.lines)

    play(story)


def test_more_calls_than_anybody_means_are_not_all_run():
    async def story():
        many = tuple(ToolCall(id=f"c{n}", name="look", arguments="{}") for n in range(40))
        model = ScriptedModel({"agg": [[Chunk(tool_calls=many)], ["Done."]]})
        tools = Tools()
        ending = await Scene(model, preset(), toolbox=tools).run()
        assert len(tools.ran) == MOST_AT_ONCE
        assert results(ending.result.lines)[MOST_AT_ONCE:] == [TOO_MANY] * 8
        assert_whole(ending.result.lines)

    play(story)


def test_what_a_provider_sealed_goes_back_with_the_calls():
    async def story():
        sealed = Sealed(label="p:agg", data="{}")
        model = ScriptedModel({"agg": [[Chunk(sealed=(sealed,)), *calls("look")], ["Done."]]})
        ending = await Scene(model, preset(), toolbox=Tools()).run()
        assert ending.result.lines[0].sealed == (sealed,)

    play(story)


# --- a turn that was cut (P4) --------------------------------------------------------------------

WANTED = (
    ToolCall(id="1", name="look", arguments="{}"),
    ToolCall(id="2", name="read", arguments="{}"),
    ToolCall(id="3", name="look", arguments='{"q": 2}'),
)


def cut(*states: str) -> ToolRound:
    line = Line(role="assistant", parts=("Hm.",), tool_calls=WANTED[: len(states)])
    steps = tuple(
        ToolStep(
            iteration=1,
            position=n,
            call=WANTED[n],
            state=state,  # type: ignore[arg-type]
            text="as before" if state == "done" else "",
        )
        for n, state in enumerate(states)
    )
    return ToolRound(iteration=1, line=line, steps=steps)


SPENT = CallReport(label="p:agg", text="Hm.", tool_calls=WANTED)


def test_p4_finished_rounds_are_not_paid_for_again_and_what_was_in_flight_is_not_run_again():
    async def story():
        tools = Tools()
        model = ScriptedModel({"agg": [["Done."]]})
        scene = Scene(
            model, preset(), toolbox=tools, rounds=(cut("done", "running", "open"),), spent=(SPENT,)
        )
        ending = await scene.run()
        assert results(ending.result.lines) == ["as before", UNKNOWN, "look says"]
        assert [call.id for call in tools.ran] == ["3"]
        assert tools.begun == []
        assert len(model.of("agg")) == 1
        assert ending.result.text == heard(scene) == "Hm.\n\nDone."
        assert [call.iteration for call in ending.result.calls] == [1, 2]
        assert ending.result.calls[0].text == "Hm."

    play(story)


def test_p4_a_resumed_turn_asks_as_the_first_run_would_have():
    async def story():
        script = {"agg": [calls("look", text="Hm."), ["Done."]]}
        tools = Tools()
        first = Scene(ScriptedModel(script), preset("a"), toolbox=tools)
        whole = await first.run()
        (round_,) = tools.begun
        done = replace(round_.steps[0], state="done", text="look says")
        resumed = Scene(
            ScriptedModel({"agg": [["Done."]]}),
            preset("a"),
            toolbox=Tools(),
            rounds=(replace(round_, steps=(done,)),),
            spent=tools.paid[0],
            kept={1: whole.result.rounds[0].advice},
            closed=1,
        )
        ending = await resumed.run()
        assert resumed.model.of("agg")[0].call.lines == first.model.of("agg")[1].call.lines
        assert ending.result.lines == whole.result.lines

    play(story)


def test_a_round_that_cannot_be_kept_is_not_run():
    class Full(Tools):
        @override
        async def begin(self, round_, calls):
            raise StoreFull("no space")

    async def story():
        tools = Full()
        scene = Scene(ScriptedModel({"agg": [calls("look")]}), preset(), toolbox=tools)
        with pytest.raises(StoreFull):
            await scene.run()
        assert tools.ran == []

    play(story)
