"""Puts a summary in the place of the oldest part of a history, when it fills its window (MOA-19).

Decides when the preset's aggregator is asked for one: after a turn, when nobody waits, or because
somebody asked. It is paid for like an answer. Whatever goes wrong, the history stays as it was,
and the engine cuts it to the window (MOA-18). A turn that runs is never touched.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import structlog

from core import history
from core.answering import Answering, Unanswered
from core.cost import bill
from core.crashpoints import crashpoint
from core.errors import OverBudget, StoreError
from core.recent import Recent
from core.records import SUMMARY, TurnEnd, TurnStart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.asking import Ask, World
    from core.history import Fold
    from core.ports import Clock
    from core.presets import Preset
    from core.types import Address, Json, Line
    from gateway.patience import PatientStore
    from gateway.turn.turns import TurnRunner

PARTS: Final = 4
"""Summaries that are made in a row, of a history that has far outgrown its window."""
SECONDS: Final = 120.0
"""What a summary may take; the session's next question waits for it."""
AGAIN: Final = 6
"""Lines that have to be new before a summary is tried again that could not be made."""
MOST_REMEMBERED: Final = 1_000


log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wishes:
    """Nothing is wished of the model beyond what its slot says."""

    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    pace: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Summing:
    """For which session a summary is wanted, by whom, and with whose aggregator."""

    session: str
    place: Address
    asker: str
    preset: Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class Compaction:
    """What condensing takes. `shown` gives lines with what their files hold."""

    runner: TurnRunner
    keep: PatientStore
    clock: Clock
    new_id: Callable[[], str]
    shown: Callable[[Sequence[Line]], Awaitable[tuple[Line, ...]]]
    failed: Recent[str, int] = field(default_factory=lambda: Recent(MOST_REMEMBERED))

    async def after_turn(self, summing: Summing, lines: tuple[Line, ...]) -> None:
        """Condense the history if it fills its window; `lines` are what the turn was asked with.

        Nobody waits for it and nobody is told.
        """
        room = history.room_of(summing.preset)
        if not history.nearly_due(lines, room):
            return
        try:
            for _ in range(PARTS):
                told = await self._lines(summing.session)
                fold = history.due(told, room)
                if fold is None or self._gave_up(summing.session, len(told)):
                    return
                if await self._condense(summing, fold):
                    self.failed[summing.session] = len(told)
                    return
        except StoreError as error:
            log.warning("history_not_condensed", error=str(error))

    async def _lines(self, session: str) -> list[tuple[int, Line]]:
        """Give a history as models read it, with what its files hold."""
        told = await self.keep.store.lines(session)
        shown = await self.shown([line for _, line in told])
        return [(number, line) for (number, _), line in zip(told, shown, strict=True)]

    def _gave_up(self, session: str, lines: int) -> bool:
        last = self.failed.get(session)
        return last is not None and last <= lines < last + AGAIN

    async def now(self, summing: Summing) -> tuple[int, str]:
        """Condense because somebody asks for it.

        Returns:
            How many lines were condensed, 0 for none, and why it failed, "" if it did not.

        Raises:
            StoreError: it could not be kept.
        """
        fold = history.wanted(await self._lines(summing.session))
        if fold is None:
            return 0, ""
        failure = await self._condense(summing, fold)
        return (0, failure) if failure else (len(fold.lines), "")

    async def _condense(self, summing: Summing, fold: Fold) -> str:
        """Ask for a summary and let it stand for its part; say why not, "" if it does."""
        start = TurnStart(
            turn_id=self.new_id(),
            session=summing.session,
            place=summing.place,
            seq=None,
            preset=summing.preset,
            question=history.REQUEST,
            asker=summing.asker,
            history=fold.upto,
            origin=SUMMARY,
            started=int(self.clock.now().timestamp() * 1000),
        )
        asks: list[Ask] = []
        text, failure = await self._asked(start, fold, asks)
        summary = None if failure else fold.summary(text)
        if summary is None and not failure:
            failure = "it came out no shorter than what it is of"
        end = _end(start, asks, failure)
        if not end.calls:
            return failure
        lines = sum(not line.pinned for line in fold.lines)
        crashpoint("summary.unkept", summing.place.platform)
        kept = await self.keep.condense(start, end, summary, lines=lines)
        crashpoint("summary.kept", summing.place.platform)
        if not kept and not failure:
            failure = "the conversation changed meanwhile"
        log.info(
            "history_condensed",
            turn_id=start.turn_id,
            lines=len(fold.lines),
            failure=failure or None,
        )
        if kept:
            self.runner.epochs.begin(summing.session, "compaction")
        return failure

    async def _asked(self, start: TurnStart, fold: Fold, asks: list[Ask]) -> tuple[str, str]:
        """Give what the aggregator wrote, and why it did not."""
        world = await self._world(start)
        answering = Answering(world, began=self.clock.monotonic(), asks=asks)
        try:
            async with asyncio.timeout(SECONDS):
                ask = await answering.answer(
                    start.preset,
                    fold.request(start.preset.aggregator),
                    tell=lambda _event: None,
                    iteration=1,
                    tools=(),
                    wishes=_Wishes(),
                )
        except (Unanswered, OverBudget) as error:
            return "", str(error)
        except TimeoutError:
            return "", "it took too long"
        return ask.answer, "the model refused" if ask.finish == "refusal" else ""

    async def _world(self, start: TurnStart) -> World:
        world, bank = self.runner.world, self.runner.bank
        await world.ready()
        return replace(world, purse=None if bank is None else await bank.purse(start))


def _end(start: TurnStart, asks: list[Ask], failure: str) -> TurnEnd:
    """Sum up what a summary took; its text stands in the history and nowhere else."""
    calls = tuple(replace(each.report(), text="") for each in asks if each.began is not None)
    spent = bill(calls)
    return TurnEnd(
        turn_id=start.turn_id,
        ending="failed" if failure else "finished",
        answer="",
        error=failure or None,
        calls=calls,
        usage=spent.usage,
        dollars=spent.dollars,
        priced=spent.priced,
        seconds=sum(call.seconds for call in calls),
    )
