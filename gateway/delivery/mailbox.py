"""Holds a turn's events until their listener has time (MOA-31). Decides nothing about them.

A listener may be slower than a model: what waits is merged, so a mailbox holds one piece of
text however many deltas came, and one progress for each advisor. It never blocks the engine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from core.events import (
    AnswerDelta,
    ReferenceDone,
    ReferenceProgress,
    ToolDone,
    ToolStarted,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnStopped,
)

_FULL: Final = 1000
_TICK: Final = 1e-3
"""Seconds that a wait takes at least: uvloop counts milliseconds, and would end it at once."""


class Mailbox:
    """The events of one turn for one listener.

    `reasoning=False` drops what a model thinks before it answers, for listeners that do not
    show it. Of tool events at most a thousand wait; nothing else is ever dropped.
    """

    def __init__(self, *, reasoning: bool = True) -> None:
        self._reasoning = reasoning
        self._events: list[TurnEvent] = []
        self._text: list[str] = []  # the rest of the delta that stands last
        self._thought: list[str] = []
        self._progress: dict[int, int] = {}  # where a position's progress stands
        self._ready = asyncio.Event()
        self._end = asyncio.Event()
        self._on_end: Callable[[], None] | None = None

    @property
    def ended(self) -> bool:
        """Whether the turn's last event has been told, taken or not."""
        return self._end.is_set()

    def on_end(self, call: Callable[[], None]) -> None:
        """Call something as soon as the turn's last event is told."""
        self._on_end = call

    def tell(self, event: TurnEvent) -> None:
        """Keep an event; returns at once."""
        match event:
            case AnswerDelta():
                self._delta(event)
            case ReferenceProgress() if (place := self._progress.get(event.position)) is not None:
                self._events[place] = event
            case ToolStarted() | ToolDone() if len(self._events) >= _FULL:
                pass
            case _:
                self._append(event)

    async def wait(self) -> None:
        """Return when something can be taken."""
        await self._ready.wait()

    async def ended_within(self, seconds: float) -> None:
        """Return when the turn's last event has been told, but after so many seconds at most."""
        if not self.ended and seconds > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(max(seconds, _TICK)):
                    await self._end.wait()

    async def take(self) -> Sequence[TurnEvent]:
        """Take everything that waits, at least one event."""
        await self.wait()
        return self.take_nowait()

    def take_nowait(self) -> Sequence[TurnEvent]:
        """Take everything that waits, perhaps nothing."""
        self._join()
        taken, self._events = self._events, []
        self._progress.clear()
        self._ready.clear()
        return taken

    def _delta(self, delta: AnswerDelta) -> None:
        if not delta.text and not (self._reasoning and delta.reasoning):
            return
        if not self._events or not isinstance(self._events[-1], AnswerDelta):
            self._append(delta if self._reasoning else replace(delta, reasoning=""))
            return
        self._text.append(delta.text)
        if self._reasoning:
            self._thought.append(delta.reasoning)

    def _append(self, event: TurnEvent) -> None:
        self._join()
        if isinstance(event, ReferenceProgress):
            self._progress[event.position] = len(self._events)
        elif isinstance(event, ReferenceDone):
            self._progress.pop(event.advice.position, None)
        elif isinstance(event, TurnFinished | TurnStopped | TurnFailed):
            self._end.set()
        self._events.append(event)
        self._ready.set()
        if self._on_end is not None and self.ended:
            self._on_end()

    def _join(self) -> None:
        """Give the waiting delta the text that came after it."""
        if not self._text:
            return
        first = self._events[-1]
        if isinstance(first, AnswerDelta):
            self._events[-1] = AnswerDelta(
                text="".join((first.text, *self._text)),
                reasoning="".join((first.reasoning, *self._thought)),
            )
        self._text.clear()
        self._thought.clear()
