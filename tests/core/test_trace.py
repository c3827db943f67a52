"""Shows what a trace of a turn holds, for study and for replay (MOA-33)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from core.events import TurnFailed
from core.presets import Cadence
from core.records import TurnStart
from core.trace import SCHEMA, turn_record
from core.types import Address, Image, Line
from tests.core.scene import QUESTION, Scene, Tools, play, preset, reference
from tests.fakes.model import ScriptedModel, calls


def record_of(scene: Scene, wanted) -> dict[str, Any]:
    start = TurnStart(
        turn_id="t1",
        session="web/one",
        place=Address(platform="web", channel="room"),
        seq=None,
        preset=wanted,
        question=QUESTION[-1],
        asker="ann",
        history=0,
        started=1_700_000_000_000,
    )
    assert scene.turn.ending is not None
    record: dict[str, Any] = json.loads(json.dumps(turn_record(start, scene.turn.ending)))
    return record


def test_moa_33_a_trace_names_the_turn_and_sums_it_up():
    async def story():
        wanted = preset("a")
        scene = Scene(ScriptedModel(), wanted)
        ending = await scene.run()
        record = record_of(scene, wanted)
        assert record["schema"] == SCHEMA
        assert (record["turn_id"], record["session"], record["asker"]) == ("t1", "web/one", "ann")
        assert record["started"] == 1_700_000_000_000
        assert (record["preset"], record["ending"], record["error"]) == ("test", "finished", None)
        assert record["answer"] == "I am agg."
        assert record["dollars"] == str(ending.result.dollars)
        assert record["usage"]["output"] == ending.result.usage.output

    play(story)


def test_moa_33_every_iteration_has_its_inputs_outputs_and_times():
    async def story():
        model = ScriptedModel(
            {
                "a": [[1.0, "Look first."]],
                "agg": [calls("look", text="Hm."), [2.0, "Done."]],
            }
        )
        wanted = preset("a", reference("b", "gone"), fanout=Cadence(mode="user_turn"))
        scene = Scene(model, wanted, toolbox=Tools())
        await scene.run()
        record = record_of(scene, wanted)
        first, second = record["iterations"]
        assert (first["iteration"], second["iteration"]) == (1, 2)
        asked, skipped = first["references"]
        assert (asked["outcome"], asked["output"]) == ("ok", "Look first.")
        assert (asked["start"], asked["first_token"], asked["end"]) == (0.0, 1.0, 1.0)
        shown = [line["content"] for line in record["views"][asked["view"]]]
        assert shown == [line.text for line in model.of("a")[0].call.lines]
        assert (skipped["outcome"], skipped["reason"]) == ("skipped", "unknown provider")
        assert "view" not in skipped
        assert second["references"] is None
        (call,) = first["aggregator"]
        assert call["tool_calls"][0]["name"] == "look"
        (last,) = second["aggregator"]
        assert "Look first." in last["input"][-1]["content"]
        assert last["input"][-3]["tool_calls"] == call["tool_calls"]
        assert last["input"][-2]["tool_call_id"] == "look-1"
        assert last["output"] == "Done."
        assert last["end"] - last["start"] == pytest.approx(2.0)

    play(story)


def test_moa_33_identical_views_are_stored_once():
    async def story():
        wanted = preset("a", "b", reference("c", role="skeptic"))
        scene = Scene(ScriptedModel(), wanted)
        await scene.run()
        record = record_of(scene, wanted)
        assert [each["view"] for each in record["iterations"][0]["references"]] == [0, 0, 1]
        assert len(record["views"]) == 2

    play(story)


def test_moa_33_a_failed_turn_and_unknown_prices_are_told_as_such():
    async def story():
        wanted = preset("unpriced", max_iterations=1)
        scene = Scene(ScriptedModel({"agg": [calls("look")]}), wanted, toolbox=Tools())
        ending = await scene.run()
        assert isinstance(ending, TurnFailed)
        record = record_of(scene, wanted)
        assert (record["ending"], record["error"]) == ("failed", ending.error)
        assert record["iterations"][0]["references"][0]["dollars"] is None
        assert record["priced"] is False

    play(story)


def test_moa_33_pictures_and_names_are_kept():
    async def story():
        question = Line(
            role="user", parts=("what?", Image(url="data:image/png;base64,AA")), name="ann"
        )
        scene = Scene(ScriptedModel(), preset(), (question,))
        await scene.run()
        (line,) = record_of(scene, preset())["iterations"][0]["aggregator"][0]["input"]
        assert line["name"] == "ann"
        assert [part["type"] for part in line["content"]] == ["text", "image_url"]

    play(story)


def test_what_somebody_attached_is_named_in_a_trace_and_does_not_lie_in_it():
    async def story():
        wanted = preset("a")
        picture = Image(url="data:image/png;base64,AAAA", attached=True)
        line = Line(role="user", parts=("What is this?", picture))
        scene = Scene(ScriptedModel(), wanted, lines=(line,))
        await scene.run()
        trace = json.dumps(record_of(scene, wanted))
        assert "base64" not in trace
        assert "an image" in trace

    play(story)
