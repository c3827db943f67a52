"""Shows that it stops gracefully with a hundred answers under way, and goes on with them (P6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.gateway.messenger_scene import HALF, TEXT, Scene, scene
from tests.promises.guests import HUNDRED, PATIENCE, Guest, invited, streaming, until
from tests.simulators.provider import Reply

ASKED = "SELECT payload, turns.state FROM turns JOIN inbox USING (turn_id) WHERE kind = 'message'"


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


async def test_p6_of_a_hundred_answers_what_does_not_fit_into_a_drain_follows_the_next_start(
    tmp_path,
):
    """Ten never end; of the others Slack takes five a second, whatever the machine could do."""
    stalled = Reply(text=TEXT, size=20, stall_after=HALF)
    async with scene(tmp_path, "dm") as there:
        there.models.replies["big"] = [*[stalled] * 10, Reply(text=TEXT, size=20)]
        there.models.close("big")
        async with there.started() as process:
            guests = await invited(there, HUNDRED)
            await there.rows("turns", len(guests), "references_done = 1", seconds=PATIENCE)
            process.terminate()
            await process.logged("draining")
            there.models.open()
            assert await process.ended(seconds=60) == 0
        given = Counter(guest.stage.platform for guest in guests if guest.answered)
        assert set(given) == set(HUNDRED), given
        left = await there.stored(ASKED)
        assert len(left) == len(guests)
        running = [payload for payload, state in left if state == "running"]
        assert len(running) >= 10
        cut = "\n".join(running)
        async with there.started():
            await until(there, lambda: all(guest.answered or guest.in_doubt for guest in guests))
        for guest in guests:
            assert len(guest.texts) <= 1, (guest.question, guest.texts)
            asked = there.models.about(guest.question)
            again = guest.question in cut
            assert guest.answered or guest.stage.platform == "telegram", guest.said
            assert asked["a"] == asked["b"] == 1, (guest.question, asked)
            assert 1 <= asked["big"] <= 1 + again, (guest.question, asked)
