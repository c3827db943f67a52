"""Shows who advises in whose place, and that it is told and paid for (MOA-1, MOA-9, MOA-22)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.calls import Chunk
from core.errors import ModelBusy, ModelForbidden, ModelRefused, ModelStalled, ModelUnreachable
from core.events import ReferenceDone, ReferencesDone, ReferenceStarted
from core.outcomes import Advice
from core.panel import row_of
from core.ports import Provider
from core.presets import Slot
from core.wording import row_text
from tests.core.scene import Scene, play, preset, reference
from tests.fakes.model import Script, ScriptedModel

SPARE = (Slot(provider="p", model="spare"),)
FAILURES = [
    ModelUnreachable("gone"),
    ModelBusy("later", retry_after=9),
    ModelForbidden("no", status=401),
    ModelRefused("no such model", status=404),
    ModelStalled("silence", stage="first_token"),
    ZeroDivisionError("ours"),
]


def advice_of(scene: Scene) -> Advice:
    (done,) = scene.of(ReferencesDone)
    assert scene.of(ReferenceDone)[0].advice == done.advice[0]
    return done.advice[0]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda each: type(each).__name__)
def test_moa_9_a_fallback_advises_in_place_of_a_model_that_failed_without_a_word(failure):
    async def story():
        model = ScriptedModel({"a": [[1.0, failure]], "spare": [[2.0, "Take the train."]]})
        scene = Scene(model, preset(reference("a", fallbacks=SPARE)))
        ending = await scene.run()
        advice = advice_of(scene)
        assert (advice.outcome, advice.label, advice.in_place_of) == ("ok", "p:spare", "p:a")
        assert [call.label for call in advice.calls] == ["p:a", "p:spare"]
        assert "Reference 1 — p:spare" in scene.block()
        assert "Take the train." in scene.block()
        (booked,) = ending.result.rounds[0].advice
        times = [(call.started, call.seconds) for call in booked.calls]
        assert times == [(0.0, 1.0), (1.0, 2.0)]

    play(story)


def test_moa_22_the_panel_says_in_whose_place_an_advisor_stands():
    async def story():
        model = ScriptedModel({"a": [[ModelBusy("later")]], "spare": [["Walk."]]})
        scene = Scene(model, preset(reference("a", fallbacks=SPARE, role="skeptic")))
        await scene.run()
        told = row_text(row_of(advice_of(scene)))
        assert told.startswith("✓ p:spare (skeptic) · done (in place of p:a)")
        assert "Your role: skeptic" in model.of("spare")[0].call.lines[0].text

    play(story)


def test_moa_7_a_slot_without_its_key_goes_to_its_fallback_at_once():
    async def story():
        model = ScriptedModel({"spare": [["Walk."]]})
        keyless = Provider(name="q", model=model, missing="no key")
        slot = reference("a", "q", fallbacks=(Slot(provider="gone", model="x"), *SPARE))
        scene = Scene(model, preset(slot), providers={"q": keyless})
        await scene.run()
        advice = advice_of(scene)
        assert (advice.label, advice.in_place_of, advice.tried) == ("p:spare", "q:a", ())
        assert model.of("a") == []

    play(story)


def test_moa_9_whoever_has_said_something_is_not_replaced():
    async def story():
        model = ScriptedModel({"a": [["I think", ModelBusy("later")]]})
        scene = Scene(model, preset(reference("a", fallbacks=SPARE)))
        await scene.run()
        advice = advice_of(scene)
        assert (advice.outcome, advice.label, advice.in_place_of) == ("failed", "p:a", "")
        assert model.of("spare") == []

    play(story)


def test_moa_9_an_empty_answer_is_worth_a_fallback_too():
    async def story():
        model = ScriptedModel({"a": [[Chunk(reasoning="hm"), Chunk(finish="length")]]})
        scene = Scene(model, preset(reference("a", fallbacks=SPARE)))
        await scene.run()
        assert (advice_of(scene).outcome, advice_of(scene).label) == ("ok", "p:spare")

    play(story)


def test_moa_9_all_of_a_slot_share_its_timeout():
    async def story():
        model = ScriptedModel({"a": [[6.0, ModelBusy("later")]], "spare": [[500.0, "late"]]})
        slot = reference("a", timeout=10.0, fallbacks=SPARE)
        scene = Scene(model, preset(slot))
        await scene.run()
        advice = advice_of(scene)
        assert (advice.outcome, advice.reason, advice.label) == ("timed_out", "total", "p:spare")
        assert [made.call.seconds(600) for made in model.made[:2]] == [10.0, 4.0]
        assert model.of("agg")[0].started - scene.began == pytest.approx(10.0)

    play(story)


def test_moa_9_nobody_is_asked_when_no_time_is_left():
    async def story():
        model = ScriptedModel({"a": [[500.0, "x"]]})
        scene = Scene(model, preset(reference("a", timeout=10.0, fallbacks=SPARE)))
        await scene.run()
        assert (advice_of(scene).outcome, advice_of(scene).label) == ("timed_out", "p:a")
        assert model.of("spare") == []

    play(story)


def test_moa_29_what_failed_before_is_paid_for_as_well():
    async def story():
        thought: Script = [Chunk(reasoning="hm " * 40), ModelBusy("later")]
        model = ScriptedModel({"a": [thought], "spare": [["Walk."]]})
        scene = Scene(model, preset(reference("a", fallbacks=SPARE)))
        ending = await scene.run()
        advice = advice_of(scene)
        paid = [call.dollars or Decimal(0) for call in advice.calls]
        assert all(paid)
        assert ending.result.dollars == sum(paid) + (ending.result.calls[0].dollars or 0)

    play(story)


def test_moa_12_where_the_fallback_fails_as_well_it_is_the_one_that_is_told():
    async def story():
        failing = [[ModelBusy("later")]]
        model = ScriptedModel({"a": failing, "spare": [[ModelUnreachable("gone")]]})
        scene = Scene(model, preset("b", reference("a", fallbacks=SPARE)))
        await scene.run()
        (done,) = scene.of(ReferencesDone)
        told = row_text(row_of(done.advice[1]))
        assert told == "✗ p:spare · failed: could not be reached (in place of p:a)"
        assert "reference 2 (p:spare)" in scene.block()
        assert sorted(each.position for each in scene.of(ReferenceStarted)) == [1, 2, 2]

    play(story)


def test_moa_10_a_fallback_that_is_too_late_is_late_and_both_calls_count():
    async def story():
        slow: dict[str, list[Script]] = {
            "a": [[1.0, ModelBusy("later")]],
            "spare": [["so far", 500.0]],
        }
        model = ScriptedModel({"b": [[2.0, "B"]], "c": [[2.0, "C"]], **slow})
        scene = Scene(model, preset("b", "c", reference("a", fallbacks=SPARE)))
        await scene.run()
        (done,) = scene.of(ReferencesDone)
        late = done.advice[2]
        assert (late.outcome, late.label, late.in_place_of) == ("late", "p:spare", "p:a")
        assert [call.label for call in late.calls] == ["p:a", "p:spare"]
        assert "so far" not in scene.block()

    play(story)
