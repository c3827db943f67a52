"""Shows turns that are cut, taken up again, or find their advice there (MOA-11, 24, recovery)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from core.events import Landed, ReferencesDone, RoundClosed, TurnFinished, TurnStopped
from core.outcomes import Advice
from gateway.turn.advice_cache import SharedAdvice
from tests.core.scene import Scene, Tools, play, preset
from tests.fakes.loop import run_virtual
from tests.fakes.model import LoopClock, Script, ScriptedModel, calls


async def with_cache(story) -> None:
    async with asyncio.TaskGroup() as group:
        await story(SharedAdvice(group, LoopClock()))


def test_moa_24_a_hit_makes_no_call_no_event_and_no_cost():
    async def story(cache):
        first = Scene(ScriptedModel(), preset("a"), cache=cache)
        await first.run()
        again = Scene(ScriptedModel(), preset("a"), cache=cache)
        ending = await again.run()
        assert again.model.of("a") == []
        assert again.of(ReferencesDone) == []
        assert again.block() == first.block()
        assert ending.result.rounds == ()
        assert all(each.call is None for each in ending.result.advice)
        (call,) = ending.result.calls
        assert ending.result.dollars == call.dollars
        fresh = Scene(ScriptedModel(), preset("a"), cache=cache, fresh=True)
        await fresh.run()
        assert len(fresh.model.of("a")) == 1

    play(lambda: with_cache(story))


def test_recovery_after_a_hit_finds_the_advice_in_the_right_round():
    async def story(cache):
        model = ScriptedModel({"a": [["for one"], ["for two"]]})
        await Scene(model, preset("a"), cache=cache).run()
        looped = ScriptedModel({"a": [["for two"]], "agg": [calls("look"), ["Done."]]})
        scene = Scene(looped, preset("a"), cache=cache, toolbox=Tools())
        await scene.run()
        closed = [note for note in scene.notes if isinstance(note, RoundClosed)]
        assert [note.round for note in closed] == [1, 2]
        assert [note.rest[0].text for note in closed] == ["for one", "for two"]
        again = Scene(ScriptedModel(), preset("a"), kept={1: closed[0].rest}, closed=1)
        await again.run()
        assert again.block() == scene.block(0)

    play(lambda: with_cache(story))


def test_recovery_takes_a_kept_round_for_what_it_was():
    async def story():
        kept = (Advice(position=1, label="p:a", outcome="ok", text="round one"),)
        model = ScriptedModel({"agg": [calls("look"), ["Done."]], "a": [["round two"]]})
        scene = Scene(model, preset("a"), kept={1: kept}, closed=1, toolbox=Tools())
        await scene.run()
        assert len(model.of("a")) == 1
        assert "round one" in scene.block(0)
        assert "round two" in scene.block(1)

    play(story)


def has_ended_as(kind: type[TurnFinished | TurnStopped], scene: Scene) -> None:
    assert isinstance(scene.turn.ending, kind)
    asked = [each for each in scene.model.made if each.call.position == 0]
    assert len(scene.turn.ending.result.calls) <= len(asked)


@pytest.mark.parametrize("seed", [None, 1, 2])
@pytest.mark.parametrize("shared", [False, True])
def test_moa_11_stopped_at_any_moment_it_leaves_no_stream_and_knows_its_ending(seed, shared):
    async def stopped_after(steps: int) -> bool:
        model = ScriptedModel(
            {"a": [["A", 0.0, "A"]], "b": [[0.0, "B"]], "agg": [calls("look"), ["Do", 0.0, "ne."]]}
        )
        async with asyncio.TaskGroup() as group:
            cache = SharedAdvice(group, LoopClock()) if shared else None
            tools = Tools(seconds=0)
            scene = Scene(model, preset("a", "b"), toolbox=tools, cache=cache)
            task = group.create_task(scene.run())
            for _ in range(steps):
                await asyncio.sleep(0)
            over = task.done()
            task.cancel()
            await asyncio.wait([task])
        assert over or task.cancelled()
        assert all(made.ending in {"finished", "closed"} for made in model.made)
        if scene.events:
            has_ended_as(TurnFinished if over else TurnStopped, scene)
        return over

    async def story():
        for steps in range(300):
            if await stopped_after(steps):
                return
        pytest.fail("the turn never came to its end")

    run_virtual(story(), seed=seed)


def checkpoint(notes: Sequence[Landed | RoundClosed]) -> tuple[tuple[Advice, ...], int]:
    """Give the advice that was written down, and the number of the last round that was closed."""
    kept: list[Advice] = []
    closed = 0
    for note in notes:
        kept += [note.advice] if isinstance(note, Landed) else note.rest
        closed = note.round if isinstance(note, RoundClosed) else closed
    return tuple(kept), closed


def test_recovery_from_any_checkpoint_pays_for_nobody_twice():
    async def story():
        wanted = preset("a", "b", "c")
        scripts: dict[str, list[Script]] = {
            "a": [[1.0, "A"]],
            "b": [[2.0, "B"]],
            "c": [[99.0, "C"]],
        }
        whole = Scene(ScriptedModel(scripts), wanted)
        await whole.run()
        assert [type(note) for note in whole.notes] == [Landed, Landed, RoundClosed]
        for cut in range(4):
            kept, closed = checkpoint(whole.notes[:cut])
            scene = Scene(ScriptedModel(scripts), wanted, kept={1: kept}, closed=closed)
            await scene.run()
            landed = {each.position for each in kept}
            asked = {made.call.position for made in scene.model.made} - {0}
            assert asked.isdisjoint(landed)
            assert scene.block() == whole.block()

    play(story)
