"""What everything that people ask for is done with: what there is, whose a turn is, who may.

Decides nothing about any one command.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from core import whispers
from core.audit import Change
from core.commands import number_in
from core.types import Command, Message, Press

if TYPE_CHECKING:
    from core.access import Role
    from core.frames import Frame
    from core.presets import Preset
    from core.records import Accepted, StoredTurn
    from core.types import Address
    from gateway.access.choices import Choices
    from gateway.access.doorkeeper import Doorkeeper
    from gateway.access.places import Places
    from gateway.access.scopes import Scopes
    from gateway.backlog.backlog import Backlog
    from gateway.delivery.asides import Asides
    from gateway.lanes.sessions import Sessions
    from gateway.money.accounts import Accounts
    from gateway.privacy.forgetting import Forgetting
    from gateway.privacy.keeping import Keeping
    from gateway.turn.exchange import Exchange


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How things stand. `unavailable` says why a preset cannot answer; `left_alone` names models.

    Those failed too often to be asked now; each has the seconds that are left. What waits in
    `sessions` has its turn to come; what waits in the `backlog`, somebody's word.
    """

    unavailable: Callable[[Preset], str]
    left_alone: Callable[[], Mapping[str, float]]
    sessions: Sessions
    backlog: Backlog


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What handlers work with."""

    exchange: Exchange
    choices: Choices
    places: Places
    asides: Asides
    accounts: Accounts
    doors: Doorkeeper
    health: Health
    keeping: Keeping
    forgetting: Forgetting
    scopes: Scopes

    async def own(self, press: Press) -> StoredTurn | None:
        """Find the turn of a press, if it belongs to the place that the press came from."""
        turn = await self.exchange.keep.turn(press.turn_id) if press.turn_id else None
        if turn is None:
            return None
        there, here = turn.start.place, press.address
        # An answer whose thread could not be opened stands in the channel itself.
        same = here in {there, there.whole}
        return turn if same else None

    def waits(self, request: Command | Press) -> Accepted | None:
        """Give the question in line that a Stop means: the one named, else the newest own one."""
        if (
            isinstance(request, Press)
            and request.apart
            and request.turn_id not in self.exchange.running
        ):
            return self._own_waiting(request.address, request.author.id, request.apart)
        if isinstance(request, Press) and (request.turn_id or request.value):
            return None if request.turn_id else self._named(request)
        running = self.exchange.running.find(request.address, request.author.id)
        if running is not None and running[1] == request.author.id:
            return None  # that is stopped first
        return self._own_waiting(request.address, request.author.id)

    def _named(self, press: Press) -> Accepted | None:
        number = number_in(press.value) or 0
        found = self.exchange.sessions().find(number)
        there = press.address if found is None else found.incoming.address
        return found if press.address in {there, there.whole} else None

    def _own_waiting(self, address: Address, person: str, apart: str = "") -> Accepted | None:
        """Give the newest question of somebody that waits in a place, or in a thread of it."""
        own = [
            each
            for each in self.exchange.sessions().all_waiting()
            if each.incoming.author.id == person
            and isinstance(each.incoming, Message)
            and apart in {"", each.incoming.apart}
        ]
        here = [each for each in own if each.incoming.address == address]
        below = [each for each in own if each.incoming.address.whole == address]
        return next(reversed(here or below), None)

    def role(self, request: Command | Press) -> Role:
        """Say what whoever asks is there."""
        return self.places.role(request.author, request.address, direct=request.direct)

    async def note(self, request: Command | Press, key: str, value: str | None) -> None:
        """Keep in the log that somebody did this here. No text of anybody's belongs there."""
        address, clock = request.address, self.exchange.clock
        change = Change(
            scope=f"session:{address.session}",
            key=key,
            value=value,
            by=f"{address.platform}:{request.author.id}",
            at=int(clock.now().timestamp() * 1000),
        )
        await self.exchange.keep.audit(change)

    def aloud(self, request: Command | Press, text: str) -> Sequence[Frame]:
        """Say it where somebody is looking: a page shows by itself that nothing runs."""
        return [whispers.notice(text)] if self.places.guarded(request.address.platform) else []


OnCommand: TypeAlias = "Callable[[Desk, Command], Awaitable[Sequence[Frame]]]"
OnPress: TypeAlias = "Callable[[Desk, Press], Awaitable[Sequence[Frame]]]"
"""Does it, and gives what the one who asked is told.

Raises:
    UserError: it was not done; the text says why. StoreError: nothing was changed.
"""
