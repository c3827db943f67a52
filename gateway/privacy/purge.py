"""Takes out what is older than its term: once at the start, then every night (ADR 0040).

Decides the order: messages, traces, files, the log of changes, copies; last all is wiped. It goes
page by page, so that whoever writes waits for no more than one. Its log has figures, never words.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core.crashpoints import crashpoint
from core.erasure import Counts
from core.errors import StoreError
from core.retention import COPIES, DAY, believed, shorter, too_old, until_purge

if TYPE_CHECKING:
    from datetime import datetime, tzinfo

    from core.ports import Clock
    from core.ports.remains import Copies, Traced, Traces
    from core.storage import Store
    from gateway.privacy.files import KeptFiles
    from gateway.privacy.terms import KeptFor
    from gateway.privacy.wiping import Wiping

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What a purge takes."""

    store: Store
    kept: KeptFor
    files: KeptFiles
    traces: Traces
    copies: Copies
    wiping: Wiping
    clock: Clock
    zone: tzinfo

    async def run(self) -> None:
        """Purge every night, until cancelled."""
        while True:
            await asyncio.sleep(until_purge(self.clock.now().astimezone(self.zone)))
            await self.tried(night=True)

    async def tried(self, *, night: bool) -> None:
        """Purge; what cannot be done is logged, and done the next time."""
        try:
            if not await self._believed():
                return
            counts = await self.once(self.clock.now())
            if night:
                await self.wiping.whole()
            elif counts:
                await self.wiping.soon()
        except (StoreError, OSError) as error:
            log.warning("not_purged", error=str(error))
        else:
            if counts:
                log.info("purged", **counts.figures)

    async def _believed(self) -> bool:
        """Ask whether it may be as late as the clock says, and remember what that said."""
        seen = await self.store.last_purge()
        may, now_seen = believed(int(self.clock.now().timestamp() * 1000), seen)
        if now_seen != seen:
            await self.store.note_purge(now_seen)
        if not may:
            log.warning(
                "not_purged",
                error="the clock is far ahead of the last purge: it has to stay so for half a day",
            )
        return may

    async def once(self, now: datetime) -> Counts:
        """Take out what is too old at `now`; give how much it was.

        Raises:
            StoreError, OSError: it could not be finished; what was done stays done.
        """
        at = int(now.timestamp() * 1000)
        counts = await self._messages(at)
        crashpoint("purge.untraced")
        counts += Counts(traces=await self._traces(at), files=await self.files.purge(at))
        before = too_old(self.kept.everywhere.audit, at)
        if before is not None:
            counts += Counts(audit=await self.store.forget_audit(before=before))
        old = too_old(shorter(self.kept.everywhere.messages, COPIES), at)
        if old is not None:
            counts += Counts(copies=await self.copies.drop(old))
        return counts

    async def _messages(self, at: int) -> Counts:
        first = too_old(self.kept.shortest("messages"), at)
        counts = Counts()
        for held in () if first is None else await self.store.held(before=first):
            before = too_old((await self.kept.of(held.session)).messages, at)
            if before is not None:
                answered = self.kept.answers(held.session)  # soon, if it is not yet
                unfinished = 0 if answered else min(before, at) - DAY * 1000
                counts += await erase_aged(self.store, held.session, before, unfinished)
        return counts

    async def _traces(self, at: int) -> int:
        dropped = 0
        for session, oldest in (await self.traces.sessions()).items():
            before = too_old((await self.kept.of(session)).traces, at)
            if before is not None and oldest < before:
                dropped += await self.traces.drop(session, partial(_older, before))
        return dropped


async def erase_aged(store: Store, session: str, before: int, unfinished: int = 0) -> Counts:
    """Take out what is older than `before` (ms) in a session, in small transactions.

    What waits or is not delivered goes only if it is older than `unfinished`.
    """
    counts = Counts()
    while texts := await store.aged(session, before=before, unfinished=unfinished):
        await store.erase(texts)
        crashpoint("purge.erased")
        counts += Counts(exchanges=len(texts.turns), messages=len(texts.messages))
    return counts


def _older(before: int, line: Traced) -> bool:
    return line.started < before
