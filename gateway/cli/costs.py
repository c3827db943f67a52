"""What was spent today and this month, by user, channel, preset and model: `moa-gateway cost`.

Decides how the figures are put together, as text and as JSON. It reads the store and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from core.budget import PROGRAMS, Period, Spender, limits_of, window
from core.purse import Tariff
from core.records import Spent, Whose
from core.types import Address
from core.wording import dollars_text
from gateway.money.accounts import summed

if TYPE_CHECKING:
    from core.budget import Budgets, Limit
    from core.records import Cost, ModelCost
    from core.storage import Costs
    from core.types import Json

PERIODS: Final[Mapping[Period, str]] = {"daily": "today", "monthly": "month"}
TITLES: Final = {"today": "Today", "month": "This month"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A day or a month so far: all of it, what it went on, and the budgets that were touched."""

    since: datetime
    until: datetime
    total: Spent
    groups: Mapping[str, Mapping[str, Spent]]
    budgets: Sequence[tuple[Limit, Decimal]]


async def reports(
    store: Costs, budgets: Budgets, *, now: datetime, zone: tzinfo
) -> Mapping[str, Report]:
    """Read what was spent, today and this month by the clocks of `zone`.

    Raises:
        StoreError: there is nothing that could be read.
    """
    return {
        name: await _report(store, budgets, period, (now, zone)) for period, name in PERIODS.items()
    }


async def _report(
    store: Costs, budgets: Budgets, period: Period, here: tuple[datetime, tzinfo]
) -> Report:
    since, until = window(period, *here)
    begin, end = (int(at.timestamp() * 1000) for at in (since, until))
    costs = await store.costs(Whose(), since=begin, until=end)
    models = await store.costs_of_models(since=begin, until=end)
    return Report(
        since=since,
        until=until,
        total=summed(costs),
        groups={
            "users": _by(costs, _user),
            "channels": _by(costs, lambda each: _spender(each).channel),
            "presets": _by(costs, lambda each: each.whose.preset),
            "models": _dearest({each.label: _of_model(each) for each in models}),
        },
        budgets=[
            (limit, _of_limit(limit, costs, budgets))
            for limit in _limits(costs, budgets, *here)
            if limit.period == period
        ],
    )


def _by(costs: Sequence[Cost], name: Callable[[Cost], str]) -> Mapping[str, Spent]:
    names = dict.fromkeys(map(name, costs))
    return _dearest({one: summed(each for each in costs if name(each) == one) for one in names})


def _dearest(spent: Mapping[str, Spent]) -> Mapping[str, Spent]:
    return dict(sorted(spent.items(), key=lambda each: (-each[1].dollars, each[0])))


def _of_model(cost: ModelCost) -> Spent:
    return Spent(dollars=cost.dollars, turns=cost.calls, priced=cost.priced)


def _user(cost: Cost) -> str:
    return f"{cost.whose.platform}:{cost.whose.asker}"


def _spender(cost: Cost) -> Spender:
    address = Address.of(cost.whose.channel)
    return Spender(
        platform=cost.whose.platform,
        user=cost.whose.asker,
        channel=Address(platform=address.platform, channel=address.channel).session,
        preset=cost.whose.preset,
    )


def _limits(
    costs: Iterable[Cost], budgets: Budgets, now: datetime, zone: tzinfo
) -> Iterable[Limit]:
    """Give every budget that somebody has spent of."""
    every = (limits_of(budgets, _spender(each), now, zone) for each in costs)
    return dict.fromkeys(limit for limits in every for limit in limits)


def _of_limit(limit: Limit, costs: Iterable[Cost], budgets: Budgets) -> Decimal:
    tariff = Tariff(lambda _slot, _usage: None, budgets.unpriced)
    own = [each for each in costs if _counts(each, limit.whose)]
    return sum((each.spent.dollars + tariff.unknown(each.unpriced) for each in own), Decimal(0))


def _counts(cost: Cost, whose: Whose) -> bool:
    return (
        whose.platform in {"", cost.whose.platform}
        and whose.asker in {"", cost.whose.asker}
        and whose.channel in {"", _spender(cost).channel}
        and whose.preset in {"", cost.whose.preset}
    )


# --- as text and as JSON ----------------------------------------------------------------------


def as_text(found: Mapping[str, Report]) -> Iterator[str]:
    """Write the reports as lines."""
    for name, report in found.items():
        since = report.since
        began = f"{since:%A} {since.day} {since:%B} {since:%H:%M}, {since.tzinfo}"
        yield f"{TITLES[name]} (since {began}): {_amount(report.total, 'answer')}"
        for group, rows in report.groups.items():
            yield from _group(group, rows)
        for limit, taken in report.budgets:
            amount = f"{dollars_text(taken)} of {dollars_text(limit.dollars)}"
            yield f"  budget of {limit.scope}{_subject(limit)}, {limit.period}: {amount}"


def _group(group: str, rows: Mapping[str, Spent]) -> Iterator[str]:
    if rows:
        yield f"  {group}"
    unit = "call" if group == "models" else "answer"
    for label, spent in rows.items():
        yield f"    {label}  {_amount(spent, unit)}"


def as_json(found: Mapping[str, Report]) -> Json:
    """Give the reports for programs; dollars are text, exactly."""
    return {name: _plain(report) for name, report in found.items()}


def _plain(report: Report) -> Json:
    groups: dict[str, Json] = {
        group: [{"name": label, **_figures(spent, group)} for label, spent in rows.items()]
        for group, rows in report.groups.items()
    }
    return {
        "since": report.since.isoformat(),
        "until": report.until.isoformat(),
        "timezone": str(report.since.tzinfo),
        "total": _figures(report.total, "total"),
        **groups,
        "budgets": [
            {
                "scope": limit.scope,
                "name": _subject(limit).strip(),
                "period": limit.period,
                "dollars": _exact(limit.dollars),
                "spent": _exact(taken),
                "left": _exact(max(Decimal(0), limit.dollars - taken)),
            }
            for limit, taken in report.budgets
        ],
    }


def _figures(spent: Spent, group: str) -> dict[str, Json]:
    unit = "calls" if group == "models" else "answers"
    return {"dollars": _exact(spent.dollars), "priced": spent.priced, unit: spent.turns}


def _exact(dollars: Decimal) -> str:
    return format(dollars.normalize(), "f")


def _amount(spent: Spent, unit: str) -> str:
    unknown = "" if spent.priced else " + unknown prices"
    plural = "" if spent.turns == 1 else "s"
    return f"{dollars_text(spent.dollars)}{unknown} ({spent.turns:,} {unit}{plural})"


def _subject(limit: Limit) -> str:
    whose = limit.whose
    person = whose.asker if whose.platform == PROGRAMS else f"{whose.platform}:{whose.asker}"
    named = {"user": person, "key": person, "channel": whose.channel, "preset": whose.preset}
    return f" {named[limit.scope]}" if limit.scope in named else ""
