"""Fifty questions at once from everywhere, and a budget that has room for one.

The whole program with three messengers and `/v1` at the same time; what is counted is what the
provider would send a bill for. Crowds of one place, on the virtual loop: `test_budget_drain.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from decimal import Decimal
from pathlib import Path

import openai
import pytest
import yaml

from tests.gateway.harness import Running, running_gateway
from tests.gateway.http.programs import asked, client
from tests.gateway.money import config, models
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, Stage, opened

CALL = Decimal("0.1")
"""Dollars that each call costs."""
EACH = 12
"""Questions from each messenger; programs ask the rest of the fifty."""
PROGRAMS = 50 - 3 * EACH


def open_to_all(stages: list[Stage], provider: ProviderSimulator, budgets: str) -> str:
    blocks = {name: block for stage in stages for name, block in stage.block().items()}
    platforms = yaml.safe_dump({"platforms": {**blocks, "web": {}}})
    open_ = "access: {public: true}\ndefaults: {introduce: false}\n"
    return config(provider, budgets, f"{platforms}{open_}")


@asynccontextmanager
async def everywhere(
    folder: Path, provider: ProviderSimulator, budgets: str
) -> AsyncIterator[tuple[Running, list[Stage]]]:
    async with AsyncExitStack() as stack:
        stages = [await stack.enter_async_context(opened(each)) for each in MESSENGERS]
        text = open_to_all(stages, provider, budgets)
        gateway = await stack.enter_async_context(running_gateway(text, folder))
        for stage in stages:
            await stage.until(stage.listening)
        yield gateway, stages


async def refused(gateway: Running, number: int) -> bool:
    """Ask as a program; tell whether the budget was in the way."""
    async with client(gateway) as api:
        try:
            said = asked(f"How, for the {number}th time?")
            await api.chat.completions.create(model="review", messages=said)
        except openai.RateLimitError:
            return True
        return False


async def all_at_once(gateway: Running, stages: list[Stage]) -> list[bool]:
    """Ask; everybody has an answer, or has been told, when this returns."""
    crowd = [(stage, stage.sim.person(f"P{n}")) for stage in stages for n in range(EACH)]
    places = [stage.sim.dm(who) for stage, who in crowd]
    async with asyncio.TaskGroup() as group:
        programs = [group.create_task(refused(gateway, number)) for number in range(PROGRAMS)]
        for (stage, who), place in zip(crowd, places, strict=True):
            group.create_task(stage.sim.say(place, who, "How do I get there?", mention=False))
    for (stage, _), place in zip(crowd, places, strict=True):

        def settled(stage: Stage = stage, place: object = place) -> bool:
            texts = [each.text for each in stage.sim.shown(place)]
            return any("Go by train." in each or "budget" in each for each in texts)

        await stage.until(settled)
    return [each.result() for each in programs]


@pytest.mark.parametrize("on_exceeded", ["downgrade", "refuse"])
async def test_fifty_at_once_from_everywhere_overrun_it_by_one_call_at_most(tmp_path, on_exceeded):
    async with models() as provider:
        budgets = f"{{total: {{daily: 0.3}}, on_exceeded: {on_exceeded}}}"
        async with everywhere(tmp_path, provider, budgets) as (gateway, stages):
            programs = await all_at_once(gateway, stages)
            assert CALL * len(provider.seen) <= Decimal("0.3") * Decimal("1.25") + CALL
            assert provider.seen  # somebody was answered
            assert any(programs)
            before = len(provider.seen)
            await all_at_once(gateway, stages)  # and nobody is let through afterwards
            assert len(provider.seen) <= before + 1


async def test_what_fails_after_it_was_reserved_makes_room_for_one_more_and_no_crowd(tmp_path):
    """An advisor hangs and breaks off while its share is reserved: it is given back, once."""
    hung = Reply(status=500, first=1.0)
    async with (
        models(a=hung) as provider,
        everywhere(tmp_path, provider, "{total: {daily: 0.3}}") as (gateway, stages),
    ):
        await all_at_once(gateway, stages)
        billed = [each for each in provider.seen if each.body["model"] != "a"]
        assert billed
        assert CALL * len(billed) <= Decimal("0.3") * Decimal("1.25") + CALL
