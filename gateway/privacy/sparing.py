"""Keeps nothing after the turn where the file says so: `messages: 0`, `files: 0`, `traces: 0`.

Decides nothing but that: elsewhere it costs no look at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core.errors import StoreError
from core.retention import EVER
from gateway.privacy.purge import erase_aged

if TYPE_CHECKING:
    from core.events import Terminal
    from core.records import TurnStart
    from core.storage import Store
    from gateway.privacy.terms import KeptFor
    from gateway.privacy.wiping import Wiping
    from gateway.turn.turns import Sink


log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparing:
    """What happens in a session when something in it is over."""

    store: Store
    kept: KeptFor
    wiping: Wiping

    async def over(self, session: str) -> None:
        """Take out whatever is delivered and is not to be kept; what fails is left to the night."""
        if not self.kept.spares_nothing:
            return
        try:
            await self._spare(session)
        except StoreError as error:
            log.warning("not_spared", error=str(error))

    async def _spare(self, session: str) -> None:
        terms = await self.kept.of(session)
        gone = terms.messages == 0 and bool(await erase_aged(self.store, session, EVER))
        if terms.files == 0:
            gone = bool(await self.store.release_files(session=session)) or gone
        if gone:
            await self.wiping.soon()


@dataclass(frozen=True, slots=True, kw_only=True)
class SparingSink:
    """Hands a turn on to a sink, unless its place keeps none."""

    sink: Sink
    kept: KeptFor

    async def turn_over(self, start: TurnStart, ending: Terminal) -> None:
        """Note one turn, or not."""
        if (await self.kept.of(start.session)).traces != 0:
            await self.sink.turn_over(start, ending)
