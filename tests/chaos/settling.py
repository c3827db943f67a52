"""What a chaos run waits for, and for how long: what does not come is named.

When the program has nothing left to do, it is asked to end, and drains: so it is not watched for
how long it has been quiet, and what it puts off (notes, by a chat's pace) holds nobody up. Only
where one chat is owed more than a drain has time for, it is let write to the end.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from tests.chaos.ledger import said as messages_of
from tests.chaos.life import Life
from tests.chaos.town import Town
from tests.chaos.world import World

LOOK = 0.2
LONG = 240.0
"""Seconds that a start and the end of all may take on a busy machine."""


QUIET = 8.0
"""Seconds without a request after which nothing is being written: a group gets one in three."""


class StuckError(AssertionError):
    """What was waited for did not come, or cannot come any more."""


async def up(world: World, life: Life) -> None:
    """Wait until it listens everywhere, or is over.

    Raises:
        StuckError: it never did.
    """

    async def deaf() -> list[str]:
        return [] if life.over else [e.platform for e in world.towns if not e.listening()]

    await _over(world, life, deaf, look=0.01)


async def met(world: World, life: Life, numbers: set[int]) -> None:
    """Wait until questions were taken in.

    Raises:
        StuckError: they never were.
    """

    async def missing() -> list[str]:
        taken = await asyncio.to_thread(world.books.taken)
        return [f"ask-{each} to be taken in" for each in sorted(numbers - {*taken})]

    await _over(world, life, missing)


async def settled(world: World, life: Life) -> None:
    """Wait until everything was taken in and answered.

    Raises:
        StuckError: it never was.
    """

    async def left() -> list[str]:
        for crowd in world.crowds:
            await crowd.allow_now()
        unheard = [f"what {each.platform} hands over" for each in world.towns if not _heard(each)]
        asked = world.provider.in_flight
        calls = [f"{asked} calls of models"] if asked > 0 else []
        taken = await asyncio.to_thread(world.books.taken)
        unread = [f"ask-{each} to be taken in" for each in sorted(_simple(world) - {*taken})]
        return [*await asyncio.to_thread(world.books.left), *unheard, *unread, *calls]

    await _over(world, life, left)


async def written(world: World, life: Life) -> None:
    """Wait until all is shown, or nobody writes any more."""
    before, still = -1, 0.0
    with suppress(TimeoutError):
        async with asyncio.timeout(LONG):
            while still < QUIET and not life.over:
                if await asyncio.to_thread(world.books.unshown) == 0:
                    break
                now = sum(len(town.sim.requests.entries) for town in world.towns)
                before, still = now, still + LOOK if now == before else 0.0
                await asyncio.sleep(LOOK)


async def _over(
    world: World, life: Life, missing: Callable[[], Awaitable[list[str]]], *, look: float = LOOK
) -> None:
    """Wait until nothing is missing any more; where it never comes, the log says why."""
    found: list[str] = []
    try:
        async with asyncio.timeout(LONG):
            while found := await missing():
                if life.over:
                    ended = f"it ended by itself with {await life.ended()}: {said(world.folder)}"
                    raise StuckError(ended)
                await asyncio.sleep(look)
    except TimeoutError as late:
        life.send(signal.SIGABRT)  # it tells where it stands
        await life.ended()
        waited = f"waited {LONG:.0f} s for {'; '.join(found)}"
        raise StuckError(f"{waited}: {said(world.folder)}") from late


def _simple(world: World) -> set[int]:
    """Give the questions that nobody has changed or deleted: Discord hands nothing over again, so
    it has to be read what was said while the program was away."""
    messages = [message for town in world.towns for message in messages_of(town.asks)]
    return {only.number for only, *more in messages if not more and not only.gone}


def said(folder: Path) -> str:
    """Give the end of the program's log."""
    text = (folder / "gateway.log").read_text(encoding="utf-8", errors="replace")
    return f"\n{text[-6_000:]}"


def _heard(town: Town) -> bool:
    """Tell whether a platform has nothing left to hand over."""
    if town.platform == "telegram":
        return not town.sim.updates.pending
    return town.platform != "slack" or not town.sim._tasks
