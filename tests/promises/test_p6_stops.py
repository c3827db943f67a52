"""Shows that it stops gracefully with a hundred answers under way, and goes on with them (P6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

from tests.gateway.messenger_scene import Scene, scene
from tests.promises.guests import HUNDRED, Guest, invited, streaming, until

pytestmark = pytest.mark.timeout(300)

THIRTY = {"telegram": 10, "discord": 10, "slack": 10}
"""So many are delivered within the seconds of a drain on the busiest machine."""


def holds(there: Scene, guests: Sequence[Guest], **calls: int) -> None:
    """Assert one answer to each question, and how often each model was asked for it."""
    for guest in guests:
        assert len(guest.texts) == 1, (guest.question, guest.texts)
        assert guest.answered, (guest.question, guest.texts)
    asked = [there.models.about(guest.question) for guest in guests]
    assert asked == [Counter(calls)] * len(guests)


async def test_p6_a_hundred_answers_that_do_not_end_in_time_are_finished_after_the_next_start(
    tmp_path,
):
    async with scene(tmp_path, "dm") as there:
        there.models.stall()
        async with there.started() as process:
            guests = await invited(there, HUNDRED)
            await until(there, lambda: streaming(there) == len(guests))
            process.terminate()
            await process.logged("draining")
            assert await process.ended(seconds=60) == 0
        there.models.stall()
        async with there.started() as process:
            await until(there, lambda: streaming(there) == 2 * len(guests))
            process.terminate()
            await process.logged("draining")
            process.terminate()
            assert await process.ended() == 1
        there.models.whole()
        async with there.started():
            await until(there, lambda: all(guest.answered for guest in guests))
        holds(there, guests, a=1, b=1, big=3)


async def test_p6_thirty_answers_that_end_in_time_are_delivered_before_the_exit(tmp_path):
    async with scene(tmp_path, "dm") as there:
        there.models.close("big")
        async with there.started() as process:
            guests = await invited(there, THIRTY)
            await there.rows("turns", len(guests), "references_done = 1", seconds=60)
            process.terminate()
            await process.logged("draining")
            there.models.open()
            assert await process.ended(seconds=60) == 0
        holds(there, guests, a=1, b=1, big=1)
