"""What goes wrong on the platforms by itself: answers lost, connections torn, 429, 5xx, delays.

`Pulse` hears of every request of the program, so that a kill can come at any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.simulators.base import Changes, Fault

KINDS = ("drop", "drop", "reset", "reset", "delay", "busy", "down")
SPARED = frozenset({"getMe", "apps.connections.open", "auth.test", "me", "gateway"})
"""A start that is refused there waits for a while: that is shown elsewhere, and would cost here."""
LATE = 0.3
"""Seconds of a delay at most."""


class Pulse:
    """Counts what the program asks of the world."""

    def __init__(self) -> None:
        self.beats = 0
        self.changes = Changes()

    def beat(self) -> None:
        self.beats += 1
        self.changes.tell()

    async def after(self, beats: int, *, seconds: float) -> None:
        """Return when so many requests more have come, or that long has passed."""
        until = self.beats + beats
        try:
            await self.changes.until(lambda: self.beats >= until, seconds=seconds)
        except TimeoutError:
            return


@dataclass(slots=True, kw_only=True)
class Weather:
    """The chance of a fault for one platform's requests; no method meets three in a row."""

    random: Random
    pulse: Pulse
    chance: float
    calm: bool = False
    faults: int = 0
    _running: dict[str, int] = field(default_factory=dict)

    def __call__(self, method: str, _given: Mapping[str, Any]) -> Fault | None:
        self.pulse.beat()
        met = self._running.get(method, 0)
        spared = self.calm or met >= 2 or method in SPARED or self.random.random() > self.chance
        self._running[method] = 0 if spared else met + 1
        if spared:
            return None
        self.faults += 1
        return self._fault(self.random.choice(KINDS))

    def _fault(self, kind: Any) -> Fault:
        if kind == "busy":
            return Fault(kind="refuse", status=429, retry_after=self.random.choice((0.3, 1.0)))
        if kind == "down":
            return Fault(kind="refuse", status=self.random.choice((500, 502, 503)))
        return Fault(kind=kind, seconds=self.random.uniform(0.0, LATE))


async def storm(random: Random, sims: Mapping[str, Any]) -> None:
    """Break the connections of one platform, or let its acknowledgements get lost, once."""
    platform = random.choice(sorted(sims))
    await random.choice(BREAKS[platform])(sims[platform])


async def _dropped(sim: Any) -> None:
    sim.drop_connections()


async def _killed(sim: Any) -> None:
    await sim.gateway.kill()


async def _reconnect(sim: Any) -> None:
    sim.gateway.ask_to_reconnect()


async def _invalid(sim: Any) -> None:
    sim.gateway.invalidate(resumable=False)


async def _deaf(sim: Any) -> None:
    """Let no acknowledgement of Slack's count for a moment: what was taken comes again."""
    before, sim.ack_seconds = sim.ack_seconds, 0.0
    await asyncio.sleep(LATE)
    sim.ack_seconds = before


async def _cut(sim: Any) -> None:
    await sim.cut()


async def _refreshed(sim: Any) -> None:
    await sim.disconnect("refresh_requested")


async def _unconfirmed(sim: Any) -> None:
    """Let Telegram's next updates get lost on their way, twice."""
    sim.faults.plan("getUpdates", Fault(kind="drop"), Fault(kind="reset"))


BREAKS: Mapping[str, Sequence[Callable[[Any], Awaitable[None]]]] = {
    "telegram": (_dropped, _unconfirmed),
    "discord": (_killed, _reconnect, _invalid),
    "slack": (_cut, _refreshed, _deaf),
}
