"""What conversations and people have cost, and what is left of their budgets. Reads only."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from core.access import ADMITTED
from core.budget import Spender, window
from core.records import Spending, Spent, Standing, Whose
from core.types import Address, Author, Command

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import tzinfo

    from core.budget import Limit
    from core.ports import Clock
    from core.records import Cost
    from core.storage import Costs
    from gateway.access.choices import Choices
    from gateway.money.bank import Bank


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """The books of the store; days and months end in `zone`."""

    store: Costs
    bank: Bank
    choices: Choices
    clock: Clock
    zone: tzinfo

    async def spent(self, address: Address, author: Author) -> tuple[Spending, Spending]:
        """Say what this month took, of a channel and of one person on its platform."""
        channel = Address(platform=address.platform, channel=address.channel).session
        return (
            await self._month(Whose(channel=channel)),
            await self._month(Whose(platform=address.platform, asker=author.id)),
        )

    async def left(self, address: Address, author: Author) -> Sequence[tuple[Limit, Decimal]]:
        """Give the budgets that a question here is held to, and what was spent of each."""
        there = await self.choices.there(address, author)
        spender = Spender(
            platform=address.platform,
            user=author.id,
            channel=Address(platform=address.platform, channel=address.channel).session,
            preset=there.preset.name,
        )
        accounts = await self.bank.accounts(spender, self.clock.now())
        return [(each.limit, each.spent) for each in accounts]

    async def standing(self, platform: str, user: str, workspaces: Collection[str]) -> Standing:
        """Say what somebody of these circles uses on a platform, and has spent there this month.

        Who is not let in is told of no preset.
        """
        somebody = Author(id=user, name="", circles=tuple(workspaces))
        home = Address(platform=platform, channel=user)
        if self.choices.places.role(somebody, home, direct=True) not in ADMITTED:
            return Standing(preset="", presets=(), dollars=Decimal(0), turns=0)
        there = await self.choices.there(home, somebody)
        spent = (await self._month(Whose(platform=platform, asker=user))).whole
        return Standing(
            preset=there.preset.name,
            presets=tuple(self.choices.names(_at_home(platform, somebody))),
            dollars=spent.dollars,
            turns=spent.turns,
        )

    async def _month(self, whose: Whose) -> Spending:
        begin, end = window("monthly", self.clock.now(), self.zone)
        since, until = (int(at.timestamp() * 1000) for at in (begin, end))
        found = await self.store.costs(whose, since=since, until=until)
        presets = dict.fromkeys(each.whose.preset for each in found)
        return Spending(
            whole=summed(found),
            presets={
                name: summed(each for each in found if each.whose.preset == name)
                for name in presets
            },
        )


def summed(costs: Iterable[Cost]) -> Spent:
    """Add costs up."""
    spent = [each.spent for each in costs]
    return Spent(
        dollars=sum((each.dollars for each in spent), Decimal(0)),
        turns=sum(each.turns for each in spent),
        priced=all(each.priced for each in spent),
    )


def _at_home(platform: str, somebody: Author) -> Command:
    """Make what somebody would choose a preset of their own with."""
    home = Address(platform=platform, channel=somebody.id)
    return Command(event_id="", address=home, author=somebody, name="moa", args="", at=0)
