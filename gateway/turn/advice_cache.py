"""Keeps advice for a while, and lets identical questions share one fan-out (MOA-24).

Decides nothing about what is asked. A shared fan-out outlives whoever began it and ends when the
last one who waits for it has gone. Of those who wait, the one who came first pays for what lands.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import TYPE_CHECKING

from core.events import ReferenceProgress

if TYPE_CHECKING:
    from core.events import Checkpoint, Note, Tell, TurnEvent
    from core.outcomes import Advice
    from core.ports import AskNow, Clock

KEPT_SECONDS = 15 * 60.0
KEPT_BYTES = 8 * 1024 * 1024
BESIDES = 640
"""Bytes that one advice takes beside its text, measured: of short advice, it is nearly all."""


@dataclass(frozen=True, slots=True, eq=False)
class _Listener:
    tell: Tell
    note: Note


@dataclass(slots=True)
class _Flight:
    """A fan-out under way, and who listens to it: as long as it runs, at least one."""

    over: asyncio.Future[tuple[Advice, ...]]
    task: asyncio.Task[None] | None = None
    listeners: list[_Listener] = field(default_factory=list)
    told: list[TurnEvent] = field(default_factory=list)

    def join(self, listener: _Listener) -> None:
        """Tell what was told so far but for progress, and from now on all else."""
        for event in self.told:
            listener.tell(event)
        self.listeners.append(listener)

    def tell(self, event: TurnEvent) -> None:
        if not isinstance(event, ReferenceProgress):  # one for each word; the next comes soon
            self.told.append(event)
        for listener in self.listeners:
            listener.tell(event)

    def note(self, checkpoint: Checkpoint) -> None:
        """Leave it to the one who has waited longest of those who still wait (MOA-29)."""
        self.listeners[0].note(checkpoint)

    async def end(self) -> None:
        """Cut it off; a second Stop does not keep the last listener from what is still noted."""
        if self.task is None:
            return
        self.task.cancel()
        while not self.task.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([self.task])


@dataclass(frozen=True, slots=True)
class _Kept:
    advice: tuple[Advice, ...]
    until: float
    size: int


class SharedAdvice:
    """The cache of one process. Fan-outs run as tasks of `group`."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        clock: Clock,
        *,
        seconds: float = KEPT_SECONDS,
        size: int = KEPT_BYTES,
    ) -> None:
        """Begin empty. `size` bounds what is kept, in bytes."""
        self._group = group
        self._clock = clock
        self._seconds = seconds
        self._room = size
        self._kept: dict[str, _Kept] = {}  # in the order in which they expire
        self._held = 0
        self._flights: dict[str, _Flight] = {}

    async def advise(
        self, key: str, ask: AskNow, tell: Tell, note: Note, *, fresh: bool
    ) -> tuple[Advice, ...]:
        """Give the advice under `key`; see `core.ports.AdviceCache`."""
        self._expire()
        if not fresh and key in self._kept:
            return self._kept[key].advice
        flight = None if fresh else self._flights.get(key)
        if flight is None:
            flight = _Flight(over=asyncio.get_running_loop().create_future())
            self._flights[key] = flight
            flight.task = self._group.create_task(self._fly(key, flight, ask), name="fan-out")
        listener = _Listener(tell, note)
        flight.join(listener)
        try:
            return await asyncio.shield(flight.over)
        except asyncio.CancelledError:
            if flight.listeners == [listener]:
                self._gone(key, flight)  # whoever comes now must not join what is being ended
                await flight.end()
            flight.listeners.remove(listener)
            raise

    async def _fly(self, key: str, flight: _Flight, ask: AskNow) -> None:
        try:
            advice = await ask(flight.tell, flight.note)
        except asyncio.CancelledError:
            flight.over.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - must end whoever waits, not the whole process
            flight.over.set_exception(error)
        else:
            flight.over.set_result(advice)
            self._keep(key, advice)
        finally:
            self._gone(key, flight)

    def _gone(self, key: str, flight: _Flight) -> None:
        if self._flights.get(key) is flight:
            del self._flights[key]

    def _keep(self, key: str, advice: tuple[Advice, ...]) -> None:
        """Keep advice that is of use, without its calls; the oldest gives way.

        A call holds a whole conversation, and whoever uses advice again has no part in it.
        """
        size = sum(BESIDES + len(each.text.encode("utf-8", "surrogatepass")) for each in advice)
        if size > self._room or not any(each.outcome == "ok" for each in advice):
            return
        advice = tuple(replace(each, call=None, tried=()) for each in advice)
        if key in self._kept:
            self._drop(key)
        until = self._clock.monotonic() + self._seconds
        self._kept[key] = _Kept(advice, until, size)
        self._held += size
        while self._held > self._room:
            self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        """Forget everything that is kept; what is being asked goes on."""
        self._kept.clear()
        self._held = 0

    def _expire(self) -> None:
        now = self._clock.monotonic()
        for key in [*takewhile(lambda key: self._kept[key].until <= now, self._kept)]:
            self._drop(key)

    def _drop(self, key: str) -> None:
        self._held -= self._kept.pop(key).size
