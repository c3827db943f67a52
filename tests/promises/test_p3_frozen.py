"""P3: a run of the program that stood still while another one took over writes and sends nothing.

The first one is frozen after each round of its loop in turn, for an hour; the second one starts on
the same data and answers everything; then the first one wakes and goes on.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from structlog.testing import capture_logs

from tests.chaos.injection import Faulty
from tests.chaos.twice_started import FIRST, SECOND, World, nothing_runs
from tests.fakes.loop import VirtualLoop, run_virtual

HOUR = 3600.0


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """Was the first one at work, was a request to the chat under way, how often was it told."""

    at_work: bool
    sending: bool
    told: int


def frozen_after(rounds: int) -> Frozen:
    world, ports, said = World(), Faulty(), asyncio.Event()
    other = world.beside()
    loop = VirtualLoop()

    async def story() -> None:
        async with world.started(ports) as scene:
            await scene.say(FIRST)
            await scene.say(SECOND)
            said.set()
            await scene.parts.idle()
            await asyncio.sleep(10)
        nothing_runs(world)

    with capture_logs() as logs:
        main = loop.create_task(story())
        try:
            while not said.is_set():
                loop.run_until_frozen(main, rounds=1, asleep=0)
            at_work = loop.run_until_frozen(main, rounds=rounds, asleep=HOUR)
            sending = ports.under_way["chat"] > 0
            run_virtual(other.again())
            shown = dict(world.chat.messages)
            loop.run_to_the_end(main)
        finally:
            loop.close()
        if not sending:
            assert world.chat.messages == shown, "the one that woke has changed the chat"
            run_virtual(other.hold())
    told = sum(each["event"] == "turn_taken" for each in logs)
    assert not [each for each in logs if each["log_level"] == "error"]
    return Frozen(at_work=at_work, sending=sending, told=told)


def test_p3_a_frozen_run_that_wakes_writes_and_sends_nothing():
    """What was on its way to the chat when it stood still comes late: nobody can call it back."""
    seen: list[Frozen] = []
    while not seen or seen[-1].at_work:
        try:
            seen.append(frozen_after(len(seen) + 1))
        except BaseException as failure:
            failure.add_note(f"frozen after round {len(seen) + 1}")
            raise
    at_work = [each for each in seen if each.at_work]
    assert len(at_work) > 100
    assert sum(each.told for each in at_work) >= len(at_work)  # one or both of its questions
    assert sum(each.sending for each in at_work) < len(at_work) / 5
