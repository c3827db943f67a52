"""Shows whole turns: what is asked when, with what, and what comes of it (MOA-4 to 32)."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core.advice import quoted_prompt
from core.answering import require_available
from core.block import WRITTEN_BEFORE
from core.calls import Chunk
from core.errors import ModelBusy, ModelUnreachable, PresetUnavailable
from core.events import (
    Aggregating,
    AnswerDelta,
    AnswerReset,
    ReferencesDone,
    ReferenceStarted,
    ToolDone,
    ToolStarted,
    TurnFailed,
    TurnFinished,
    TurnStarted,
    TurnStopped,
)
from core.ports import Provider
from core.presets import Cadence, Slot
from core.types import Image, Line, Tool, Usage
from tests.core.scene import QUESTION, Scene, Tools, play, preset, reference
from tests.fakes.model import ScriptedModel, calls
from tests.invariants import is_trailing, without_block

USER_TURN = Cadence(mode="user_turn")


def test_a_turn_asks_references_then_the_aggregator_and_streams_it():
    async def story():
        model = ScriptedModel({"a": [[1.0, "A"]], "agg": [["Be", 1.0, "cause."]]})
        scene = Scene(model, preset("a", "b"))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.text == "Because."
        assert [each.text for each in scene.of(AnswerDelta)] == ["Be", "cause."]
        assert isinstance(scene.events[0], TurnStarted)
        assert scene.events[0].labels == ("p:a", "p:b")
        assert ending.result.seconds == pytest.approx(2.0)
        assert scene.turn.ending is ending

    play(story)


def test_moa_32_the_first_word_waits_for_nothing():
    async def story():
        model = ScriptedModel({"agg": [["first", 30.0, "last"]]})
        scene = Scene(model, preset("a"))
        await scene.run()
        assert scene.seconds(AnswerDelta) == pytest.approx(0.0)

    play(story)


def test_moa_19_the_block_is_its_own_last_message_behind_the_whole_transcript():
    async def story():
        scene = Scene(ScriptedModel(), preset("a"))
        await scene.run()
        lines = scene.model.of("agg")[0].call.lines
        assert lines[:-1] == QUESTION
        assert lines[-1].role == "user"
        assert is_trailing(lines[-1])

    play(story)


def test_moa_7_a_preset_that_is_off_is_its_aggregator_alone_with_the_same_messages():
    async def story():
        scene = Scene(ScriptedModel(), preset("a", enabled=False))
        await scene.run()
        (made,) = scene.model.made
        assert made.call.lines == QUESTION
        assert scene.of(ReferencesDone) == []

    play(story)


def test_moa_12_all_missing_the_aggregator_answers_alone():
    async def story():
        model = ScriptedModel({"a": [[ModelUnreachable("down")]]})
        scene = Scene(model, preset("a"))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert model.of("agg")[0].call.lines == QUESTION

    play(story)


def test_moa_20_after_a_prefill_there_is_no_block_and_nobody_is_asked_for_one():
    async def story():
        lines = (*QUESTION, Line.of("assistant", "Because"))
        scene = Scene(ScriptedModel(), preset("a"), lines)
        await scene.run()
        (made,) = scene.model.made
        assert made.call.lines == lines

    play(story)


def test_moa_4_slot_over_preset_over_caller_over_absent():
    async def asked(wanted, **request):
        scene = Scene(ScriptedModel(), wanted, **request)
        await scene.run()
        call = scene.model.of("agg")[0].call
        return call.temperature, call.max_tokens

    async def story():
        own = Slot(provider="p", model="agg", temperature=0.0, max_tokens=3)
        caller = {"temperature": 0.5, "max_tokens": 9}
        capped = preset("a", aggregator_temperature=0.2, reference_max_tokens=7)
        assert await asked(preset("a", aggregator=own), **caller) == (0.0, 3)
        assert await asked(capped, **caller) == (0.2, 9)
        assert await asked(preset("a"), **caller) == (0.5, 9)
        assert await asked(preset("a")) == (None, None)

    play(story)


@pytest.mark.parametrize(("own", "sent"), [(None, "high"), ("low", None)])
def test_moa_4_an_effort_that_the_slot_names_wins_over_the_callers(own, sent):
    async def story():
        slot = Slot(provider="p", model="agg", reasoning_effort=own)
        wishes = {"reasoning_effort": "high", "seed": 7}
        scene = Scene(ScriptedModel(), preset("a", aggregator=slot), extra=wishes)
        await scene.run()
        extra = scene.model.of("agg")[0].call.extra
        assert (extra.get("reasoning_effort"), extra["seed"]) == (sent, 7)

    play(story)


def test_moa_40_only_the_aggregator_gets_a_programs_tools_and_fields():
    async def story():
        model = ScriptedModel({"agg": [calls("mine", text="Let me see.")]})
        scene = Scene(
            model, preset("a"), tools=(Tool(name="mine"),), extra={"top_p": 0.1}, toolbox=Tools()
        )
        ending = await scene.run()
        assert model.of("agg")[0].call.tools == (Tool(name="mine"),)
        assert model.of("agg")[0].call.extra == {"top_p": 0.1}
        assert model.of("a")[0].call.tools == ()
        assert model.of("a")[0].call.extra == {}
        assert [call.name for call in ending.result.tool_calls] == ["mine"]
        assert ending.result.finish == "tool_calls"
        assert len(model.of("agg")) == 1

    play(story)


def test_moa_21_the_aggregator_loops_over_tools_and_each_call_gets_its_result():
    async def story():
        model = ScriptedModel({"agg": [calls("look", "read", text="Hm."), ["Done."]]})
        tools = Tools("read")
        scene = Scene(model, preset("a", fanout=USER_TURN), toolbox=tools)
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.text == "Hm.\n\nDone."
        second = without_block(model.of("agg")[1].call.lines)
        assert [line.role for line in second] == ["system", "user", "assistant", "tool", "tool"]
        assert second[2].text == "Hm."
        assert [(line.tool_call_id, line.text) for line in second[3:]] == [
            ("look-1", "look says"),
            ("read-1", "read says"),
        ]
        assert len(scene.of(ToolStarted)) == 2
        assert {done.call.name: done.failed for done in scene.of(ToolDone)} == {
            "look": False,
            "read": True,
        }
        assert [each.iteration for each in scene.of(Aggregating)] == [1, 2]

    play(story)


def test_moa_21_the_loop_ends_at_its_limit_with_a_clear_message():
    async def story():
        model = ScriptedModel({"agg": [calls("look")]})
        scene = Scene(model, preset(max_iterations=3), toolbox=Tools())
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert "3 times" in ending.error
        assert "max_iterations" in ending.error
        assert len(model.of("agg")) == 3

    play(story)


def test_moa_21_a_call_of_tools_that_nobody_offered_is_no_answer():
    async def story():
        model = ScriptedModel({"agg": [calls("ghost"), ["Words."]]})
        ending = await Scene(model, preset("a")).run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.text == "Words."

    play(story)


@pytest.mark.parametrize(
    ("cadence", "asked"),
    [(Cadence(), 4), (USER_TURN, 1), (Cadence(mode="every_n", n=2), 2)],
)
def test_moa_23_references_are_asked_as_often_as_the_cadence_says(cadence, asked):
    async def story():
        model = ScriptedModel({"agg": [*([calls("look")] * 3), ["Done."]]})
        scene = Scene(model, preset("a", fanout=cadence), toolbox=Tools())
        ending = await scene.run()
        assert len(model.of("a")) == asked
        assert [each.round for each in scene.of(ReferenceStarted)] == list(range(1, asked + 1))
        assert len(ending.result.rounds) == asked
        blocks = [made.call.lines[-1].text for made in model.of("agg")]
        stale = [WRITTEN_BEFORE in text for text in blocks]
        assert (
            stale
            == {
                4: [False] * 4,
                1: [False, True, True, True],
                2: [False, True, False, True],
            }[asked]
        )

    play(story)


def test_moa_23_references_see_the_tool_results_that_they_are_asked_about():
    async def story():
        model = ScriptedModel({"agg": [calls("look"), ["Done."]]})
        scene = Scene(model, preset("a"), toolbox=Tools())
        await scene.run()
        first, second = (made.call.lines for made in model.of("a"))
        assert second[: len(first)] == first
        assert "look says" in second[-2].text

    play(story)


def test_moa_19_requests_extend_each_other_over_ten_iterations():
    async def story():
        model = ScriptedModel({"agg": [*([calls("look", "read")] * 9), ["Done."]]})
        scene = Scene(model, preset("a", reference("b", vision=True)), toolbox=Tools())
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert len(model.of("agg")) == 10

    play(story)


def test_moa_18_a_channels_system_prompt_reaches_references_as_quoted_context():
    async def story():
        context = (quoted_prompt("Answer in rhyme.\nAlways."),)
        scene = Scene(ScriptedModel(), preset("a"), context=context)
        await scene.run()
        shown = scene.model.of("a")[0].call.lines
        assert [line.role for line in shown] == ["system", "user", "user"]
        assert "> Answer in rhyme.\n> Always." in shown[1].text
        assert scene.model.of("agg")[0].call.lines[:-1] == QUESTION

    play(story)


# --- windows ----------------------------------------------------------------------------------


def long_history(turns: int) -> tuple[Line, ...]:
    lines = [Line.of("system", "Be kind.")]
    for number in range(turns):
        lines.append(Line.of("user", f"question {number} " + "x" * 300))
        lines.append(Line.of("assistant", f"answer {number} " + "y" * 300))
    return (*lines, Line.of("user", "Why?"))


@pytest.mark.parametrize("turns", [1, 3, 5, 6, 7, 8, 9, 40])
def test_moa_20_a_full_window_still_leaves_room_for_advice(turns):
    async def story():
        model = ScriptedModel({"a": [["Useful words. " * 10]]})
        slot = Slot(provider="p", model="agg", context_window=2_000)
        await Scene(model, preset("a", aggregator=slot), long_history(turns)).run()
        lines = model.of("agg")[0].call.lines
        assert lines[0] == Line.of("system", "Be kind.")
        assert lines[1].role == "user"
        assert lines[-2].text == "Why?"
        assert "Useful words. " * 9 in lines[-1].text

    play(story)


@pytest.mark.parametrize("turns", [4, 5, 6, 7, 8])
def test_moa_7_without_its_advisors_a_long_history_is_cut_at_the_same_place(turns):
    """Else an `auto` preset would find another conversation in the cache at every other turn."""

    async def story():
        slot = Slot(provider="p", model="agg", context_window=2_000)
        asked = []
        for enabled in (True, False):
            model = ScriptedModel()
            wanted = preset("a", aggregator=slot, enabled=enabled)
            await Scene(model, wanted, long_history(turns)).run()
            asked.append(model.of("agg")[0].call.lines)
        assert asked[0][:-1] == asked[1]

    play(story)


def test_moa_18_what_the_operator_wrote_survives_a_cut():
    async def story():
        slot = Slot(provider="p", model="agg", context_window=1_500)
        note = Line.of("developer", "Mind the step.")
        head, *rest = long_history(30)
        model = ScriptedModel()
        scene = Scene(model, preset(aggregator=slot), (head, *rest[:4], note, *rest[4:]))
        await scene.run()
        lines = model.of("agg")[0].call.lines
        assert lines[:2] == (head, note)
        assert len(lines) < 30

    play(story)


# --- failures ---------------------------------------------------------------------------------


def with_fallback() -> Slot:
    return Slot(provider="p", model="agg", fallbacks=(Slot(provider="p", model="spare"),))


def test_moa_22_a_failure_before_the_first_word_goes_to_the_fallback_and_says_so():
    async def story():
        model = ScriptedModel({"agg": [[Chunk(reasoning="hm"), ModelBusy("full")]]})
        scene = Scene(model, preset("a", aggregator=with_fallback()))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.text == "I am spare."
        assert any("p:spare" in note for note in ending.result.notes)
        assert [each.label for each in scene.of(Aggregating)] == ["p:agg", "p:spare"]
        assert len(scene.of(AnswerReset)) == 1
        assert len(ending.result.calls) == 2

    play(story)


def test_moa_22_without_a_fallback_the_person_is_told_and_the_notes_are_there():
    async def story():
        model = ScriptedModel({"agg": [[ModelBusy("The provider is overloaded.")]]})
        scene = Scene(model, preset("a"))
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert "p:agg" in ending.error
        assert "overloaded" in ending.error
        assert ending.result.advice[0].text == "I am a."
        assert len(model.of("agg")) == 1

    play(story)


def test_moa_22_a_stream_that_breaks_midway_keeps_what_was_shown():
    async def story():
        model = ScriptedModel({"agg": [["Half an ans", ModelUnreachable("reset")]]})
        scene = Scene(model, preset("a", aggregator=with_fallback()))
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert ending.result.text == "Half an ans"
        assert "broke off" in ending.error
        assert model.of("spare") == []
        assert scene.of(AnswerReset) == []

    play(story)


def test_moa_22_an_empty_answer_is_tried_once_more():
    async def story():
        model = ScriptedModel({"agg": [[" \n"], ["Words."]]})
        scene = Scene(model, preset("a"))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.text == "Words."
        assert len(ending.result.calls) == 2
        assert len(scene.of(AnswerReset)) == 1
        empty = Scene(ScriptedModel({"agg": [[""]]}), preset("a"))
        failed = await empty.run()
        assert isinstance(failed, TurnFailed)
        assert "empty answer" in failed.error
        assert len(empty.model.of("agg")) == 2
        assert failed.result.advice[0].outcome == "ok"

    play(story)


def test_moa_27_thinking_up_to_the_token_limit_says_so():
    async def story():
        thinking = [Chunk(reasoning="long thoughts"), Chunk(finish="length")]
        model = ScriptedModel({"agg": [thinking]})
        ending = await Scene(model, preset("a")).run()
        assert isinstance(ending, TurnFailed)
        assert "thinking" in ending.error
        assert ending.result.usage.reasoning > 0
        assert len(model.of("agg")) == 1

    play(story)


def test_moa_27_an_answer_cut_at_its_limit_says_so():
    async def story():
        model = ScriptedModel({"agg": [["Once upon", Chunk(finish="length")]]})
        ending = await Scene(model, preset("a")).run()
        assert isinstance(ending, TurnFinished)
        assert ending.result.finish == "length"
        assert any("limit" in note for note in ending.result.notes)

    play(story)


def test_what_the_aggregator_refuses_with_is_the_answer_and_said_to_be_a_refusal():
    async def story():
        model = ScriptedModel({"agg": [["I will not.", Chunk(finish="refusal")]]})
        scene = Scene(model, preset("a"))
        ending = await scene.run()
        assert ending.result.text == "I will not."
        assert "the model refused to answer" in ending.result.notes
        assert len(model.of("agg")) == 1

    play(story)


def test_a_turn_that_takes_too_long_is_cut_and_keeps_what_was_shown():
    async def story():
        model = ScriptedModel({"agg": [["Slow", 100.0, "er"]]})
        scene = Scene(model, preset("a", turn_timeout=20.0))
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        assert "20 seconds" in ending.error
        assert ending.result.text == "Slow"
        assert ending.result.seconds == pytest.approx(20.0)
        assert ending.result.calls[0].error == "cancelled"

    play(story)


def test_moa_11_stop_in_mid_answer_closes_the_stream_and_keeps_the_words():
    async def story():
        model = ScriptedModel({"agg": [["So far", 60.0, "never"]]})
        scene = Scene(model, preset("a"))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(scene.run())
            await asyncio.sleep(5.0)
            task.cancel()
            await asyncio.wait([task])
        assert task.cancelled()
        ending = scene.turn.ending
        assert isinstance(ending, TurnStopped)
        assert ending.result.text == "So far"
        assert ending.result.usage.estimated
        (made,) = model.of("agg")
        assert made.ending == "closed"
        assert made.ended == scene.began + 5.0

    play(story)


def test_moa_11_stop_while_a_tool_runs_stops_the_tool():
    async def story():
        model = ScriptedModel({"agg": [calls("look")]})
        scene = Scene(model, preset(), toolbox=Tools())
        async with asyncio.TaskGroup() as group:
            task = group.create_task(scene.run())
            await asyncio.sleep(0.5)
            task.cancel()
            await asyncio.wait([task])
        assert isinstance(scene.turn.ending, TurnStopped)
        assert scene.of(ToolDone) == []

    play(story)


# --- what it takes ------------------------------------------------------------------------------


def test_moa_29_a_turn_costs_references_late_ones_and_every_aggregator_call_once():
    async def story():
        def spent(output: int) -> Chunk:
            return Chunk(usage=Usage(input=1, output=output))

        model = ScriptedModel(
            {
                "a": [["A", spent(1)]],
                "b": [["B", spent(10)]],
                "c": [["C", spent(100), 99.0]],
                "agg": [[*calls("look"), spent(1_000)], ["Done.", spent(10_000)]],
            }
        )
        wanted = preset("a", "b", "c", fanout=USER_TURN)
        ending = await Scene(model, wanted, toolbox=Tools()).run()
        assert ending.result.usage == Usage(input=5, output=11_111)
        assert ending.result.dollars == Decimal("111.11")
        assert ending.result.priced
        assert [call.iteration for call in ending.result.calls] == [1, 2]

    play(story)


def test_moa_28_reported_cost_wins_local_is_free_and_unknown_is_unknown():
    async def story():
        model = ScriptedModel(
            {
                "a": [["A", Chunk(usage=Usage(output=5), dollars=Decimal("0.5"))]],
                "b": [["B", Chunk(usage=Usage(output=5))]],
                "unpriced": [["C", Chunk(usage=Usage(output=5))]],
                "agg": [["D", Chunk(usage=Usage(output=5))]],
            }
        )
        home = Provider(name="home", model=model, local=True)
        slots = (reference("a"), reference("b", "home"), reference("unpriced"))
        scene = Scene(model, preset(*slots, quorum="all"), providers={"home": home})
        ending = await scene.run()
        reported, local, unknown = (each.call for each in ending.result.advice)
        assert reported is not None
        assert local is not None
        assert unknown is not None
        assert (reported.dollars, local.dollars) == (Decimal("0.5"), Decimal(0))
        assert unknown.dollars is None
        assert ending.result.dollars == Decimal("0.55")
        assert not ending.result.priced

    play(story)


def test_a_picture_reaches_the_aggregator_as_it_came():
    async def story():
        picture = Image(url="https://x/1.png")
        lines = (Line(role="user", parts=("what is it?", picture)),)
        scene = Scene(ScriptedModel(), preset("a"), lines)
        await scene.run()
        assert scene.model.of("agg")[0].call.lines[0].images == (picture,)
        assert scene.model.of("a")[0].call.lines[1].images == ()

    play(story)


def test_a_preset_whose_aggregator_cannot_be_called_is_refused_with_the_reason():
    model = ScriptedModel()
    keyless = {"p": Provider(name="p", model=model, missing="no key")}
    with pytest.raises(PresetUnavailable, match="no key"):
        require_available(preset("a"), keyless)
    with pytest.raises(PresetUnavailable, match="unknown provider"):
        require_available(preset("a"), {})
    spare = Slot(provider="q", model="agg")
    slot = Slot(provider="p", model="agg", fallbacks=(spare,))
    require_available(preset(aggregator=slot), {**keyless, "q": Provider(name="q", model=model)})


def test_moa_22_a_keyless_aggregator_is_passed_over_for_its_fallback():
    async def story():
        model = ScriptedModel()
        slot = Slot(provider="q", model="main", fallbacks=(Slot(provider="p", model="spare"),))
        keyless = {"q": Provider(name="q", model=model, missing="no key")}
        scene = Scene(model, preset(aggregator=slot), providers=keyless)
        ending = await scene.run()
        assert ending.result.text == "I am spare."
        assert "p:spare answered in place of q:main" in ending.result.notes

    play(story)


def test_tools_that_nobody_offered_are_not_called_and_reach_no_program():
    async def story():
        model = ScriptedModel({"agg": [calls("look", text="By train.")]})
        ending = await Scene(model, preset()).run()
        assert isinstance(ending, TurnFinished)
        assert (ending.result.text, ending.result.tool_calls) == ("By train.", ())

    play(story)
