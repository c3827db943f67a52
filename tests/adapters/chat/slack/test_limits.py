"""Shows that a busy workspace is never written to more often than Slack takes in a minute."""

from __future__ import annotations

import pytest

from core.errors import ChatSpent
from core.types import Address
from tests.adapters.chat.slack.frames import final, streaming
from tests.simulators.base import Fault
from tests.simulators.slack.calls import METHODS

STEP = 1.2
LIMITED = ("chat.startStream", "chat.appendStream", "chat.stopStream", "chat.update")
LIMITS = {name: METHODS[name].per_minute for name in (*LIMITED, "agents.sessions.setStatus")}
TEXT = "Use Postgres, since it is boring. "


class Talker:
    """Somebody who asks again as soon as they are answered; an answer takes so many steps."""

    def __init__(self, world, person, thread, steps):
        self.chat, self.steps, self.thread = world.chat, steps, thread
        self.address = Address(platform="slack", channel=world.slack.dm(person).id)
        self.reply_to = f"{thread}/{person.id}/{person.team}"
        self.ts, self.step, self.turn = None, 0, 0

    async def go_on(self):
        """Show a little more, if there is room for it; the end comes in any case."""
        ends = self.step == self.steps
        frame = final(TEXT * self.step) if ends else streaming(TEXT * (self.step + 1))
        try:
            if self.ts is None:
                id_ = f"{self.thread}-{self.turn}"
                self.ts = await self.chat.post(
                    self.address, frame, delivery_id=id_, reply_to=self.reply_to
                )
            else:
                await self.chat.edit(self.address, self.ts, frame)
        except ChatSpent:
            assert not ends
        self.step += 1
        if ends:
            self.ts, self.step, self.turn = None, 0, self.turn + 1


async def talkers(world, number, long):
    for at in range(number):
        person = world.slack.person(f"ann{at}")
        thread = await world.slack.say(world.slack.dm(person), person, "Which database?")
        yield Talker(world, person, thread, long if at % 2 else 3)


@pytest.mark.parametrize("refused", ["", "chat.startStream", "agents.sessions.setStatus"])
@pytest.mark.parametrize("long", [3, 200])
async def test_no_minute_holds_more_than_slack_takes(world, refused, long):
    world.slack.rates.scale = 1e6
    never = Fault(kind="refuse", status=200, error="unknown_method")
    world.slack.faults.plan(refused, *[never] * 2_000)
    made: list[tuple[float, str]] = []
    entries = world.slack.requests.entries
    people = [each async for each in talkers(world, 12, long)]
    for _ in range(120):
        world.clock.ahead += STEP
        for each in people:
            await each.go_on()
            made += [(world.clock.monotonic(), one.method) for one in entries[len(made) :]]
    for method, most in LIMITS.items():
        times = [at for at, name in made if name == method]
        assert max((sum(at <= each < at + 60 for each in times) for at in times), default=0) <= most
    assert sum(each.turn for each in people) > 100
