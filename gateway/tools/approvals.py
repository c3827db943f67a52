"""Who waits for whose yes, and what a press comes to.

Decides nothing about who may say it (`core.authority` does): it brings the press to the call that
waits, once. What was decided stands in the store before anybody acts upon it, so it holds after a
restart too.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from core.authority import PATIENCE
from core.commands import number_in
from core.crashpoints import crashpoint
from core.records import Approval
from core.types import Press

if TYPE_CHECKING:
    from collections.abc import Iterator

    from core.ports import Clock
    from core.records import Decision, StoredTurn
    from core.storage import Turns


log = structlog.get_logger()


class Approvals:
    """The approvals that turns of this process wait for."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._waiting: dict[tuple[str, int], asyncio.Event] = {}
        self._calls = Counter[str]()  # of tools, by turn, those that wait for somebody included

    @contextmanager
    def calling(self, turn_id: str) -> Iterator[None]:
        """Know of a call of a tool for as long as this lasts."""
        self._calls[turn_id] += 1
        try:
            yield
        finally:
            self._calls -= Counter({turn_id: 1})

    def only_waits(self, turn_id: str) -> bool:
        """Tell whether a turn waits for somebody's word, and for nothing else."""
        asked = sum(of == turn_id for of, _ in self._waiting)
        return bool(asked) and asked == self._calls[turn_id]

    @property
    def now(self) -> int:
        """Wall time in ms."""
        return int(self._clock.now().timestamp() * 1000)

    async def decided(self, turn_id: str, asked: Approval, store: Turns) -> Approval:
        """Wait until somebody has decided, or nobody in time.

        Raises:
            StoreError: it cannot be read or written.
        """
        key = (turn_id, asked.number)
        pressed = self._waiting.setdefault(key, asyncio.Event())
        try:
            known = await self._known(turn_id, asked, store)
            if known.decision == "waiting":
                await self._wait(pressed, asked)
                await store.decide(turn_id, asked.number, "expired", by="", at=self.now)
                known = await self._known(turn_id, asked, store)
            return known
        finally:
            self._waiting.pop(key, None)

    async def press(self, press: Press, turn: StoredTurn, store: Turns) -> bool:
        """Decide what a press says; False if there is nothing to decide any more."""
        decision: Decision = "approved" if press.action == "approve" else "refused"
        number = -1 if (told := number_in(press.value)) is None else told
        turn_id = turn.start.turn_id
        by = press.author.name or press.author.id
        crashpoint("approval.unkept", press.address.platform)
        done = await store.decide(turn_id, number, decision, by=by, at=self.now)
        crashpoint("approval.kept", press.address.platform)
        if done:
            log.info("decided", turn_id=turn_id, decision=decision, by=press.author.id)
        if done and (waiting := self._waiting.get((turn_id, number))) is not None:
            waiting.set()
        return done

    async def _wait(self, pressed: asyncio.Event, asked: Approval) -> None:
        # No longer than it was asked for: after a restart the clock may be another one (P10).
        seconds = min(max(0.0, (asked.expires - self.now) / 1000), PATIENCE)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await pressed.wait()

    @staticmethod
    async def _known(turn_id: str, asked: Approval, store: Turns) -> Approval:
        """Read how an approval stands; it may have been decided while nobody waited."""
        turn = await store.turn(turn_id)
        steps = [step for round_ in turn.rounds for step in round_.steps] if turn else []
        found = (each.approval for each in steps if each.approval is not None)
        there = next((each for each in found if each.number == asked.number), None)
        return there or replace(asked, decision="expired")
