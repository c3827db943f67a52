"""Shows `max_parallel` in whole turns: the engine, the wrappers and one server for everybody.

A server with one graphics card is the usual case: references and the aggregator want the same
permit, in several turns at once. Time is virtual, so nothing here waits.
"""

from __future__ import annotations

import asyncio

from adapters.llm.compose import Options, compose
from adapters.llm.deadline import Timeouts
from core.events import ReferencesDone, TurnFinished, TurnStopped
from core.ports import Provider
from tests.core.scene import Scene, play, preset, reference
from tests.fakes.loop import run_virtual
from tests.fakes.model import ScriptedModel

FOREVER = 10_000.0


def one_card(model: ScriptedModel, **timeouts: float) -> dict[str, Provider]:
    """Put the model behind one permit."""
    options = Options(max_parallel=1, timeouts=Timeouts(**timeouts))
    wrapped = compose(model, options=options)
    return {"p": Provider(name="p", model=wrapped, max_parallel=1)}


def test_references_and_aggregators_of_several_turns_share_one_permit_moa_8():
    async def story():
        model = ScriptedModel({name: [[1.0, "word"]] for name in ("a", "b", "c", "agg")})
        providers = one_card(model)
        scenes = [Scene(model, preset("a", "b", "c"), providers=providers) for _ in range(3)]
        async with asyncio.TaskGroup() as group:
            # Not by `run`, which sees to it that nothing is open: the others' calls are.
            tasks = [
                group.create_task(each.turn.run(each.tell, each.notes.append)) for each in scenes
            ]
        assert [type(task.result()) for task in tasks] == [TurnFinished] * 3
        assert all(
            advice.outcome == "ok" for task in tasks for advice in task.result().result.advice
        )
        assert (len(model.made), model.most_open, model.open_now) == (12, 1, 0)

    play(story)


def test_who_is_late_gives_the_permit_back_before_the_aggregator_starts_moa_8():
    async def story():
        model = ScriptedModel({"quick": [[1.0, "word"]], "stuck": [["I", FOREVER]]})
        wanted = preset("quick", "stuck", "stuck", quorum=1, grace=2.0)
        scene = Scene(model, wanted, providers=one_card(model, between_tokens=FOREVER))
        ending = await scene.run()
        assert isinstance(ending, TurnFinished)
        assert [each.outcome for each in ending.result.advice] == ["ok", "late", "late"]
        [acting] = model.of("agg")
        assert acting.started == scene.began + scene.seconds(ReferencesDone)
        assert all(
            made.ended is not None and made.ended <= acting.started for made in model.made[:2]
        )
        assert model.most_open == 1

    run_virtual(story())  # in the slots' order: whoever is stuck must not come first


def test_a_turn_that_is_stopped_while_it_waits_or_talks_leaves_the_permit_to_others_moa_8():
    async def story():
        model = ScriptedModel({"stuck": [["I", FOREVER]], "a": [["word"]]})
        providers = one_card(model, between_tokens=FOREVER)
        talking = Scene(model, preset("stuck"), providers=providers)
        waiting = Scene(model, preset("a", "a"), providers=providers)
        other = Scene(model, preset("a"), providers=providers)
        async with asyncio.TaskGroup() as group:
            first, second, third = (
                group.create_task(each.turn.run(each.tell, each.notes.append))
                for each in (talking, waiting, other)
            )
            await asyncio.sleep(5)
            second.cancel()
            first.cancel()
            stopped = asyncio.get_running_loop().time()
        assert isinstance(talking.turn.ending, TurnStopped)
        assert isinstance(waiting.turn.ending, TurnStopped)
        assert isinstance(third.result(), TurnFinished)
        assert asyncio.get_running_loop().time() == stopped

    play(story)


def test_timeouts_run_from_the_wire_for_each_of_a_long_queue_moa_8():
    async def story():
        model = ScriptedModel({"slow": [[9.0, "word"]]})
        wanted = preset(*[reference("slow") for _ in range(5)], reference_timeout=10.0)
        scene = Scene(model, wanted, providers=one_card(model))
        ending = await scene.run()
        assert [each.outcome for each in ending.result.advice] == ["ok"] * 5
        assert scene.seconds(ReferencesDone) == 45
        # Nobody's seconds are those that were spent in the queue.
        assert [each.call.seconds for each in ending.result.advice if each.call] == [9.0] * 5

    play(story)


def test_at_most_eight_calls_of_one_turn_are_in_flight_moa_8():
    async def story():
        model = ScriptedModel({"slow": [[1.0, "word"]]})
        scene = Scene(model, preset(*[reference("slow") for _ in range(20)]))
        ending = await scene.run()
        assert [each.position for each in ending.result.advice] == list(range(1, 21))
        assert model.most_open == 8

    play(story)
