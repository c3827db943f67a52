"""Shows that programs which share one fan-out on /v1 pay for it once, whoever of them leaves."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from core.events import ReferenceDone, TurnStarted, TurnStopped
from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import Heard, asked, client, mixture


async def test_what_is_stored_of_a_shared_fan_out_is_what_the_provider_billed_moa_29(tmp_path):
    answers = """
        wise: {text: "Take the train.", first: 0.2, dollars: 0.05}
        bold: {text: "Take the plane.", first: 1.2, dollars: 0.50}
        big: {text: "Go by train.", dollars: 0.30}
    """
    async with running_gateway(mixture(answers), tmp_path) as gateway, client(gateway) as api:
        begun = Heard(gateway, TurnStarted)
        landed = Heard(gateway, ReferenceDone)
        stopped = Heard(gateway, TurnStopped)

        async def ask() -> None:
            await api.chat.completions.create(model="review", messages=asked())

        async with asyncio.TaskGroup() as group:
            first = group.create_task(ask())
            turns = [await begun.next()]
            group.create_task(ask())
            turns.append(await begun.next())
            for _ in turns:
                await landed.next()
            first.cancel()
            await stopped.next()
        ids = [turn.turn_id for turn in turns if isinstance(turn, TurnStarted)]
        ended = [await gateway.store.turn(each) for each in ids]
    assert gateway.calls.ends("bold") == ["finished"]
    sums, calls = [], []
    for turn in ended:
        assert turn is not None
        assert turn.end is not None
        sums.append(turn.end.dollars)
        booked = [advice.call for _, advice in turn.advice if advice.call]
        calls.append(sum((call.dollars or 0 for call in (*booked, *turn.end.calls)), Decimal(0)))
    assert sums == calls == [Decimal("0.05"), Decimal("0.80")]
