"""Shows how long a fan-out waits for whom: quorum, grace, the lone one, required ones (MOA-10)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ports import Provider
from core.presets import Preset, ReferenceSlot, Slot
from core.quorum import Quorum, quorum_for
from tests.fakes.model import ScriptedModel


def waiting(n: int, *, needed=None, required=(), grace=None) -> Quorum:
    everybody = set(range(1, n + 1))
    return Quorum(
        waiting=everybody,
        required=frozenset(required),
        needed=needed,
        everybody=n,
        grace=grace,
    )


def test_moa_10_unset_of_three_goes_after_two_and_half_the_time_they_took():
    quorum = waiting(3)
    quorum.landed(1, usable=True, at=2.0)
    assert quorum.deadline() is None
    quorum.landed(3, usable=True, at=8.0)
    assert quorum.deadline() == 8.0 + 4.0


@pytest.mark.parametrize(("took", "grace"), [(0.2, 1.0), (4.0, 2.0), (60.0, 10.0)])
def test_moa_10_unset_grace_is_half_the_time_between_one_and_ten_seconds(took, grace):
    quorum = waiting(4, needed=2)
    quorum.landed(1, usable=True, at=took / 2)
    quorum.landed(2, usable=True, at=took)
    assert quorum.deadline() == took + grace


def test_moa_10_grace_counts_from_the_quorum_not_from_later_landings():
    quorum = waiting(4, needed=1, grace=5)
    quorum.landed(1, usable=True, at=1.0)
    quorum.landed(2, usable=True, at=4.0)
    assert quorum.deadline() == 6.0


def test_moa_10_a_grace_of_zero_goes_at_once():
    quorum = waiting(3, needed=2, grace=0)
    quorum.landed(1, usable=True, at=1.0)
    quorum.landed(2, usable=True, at=2.0)
    assert quorum.deadline() == 2.0


def test_moa_10_two_of_unset_quorum_wait_for_both_but_not_for_ever():
    quorum = waiting(2)
    assert quorum.deadline() is None
    quorum.landed(1, usable=True, at=2.0)
    assert quorum.deadline() == 2.0 + 10.0
    slow = waiting(2)
    slow.landed(1, usable=True, at=20.0)
    assert slow.deadline() == 20.0 + 60.0


def test_moa_10_after_a_failure_the_last_one_is_awaited_within_bounds():
    quorum = waiting(3)
    quorum.landed(1, usable=True, at=1.0)
    quorum.landed(2, usable=False, at=5.0)
    assert quorum.deadline() == 5.0 + 15.0


def test_moa_10_without_anything_usable_the_last_one_is_awaited_up_to_its_timeout():
    quorum = waiting(2)
    quorum.landed(1, usable=False, at=1.0)
    assert quorum.deadline() is None


def test_moa_10_an_explicit_all_waits_for_all():
    quorum = waiting(3, needed=3)
    quorum.landed(1, usable=True, at=1.0)
    quorum.landed(2, usable=True, at=2.0)
    assert quorum.deadline() is None


def test_moa_10_the_quorum_shrinks_to_what_is_still_possible():
    quorum = waiting(3, needed=3, grace=1)
    quorum.landed(1, usable=True, at=1.0)
    quorum.landed(2, usable=False, at=2.0)
    assert quorum.deadline() is None
    quorum.landed(3, usable=True, at=3.0)
    assert quorum.deadline() == 0.0


def test_moa_10_a_required_one_is_awaited_whatever_the_quorum_says():
    quorum = waiting(3, needed=1, required={3}, grace=1)
    quorum.landed(1, usable=True, at=1.0)
    assert quorum.deadline() is None
    quorum.landed(3, usable=False, at=50.0)
    assert quorum.deadline() == 2.0


def preset(*references: ReferenceSlot, **changes: object) -> Preset:
    aggregator = Slot(provider="p", model="agg")
    return Preset(name="x", aggregator=aggregator, references=references, **changes)  # type: ignore[arg-type]


def one(provider: str = "p", *, required: bool = False) -> ReferenceSlot:
    return ReferenceSlot(provider=provider, model="m", required=required)


def providers(limit: int | None) -> dict[str, Provider]:
    model = ScriptedModel()
    return {
        "p": Provider(name="p", model=model, max_parallel=limit),
        "q": Provider(name="q", model=model),
    }


def test_moa_10_a_provider_that_queues_its_slots_makes_unset_mean_all():
    slots = {1: one(), 2: one(), 3: one("q")}
    queued = quorum_for(preset(*slots.values()), slots, providers(1))
    side_by_side = quorum_for(preset(*slots.values()), slots, providers(2))
    for quorum in (queued, side_by_side):
        quorum.landed(1, usable=True, at=1.0)
        quorum.landed(3, usable=True, at=1.0)
    assert queued.deadline() is None
    assert side_by_side.deadline() == 2.0


def test_moa_10_a_slot_whose_provider_is_gone_hurts_nobody():
    slots = {1: one(), 2: one("gone")}
    assert quorum_for(preset(*slots.values()), slots, providers(1)).deadline() is None


def test_moa_10_an_explicit_quorum_and_the_required_ones_come_from_the_preset():
    slots = {1: one(required=True), 2: one(), 3: one()}
    quorum = quorum_for(preset(*slots.values(), quorum=1, grace=3.0), slots, providers(None))
    quorum.landed(2, usable=True, at=1.0)
    assert quorum.deadline() is None
    quorum.landed(1, usable=True, at=2.0)
    assert quorum.deadline() == 4.0


landings = st.lists(st.tuples(st.booleans(), st.floats(0, 100)), min_size=1, max_size=6).map(
    lambda each: [(usable, at) for usable, at in each]
)


@given(landings, st.none() | st.integers(1, 7), st.none() | st.floats(0, 30))
def test_moa_10_never_goes_early_and_never_waits_beyond_the_rule(landed, needed, grace):
    n = len(landed)
    quorum = waiting(n, needed=needed, grace=grace)
    wanted = needed if needed is not None else (n - 1 if n >= 3 else n)
    usable, reached = 0, None
    times = sorted(at for _, at in landed)
    for position, ((is_usable, _), at) in enumerate(zip(landed, times, strict=True), 1):
        quorum.landed(position, usable=is_usable, at=at)
        usable += is_usable
        left = n - position
        if reached is None and usable and usable >= min(wanted, usable + left):
            reached = at
        until = quorum.deadline()
        if left == 0:
            assert until == 0.0
        elif reached is not None:
            expected = grace if grace is not None else min(max(reached / 2, 1.0), 10.0)
            assert until == reached + expected
        elif needed is None and left == 1 and usable:
            assert until == at + max(10.0, 3 * at)
        else:
            assert until is None
