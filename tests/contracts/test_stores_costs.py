"""What every store knows of money: MOA-29, and what budgets are held against (MOA-30)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core.presets import Preset
from core.records import ModelCost, Spent, Whose
from core.storage import Store
from core.types import Usage
from tests.fakes.turns import PRESET, advice, end, report, start


async def asked(
    store: Store,
    turn_id: str,
    *,
    session: str = "web/a",
    asker: str = "u1",
    started: int = 2_000,
    preset: Preset = PRESET,
) -> None:
    begun = start(turn_id, session=session, asker=asker, started=started)
    await store.begin(replace(begun, preset=preset))


async def spent(store: Store, whose: Whose) -> list[tuple[str, str, Spent]]:
    found = await store.costs(whose, since=1_000, until=4_000)
    return [(each.whose.asker, each.whose.channel, each.spent) for each in found]


ONE = Spent(dollars=Decimal("0.0030"), turns=1)


async def test_moa_29_what_was_spent_is_known_by_person_place_and_preset(store: Store):
    await asked(store, "t1")
    await asked(store, "t2", asker="u2")
    await asked(store, "t3", session="web/a/thread")
    await asked(store, "t4", session="web/ab", preset=replace(PRESET, name="other"))
    await asked(store, "t5", session="slack/a")
    for turn_id in ("t1", "t2", "t3", "t4", "t5"):
        await store.finish(replace(end(turn_id), priced=turn_id != "t2"))
    channel = await spent(store, Whose(channel="web/a"))
    assert channel == [
        ("u1", "web/a", ONE),
        ("u1", "web/a/thread", ONE),
        ("u2", "web/a", replace(ONE, priced=False)),
    ]
    person = await spent(store, Whose(platform="web", asker="u1"))
    assert [each[1] for each in person] == ["web/a", "web/a/thread", "web/ab"]
    assert await spent(store, Whose(preset="other")) == [("u1", "web/ab", ONE)]
    assert len(await spent(store, Whose())) == 5
    assert await spent(store, Whose(channel="web/z")) == []


async def test_moa_30_a_turn_counts_for_the_moment_in_which_it_began(store: Store):
    for turn_id, started in (("t1", 999), ("t2", 1_000), ("t3", 3_999), ("t4", 4_000)):
        await asked(store, turn_id, started=started)
        await store.finish(end(turn_id))
    [(_, _, sum_)] = await spent(store, Whose())
    assert sum_ == Spent(dollars=Decimal("0.0060"), turns=2)


async def test_moa_30_what_a_cut_turn_has_checkpointed_is_spent(store: Store):
    await asked(store, "t1")
    await store.landed("t1", 1, advice(1))
    await store.landed("t1", 1, replace(advice(2), call=None))
    [(_, _, sum_)] = await spent(store, Whose())
    assert sum_ == Spent(dollars=Decimal("0.0010"), turns=0)
    await store.finish(end("t1"))
    assert await spent(store, Whose()) == [("u1", "web/a", ONE)]


async def test_moa_28_what_nobody_knows_the_price_of_is_counted_in_tokens(store: Store):
    await asked(store, "t1")
    unknown = replace(advice(1), call=report("p:a", "Hm.", dollars=None))
    await store.landed("t1", 1, unknown)
    assert [each.unpriced for each in await store.costs(Whose(), since=0, until=9_000)] == [15]
    await store.finish(replace(end("t1"), priced=False))
    [cost] = await store.costs(Whose(), since=0, until=9_000)
    assert cost.unpriced == 15
    assert not cost.spent.priced


async def test_moa_29_sums_are_exact(store: Store):
    for number in range(30):
        await asked(store, f"t{number}")
        await store.finish(replace(end(f"t{number}"), dollars=Decimal("0.1000001")))
    [(_, _, sum_)] = await spent(store, Whose())
    assert sum_.dollars == Decimal("3.000003")


async def test_moa_29_what_was_spent_is_known_by_model(store: Store):
    await asked(store, "t1")
    failed = replace(report("p:first", ""), error="busy")
    await store.landed("t1", 1, replace(advice(1), tried=(failed, failed)))
    await store.landed("t1", 1, replace(advice(2), call=report("p:2", "Hm.", dollars=None)))
    await store.finish(end("t1"))
    usage = Usage(input=10, cache_read=4, output=5)
    thousandth = Decimal("0.001")
    assert await store.costs_of_models(since=0, until=9_000) == [
        ModelCost(label="p:1", calls=1, usage=usage, dollars=thousandth),
        ModelCost(label="p:2", calls=1, usage=usage, dollars=Decimal(0), priced=False),
        ModelCost(label="p:big", calls=1, usage=usage, dollars=thousandth),
        ModelCost(label="p:first", calls=2, usage=usage + usage, dollars=2 * thousandth),
    ]
    assert await store.costs_of_models(since=9_000, until=10_000) == []
