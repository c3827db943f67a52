"""Opens a purse for each turn: what the store says was spent, and what is under way here (MOA-30).

Decides when a sum is read: once in a period for each budget, when it is first needed; from then
on it is kept in memory, so that no call waits for the store. Another process that spends of the
same budget is not seen until the next start. What a budget allows is the purse's matter.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, TypeAlias

import structlog

from core.budget import Spender, limits_of
from core.cost import bill
from core.purse import Account, Purse, Tariff

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.budget import Budgets, Limit, Period, Scope
    from core.outcomes import CallReport
    from core.ports import Pricer
    from core.records import TurnStart, Whose
    from core.storage import Costs

_Key: TypeAlias = "tuple[Scope, Period, Whose, datetime]"


log = structlog.get_logger()


def _warn(text: str) -> None:
    """Tell whoever is in charge."""
    log.warning("budget", text=text)


class Bank:
    """The accounts of one process."""

    def __init__(self, budgets: Budgets, store: Costs, *, pricer: Pricer, zone: tzinfo) -> None:
        """Begin without an account; days end in `zone`."""
        self.budgets = budgets
        self._store = store
        self._zone = zone
        self._pricer = pricer
        self._tariff = Tariff(pricer, budgets.unpriced)
        self._accounts: dict[_Key, Account] = {}
        self._reading = asyncio.Lock()

    def take(self, budgets: Budgets) -> None:
        """Hold what begins from now on to these; what was spent already counts."""
        self.budgets = budgets
        self._tariff = Tariff(self._pricer, budgets.unpriced)

    async def purse(self, start: TurnStart, spent: Iterable[CallReport] = ()) -> Purse | None:
        """Open a turn's purse, None where nothing limits it.

        `spent` are calls that an earlier run of the turn made.

        Raises:
            StoreError: nobody knows what was spent.
        """
        if not self.budgets.apply:
            return None
        at = datetime.fromtimestamp(start.started / 1000, UTC)
        accounts = await self.accounts(Spender.of(start), at)
        took = bill(spent).dollars
        return Purse(accounts, budgets=self.budgets, tariff=self._tariff, spent=took, warn=_warn)

    async def accounts(self, spender: Spender, at: datetime) -> Sequence[Account]:
        """Give every account that somebody's turn is held to, as it is at that moment."""
        self._forget(at)
        limits = limits_of(self.budgets, spender, at, self._zone)
        return [await self._account(limit) for limit in limits]

    async def _account(self, limit: Limit) -> Account:
        key = (limit.scope, limit.period, limit.whose, limit.begin)
        async with self._reading:
            if key not in self._accounts:
                since, until = (int(at.timestamp() * 1000) for at in (limit.begin, limit.end))
                found = await self._store.costs(limit.whose, since=since, until=until)
                spent = sum(
                    (each.spent.dollars + self._tariff.unknown(each.unpriced) for each in found),
                    self._tariff.unknown(0),
                )
                self._accounts[key] = Account(limit, spent)
            account = self._accounts[key]
            account.limit = limit  # a reload may have made it more, or less
            return account

    def _forget(self, at: datetime) -> None:
        """Let go of days and months that are over; a turn that still runs has its own hold."""
        over = [key for key, each in self._accounts.items() if each.limit.end <= at]
        for key in over:
            if not self._accounts[key].reserved:
                del self._accounts[key]
