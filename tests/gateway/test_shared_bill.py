"""Shows who pays for a fan-out that several turns wait for while some of them leave: every call
is booked once, in the turn of one who still waited when it landed (MOA-24, MOA-29)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.calls import Chunk
from core.events import Landed, RoundClosed, TurnStopped
from core.outcomes import CallReport
from core.presets import Preset
from gateway.turn.advice_cache import SharedAdvice
from tests.core.scene import Scene, preset
from tests.fakes.loop import run_virtual
from tests.fakes.model import LoopClock, Script, ScriptedModel

STAYS = None
APART = 0.01
"""Seconds between two turns: the first one begins the fan-out."""

Leaves = Sequence[float | None]


def paid(text: str, after: float, dollars: str) -> list[Script]:
    """Script a model that answers after so long, and says what it takes when it is done."""
    return [[text, after, Chunk(dollars=Decimal(dollars))]]


def models() -> ScriptedModel:
    return ScriptedModel(
        {
            "a": paid("A", 1.0, "0.10"),
            "b": paid("B", 2.0, "0.20"),
            "c": paid("C", 4.0, "0.40"),
            "agg": paid("Done.", 1.0, "1.00"),
        }
    )


ALL = preset("a", "b", "c", quorum="all")


def together(leaves: Leaves, wanted: Preset = ALL, seed: int | None = None) -> list[Scene]:
    """Ask the same thing in several turns at once; each leaves at its second, or stays."""
    model = models()
    scenes: list[Scene] = []

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            cache = SharedAdvice(group, LoopClock())
            for stop_at in leaves:
                scene = Scene(model, wanted, cache=cache)
                scenes.append(scene)
                running = group.create_task(scene.turn.run(scene.tell, scene.notes.append))
                if stop_at is not None:
                    asyncio.get_running_loop().call_later(stop_at, running.cancel)
                await asyncio.sleep(APART)

    run_virtual(story(), seed=seed)
    assert model.open_now == 0
    asked = Counter(made.call.position for made in model.made if made.call.position)
    assert billed(scenes) == asked, "every call once, whoever left when"
    return scenes


def billed(scenes: Sequence[Scene]) -> Counter[int]:
    """Count the references' calls by position, and hold each turn to its own journal."""
    found: Counter[int] = Counter()
    for scene in scenes:
        ending = scene.turn.ending
        assert ending is not None
        rounds = [each for asked in ending.result.rounds for each in asked.advice if each.call]
        kept = [each for note in scene.notes for each in outcomes(note) if each.call]
        assert sorted(kept, key=lambda each: each.position) == rounds
        calls = [each.call for each in rounds if each.call] + list(ending.result.calls)
        assert ending.result.dollars == sum((call.dollars or 0 for call in calls), Decimal(0))
        found.update(each.position for each in rounds)
    return found


def outcomes(note):
    return (note.advice,) if isinstance(note, Landed) else note.rest


def bookings(scene: Scene) -> str:
    """Name the references whose calls stand in a turn's journal."""
    noted = [each for note in scene.notes for each in outcomes(note)]
    return "".join(sorted(each.label.removeprefix("p:") for each in noted if each.call))


SHARES = {
    "before any landed": ([0.5, STAYS], ["", "abc"]),
    "after one landed": ([1.5, STAYS], ["a", "bc"]),
    "after all landed": ([4.5, STAYS], ["abc", ""]),
    "one after the other": ([1.5, 2.5, STAYS], ["a", "b", "c"]),
    "both before any landed": ([0.2, 0.5, STAYS], ["", "", "abc"]),
    "the younger one leaves": ([STAYS, 1.5], ["abc", ""]),
    "the one in the middle leaves first": ([2.5, 1.5, STAYS], ["ab", "", "c"]),
    "all of them": ([1.5, 2.5], ["a", "bc"]),
    "nobody": ([STAYS, STAYS], ["abc", ""]),
}


@pytest.mark.parametrize(("leaves", "shares"), SHARES.values(), ids=SHARES)
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_moa_29_what_lands_after_one_has_left_is_paid_by_the_oldest_who_waits(leaves, shares, seed):
    assert [bookings(scene) for scene in together(leaves, seed=seed)] == shares


@given(
    leaves=st.lists(st.none() | st.integers(0, 26).map(lambda n: n / 5), min_size=1, max_size=4),
    seed=st.none() | st.integers(0, 99),
)
def test_moa_29_every_call_is_booked_once_whoever_leaves_when(leaves, seed):
    together(leaves, seed=seed)


def test_moa_29_who_is_late_or_cut_off_is_paid_by_one_who_was_there():
    late = together([2.1, STAYS], preset("a", "b", "c", grace=1.0))
    assert [bookings(scene) for scene in late] == ["ab", "c"]
    ending = late[1].turn.ending
    assert ending is not None
    assert [each.outcome for each in ending.result.advice] == ["ok", "ok", "late"]


def test_recovery_an_heir_keeps_all_advice_as_its_own_round():
    (_, heir) = together([1.5, STAYS])
    closed = [note for note in heir.notes if isinstance(note, RoundClosed)]
    assert closed == heir.notes[-1:]
    kept = [each for note in heir.notes for each in outcomes(note)]
    assert sorted(each.position for each in kept) == [1, 2, 3]

    async def story() -> None:
        again = Scene(ScriptedModel(), ALL, kept={1: tuple(kept)}, closed=1)
        await again.run()
        assert [made.call.position for made in again.model.made] == [0]
        assert again.block() == heir.block()

    run_virtual(story())


def test_an_heir_counts_from_its_own_beginning():
    (_, heir) = together([1.5, STAYS])
    ending = heir.turn.ending
    assert ending is not None
    (asked,) = ending.result.rounds
    calls: list[CallReport] = [each.call for each in asked.advice if each.call]
    assert [round(call.started, 2) for call in calls] == [-APART, -APART]


def test_one_who_left_shows_the_others_as_cancelled_and_unpaid():
    (left, _) = together([1.5, STAYS])
    ending = left.turn.ending
    assert isinstance(ending, TurnStopped)
    shown = [(each.outcome, each.call is not None) for each in ending.result.advice]
    assert shown == [("ok", True), ("cancelled", False), ("cancelled", False)]
    assert ending.result.dollars == Decimal("0.10")


@pytest.mark.parametrize("ticks", range(8))
def test_moa_29_two_stops_in_a_row_lose_no_call(ticks):
    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            scene = Scene(models(), ALL, cache=SharedAdvice(group, LoopClock()))
            running = group.create_task(scene.turn.run(scene.tell, scene.notes.append))
            await asyncio.sleep(1.5)
            running.cancel()
            for _ in range(ticks):
                await asyncio.sleep(0)
            running.cancel()
        assert bookings(scene) == "abc"
        assert billed([scene]) == {1: 1, 2: 1, 3: 1}

    run_virtual(story())
