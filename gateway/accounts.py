"""What conversations and people have cost this month. Reads only; limits nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.records import Standing
from core.types import Address, Author

if TYPE_CHECKING:
    from collections.abc import Collection

    from core.ports import Clock
    from core.records import Spent
    from core.storage import Store
    from gateway.choices import Choices


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The books of the store."""

    store: Store
    choices: Choices
    clock: Clock

    async def spent(self, address: Address, author: Author) -> tuple[Spent, Spent]:
        """Say what this month took: of a conversation, and of one person on its platform."""
        since = self._month()
        here = await self.store.spent_in(address.session, since=since)
        return here, await self.store.spent_by(address.platform, author.id, since=since)

    async def standing(self, platform: str, user: str, workspaces: Collection[str]) -> Standing:
        """Say what somebody of a workspace uses on a platform, and has spent there this month."""
        somebody = Author(id=user, name="", circles=tuple(workspaces))
        there = await self.choices.there(Address(platform=platform, channel=user), somebody)
        spent = await self.store.spent_by(platform, user, since=self._month())
        return Standing(
            preset=there.preset.name,
            presets=tuple(self.choices.catalogue().presets),
            dollars=spent.dollars,
            turns=spent.turns,
        )

    def _month(self) -> int:
        """Give when this month began, in ms."""
        now = self.clock.now()
        began = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        return int(began.timestamp() * 1000)
