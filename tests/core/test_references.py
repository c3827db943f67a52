"""Shows the fan-out: who is asked when, what becomes of each, who is cut off (MOA-8 to 12)."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from core import tokens
from core.calls import Chunk
from core.errors import ModelBusy, ModelForbidden, ModelStalled
from core.events import (
    Aggregating,
    Landed,
    ReferenceDone,
    ReferenceProgress,
    ReferencesDone,
    ReferenceStarted,
    RoundClosed,
)
from core.outcomes import Advice
from core.ports import Provider
from core.types import Line, Usage
from tests.core.scene import Scene, play, preset, reference
from tests.fakes.loop import run_virtual
from tests.fakes.model import ScriptedModel


def run_once(story) -> None:
    """For what holds in asyncio's own order: with shuffled tasks some land a tick later."""
    run_virtual(story())


def outcomes(scene: Scene) -> list[tuple[str, str]]:
    (done,) = scene.of(ReferencesDone)
    assert [each.position for each in done.advice] == list(range(1, len(done.advice) + 1))
    return [(each.outcome, each.reason) for each in done.advice]


def test_moa_8_all_start_at_once_and_stay_in_slot_order():
    async def story():
        model = ScriptedModel({"a": [[3.0, "A"]], "b": [[1.0, "B"]], "c": [[2.0, "C"]]})
        scene = Scene(model, preset("a", "b", "c", quorum="all"))
        await scene.run()
        assert {made.started for made in model.made[:3]} == {scene.began}
        assert [done.advice.label for done in scene.of(ReferenceDone)] == ["p:b", "p:c", "p:a"]
        assert [each.label for each in scene.of(ReferencesDone)[0].advice] == ["p:a", "p:b", "p:c"]

    play(story)


def test_moa_8_at_most_eight_are_in_flight():
    async def story():
        model = ScriptedModel({f"m{n}": [[1.0, "x"]] for n in range(20)})
        scene = Scene(model, preset(*(f"m{n}" for n in range(20)), quorum="all"))
        await scene.run()
        assert model.most_open == 8
        assert outcomes(scene) == [("ok", "")] * 20
        assert scene.seconds(Aggregating) == pytest.approx(3.0)

    play(story)


def test_the_same_model_may_stand_in_several_slots():
    async def story():
        model = ScriptedModel({"a": [[1.0, "first"], [2.0, "second"]]})
        scene = Scene(model, preset("a", "a"))
        await scene.run()
        assert {each.text for each in scene.of(ReferencesDone)[0].advice} == {"first", "second"}

    play(story)


def test_moa_9_every_outcome_is_typed_and_nobody_hurts_the_others():
    async def story():
        model = ScriptedModel(
            {
                "ok": [["[failed: not really]"]],
                "empty": [["  \n"]],
                "thinking": [[Chunk(reasoning="hm"), Chunk(finish="length")]],
                "busy": [[ModelBusy("try later sk-1", retry_after=3)]],
                "auth": [["half", ModelForbidden("no", status=401)]],
                "stalled": [[ModelStalled("silence", stage="first_token")]],
                "slow": [[500.0, "x"]],
                "bug": [[ZeroDivisionError("what")]],
            }
        )
        scene = Scene(model, preset(*model.scripts, reference_timeout=7.0, quorum="all"))
        ending = await scene.run()
        assert outcomes(scene) == [
            ("ok", ""),
            ("empty", ""),
            ("empty", "length"),
            ("failed", "busy"),
            ("failed", "auth"),
            ("timed_out", "first_token"),
            ("timed_out", "total"),
            ("failed", "internal"),
        ]
        assert scene.seconds(Aggregating) == pytest.approx(7.0)
        assert ending.result.text == "I am agg."
        assert "[failed: not really]" in scene.block()
        assert "sk-1" not in scene.block()
        assert "half" not in scene.block()

    play(story)


def test_moa_9_a_model_that_says_it_will_not_has_refused_and_its_words_are_no_advice():
    async def story():
        model = ScriptedModel({"a": [["I will not.", Chunk(finish="refusal")]], "b": [["Do it."]]})
        scene = Scene(model, preset("a", "b"))
        await scene.run()
        assert outcomes(scene) == [("failed", "refused"), ("ok", "")]
        assert "I will not." not in scene.block()

    play(story)


def test_moa_7_a_provider_without_its_key_is_skipped_and_says_why():
    async def story():
        model = ScriptedModel()
        keyless = Provider(name="q", model=model, missing="no key")
        slots = (reference("a"), reference("b", "q"), reference("c", "nowhere"))
        scene = Scene(model, preset(*slots), providers={"q": keyless})
        await scene.run()
        assert outcomes(scene) == [
            ("ok", ""),
            ("skipped", "no key"),
            ("skipped", "unknown provider"),
        ]
        assert model.of("b") == []

    play(story)


@pytest.mark.parametrize("name", ["moa", "MoA", "MOA"])
def test_moa_6_a_mixture_is_no_reference(name):
    async def story():
        model = ScriptedModel()
        slots = (reference("a"), reference("other", name))
        scene = Scene(model, preset(*slots), providers={name: Provider(name=name, model=model)})
        await scene.run()
        assert outcomes(scene)[1][0] == "skipped"
        assert "mixture" in outcomes(scene)[1][1]
        assert model.of("other") == []

    play(story)


def test_moa_16_without_a_user_line_references_are_skipped():
    async def story():
        scene = Scene(ScriptedModel(), preset("a"), (Line.of("system", "s"),))
        ending = await scene.run()
        assert outcomes(scene) == [("skipped", "nothing to advise")]
        assert ending.result.text == "I am agg."

    play(story)


def test_moa_10_the_slow_one_is_late_cut_off_and_unused():
    async def story():
        model = ScriptedModel({"a": [[2.0, "A"]], "b": [[4.0, "B"]], "c": [["begun ", 60.0, "C"]]})
        scene = Scene(model, preset("a", "b", "c"))
        ending = await scene.run()
        assert scene.seconds(Aggregating) == pytest.approx(4.0 + 2.0)
        assert outcomes(scene) == [("ok", ""), ("ok", ""), ("late", "")]
        (cut,) = model.of("c")
        assert cut.ending == "closed"
        assert cut.ended is not None
        assert cut.ended <= model.of("agg")[0].started
        assert "begun" not in scene.block()
        assert "p:c" in scene.block()
        late = ending.result.advice[2]
        assert late.text == "begun "
        assert late.call is not None
        assert late.call.usage.estimated
        assert late.call.usage.output > 0
        assert late.call.dollars is not None

    play(story)


def test_moa_10_what_has_landed_by_the_deadline_is_used():
    async def story():
        model = ScriptedModel({name: [[2.0, name]] for name in "abcd"})
        scene = Scene(model, preset(*"abcd", quorum=1, grace=0.0))
        await scene.run()
        assert outcomes(scene) == [("ok", "")] * 4

    run_once(story)


def test_moa_10_a_required_one_is_awaited_up_to_its_timeout():
    async def story():
        slow = reference("slow", required=True, timeout=30.0)
        model = ScriptedModel({"slow": [[90.0, "x"]]})
        scene = Scene(model, preset("a", "b", slow, quorum=1, grace=0.0))
        await scene.run()
        assert scene.seconds(Aggregating) == pytest.approx(30.0)
        assert outcomes(scene)[2] == ("timed_out", "total")

    play(story)


def test_moa_10_of_two_the_second_is_awaited_ten_seconds_longer():
    async def story():
        model = ScriptedModel({"a": [[1.0, "A"]], "b": [[100.0, "B"]]})
        scene = Scene(model, preset("a", "b"))
        await scene.run()
        assert scene.seconds(Aggregating) == pytest.approx(11.0)

    play(story)


def test_moa_10_one_that_never_began_is_late_and_costs_nothing():
    async def story():
        model = ScriptedModel({f"m{n}": [[5.0, "x"]] for n in range(9)})
        scene = Scene(model, preset(*(f"m{n}" for n in range(9)), quorum=8, grace=0.0))
        ending = await scene.run()
        assert len(model.of("m8")) <= 1
        assert ending.result.advice[8].outcome == "late"

    run_once(story)


def test_moa_11_stop_closes_every_stream_at_once():
    async def story():
        model = ScriptedModel({"a": [["some words", 60.0, "A"]], "b": [[60.0, "B"]]})
        scene = Scene(model, preset("a", "b"))
        async with asyncio.TaskGroup() as group:
            task = group.create_task(scene.run())
            await asyncio.sleep(5.0)
            stopped = asyncio.get_running_loop().time()
            task.cancel()
            await asyncio.wait([task])
        assert [made.ending for made in model.made] == ["closed", "closed"]
        assert all(made.ended == stopped for made in model.made)
        assert scene.turn.ending is not None
        told = [each.advice.outcome for each in scene.of(ReferenceDone)]
        assert told == ["cancelled", "cancelled"]
        result = scene.turn.ending.result
        assert result.usage.output > 0
        assert result.dollars > 0

    play(story)


def test_moa_13_a_reference_gets_no_tools_and_no_system_text():
    async def story():
        scene = Scene(ScriptedModel(), preset("a"))
        await scene.run()
        call = scene.model.of("a")[0].call
        assert call.tools == ()
        assert "Be kind." not in " ".join(line.text for line in call.lines)
        assert call.position == 1

    play(story)


def test_moa_4_slot_over_preset_over_absent_and_zero_is_zero():
    async def story():
        slots = (
            reference("own", temperature=0.0, max_tokens=5, timeout=9.0),
            reference("plain"),
        )
        wanted = preset(*slots, reference_temperature=0.7, reference_max_tokens=50)
        scene = Scene(ScriptedModel(), wanted, temperature=0.9, max_tokens=99)
        await scene.run()
        own, plain = scene.model.of("own")[0].call, scene.model.of("plain")[0].call
        assert (own.temperature, own.max_tokens, own.seconds(600)) == (0.0, 5, 9.0)
        assert (plain.temperature, plain.max_tokens, plain.seconds(600)) == (0.7, 50, 120.0)
        assert plain.seconds(30) == 30  # the provider's own limit, if that is shorter (P12)
        bare = Scene(ScriptedModel(), preset("plain"), temperature=0.9, max_tokens=99)
        await bare.run()
        call = bare.model.of("plain")[0].call
        assert (call.temperature, call.max_tokens) == (None, None)

    play(story)


@pytest.mark.parametrize("cap", [100, 900])
def test_moa_18_a_view_leaves_room_in_the_window_for_advice_up_to_the_presets_cap(cap):
    async def story():
        history = [Line.of(role, "x" * 150) for _ in range(40) for role in ("user", "assistant")]
        lines = (*history, Line.of("user", "Why?"))
        slot = reference("a", context_window=2_000)
        scene = Scene(ScriptedModel(), preset(slot, reference_max_tokens=cap), lines)
        await scene.run()
        call = scene.model.of("a")[0].call
        assert call.max_tokens == cap
        room = 2_000 - cap
        assert room * tokens.KEEP / 2 < tokens.estimate(call.lines) <= room

    play(story)


def test_moa_31_events_of_a_fan_out_come_in_order():
    async def story():
        model = ScriptedModel({"a": [["one ", 1.0, "two"]]})
        scene = Scene(model, preset("a"))
        await scene.run()
        kinds = [type(event).__name__ for event in scene.events]
        assert kinds[:6] == [
            "TurnStarted",
            "ReferenceStarted",
            "ReferenceProgress",
            "ReferenceProgress",
            "ReferenceDone",
            "ReferencesDone",
        ]
        assert [each.words for each in scene.of(ReferenceProgress)] == [1, 2]
        assert scene.of(ReferenceStarted)[0].position == 1

    play(story)


def test_p4_each_landing_is_noted_once_and_the_rest_closes_the_round():
    async def story():
        model = ScriptedModel({"a": [[1.0, "A"]], "b": [[2.0, "B"]], "c": [[60.0, "C"]]})
        slots = (*map(reference, "abc"), reference("d", "gone"))
        scene = Scene(model, preset(*slots))
        await scene.run()
        landed = [note.advice.position for note in scene.notes if isinstance(note, Landed)]
        assert landed == [1, 2]
        (closed,) = (note for note in scene.notes if isinstance(note, RoundClosed))
        assert [(each.position, each.outcome) for each in closed.rest] == [
            (4, "skipped"),
            (3, "late"),
        ]

    play(story)


def test_recovery_asks_only_those_that_had_not_landed():
    async def story():
        kept = (
            Advice(position=1, label="p:a", outcome="ok", text="kept words"),
            Advice(position=3, label="p:c", outcome="failed", reason="busy"),
        )
        scene = Scene(ScriptedModel(), preset("a", "b", "c"), kept={1: kept})
        await scene.run()
        assert [made.call.slot.model for made in scene.model.made] == ["b", "agg"]
        assert outcomes(scene) == [("ok", ""), ("ok", ""), ("failed", "busy")]
        assert "kept words" in scene.block()

    play(story)


def test_recovery_of_a_complete_round_gives_the_same_block_and_asks_nobody():
    async def story():
        model = ScriptedModel({"b": [[2.0, "slow"]], "c": [[99.0, "late"]]})
        first = Scene(model, preset("a", "b", "c"))
        await first.run()
        kept: list[Advice] = []
        for note in first.notes:
            kept += [note.advice] if isinstance(note, Landed) else note.rest
        again = Scene(ScriptedModel(), preset("a", "b", "c"), kept={1: tuple(kept)}, closed=1)
        ending = await again.run()
        assert [made.call.slot.model for made in again.model.made] == ["agg"]
        assert again.block() == first.block()
        assert len(again.of(ReferencesDone)) == 1
        assert ending.result.dollars >= Decimal("0.01")

    play(story)


def test_moa_27_what_the_provider_says_wins_over_an_estimate():
    async def story():
        usage = Usage(input=100, cache_read=80, output=7)
        model = ScriptedModel({"a": [["words", Chunk(usage=usage)]]})
        scene = Scene(model, preset("a"))
        ending = await scene.run()
        assert ending.result.advice[0].call is not None
        assert ending.result.advice[0].call.usage == usage

    play(story)


def test_moa_27_a_request_that_no_model_worked_on_is_free_and_nothing_is_guessed():
    async def story():
        model = ScriptedModel(
            {"no": [[ModelForbidden("no", status=401)]], "half": [["word", ModelBusy("later")]]}
        )
        scene = Scene(model, preset("no", "half"))
        await scene.run()
        refused, half = (each.call for each in scene.of(ReferencesDone)[0].advice)
        assert refused is not None
        assert half is not None
        assert refused.usage == Usage()
        assert refused.dollars == 0
        assert half.usage.estimated

    play(story)


def test_times_count_from_the_turns_beginning_and_from_the_wire():
    async def story():
        model = ScriptedModel({"a": [[1.0, "A", 2.0, "B"]]})
        scene = Scene(model, preset("a"))
        ending = await scene.run()
        call = ending.result.advice[0].call
        assert call is not None
        assert (call.started, call.first_token, call.seconds) == pytest.approx((0.0, 1.0, 3.0))

    play(story)


def test_an_emoji_that_pieces_cut_apart_is_whole_again_and_half_a_one_harms_nobody():
    async def story():
        model = ScriptedModel({"a": [["So \ud83d", "\ude00, \ud83d"]]})
        scene = Scene(model, preset("a"))
        await scene.run()
        (advice,) = scene.of(ReferencesDone)[0].advice
        assert (advice.outcome, advice.text) == ("ok", "So 😀, \ufffd")

    play(story)
