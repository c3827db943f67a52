"""Reads the tables of genai-prices in a process of its own, for the models that are named to it.

`python -m adapters.prices.tables` takes a JSON list of `Wanted` and gives a JSON object of
schedules by label. The tables and what they bring along take 25 MB, which are given back so.
It prices nothing itself, and it never goes online.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
from genai_prices import Usage, calc_price
from genai_prices.types import PriceCalculation

from adapters.prices.schedule import Listed, Rate, Schedule, Wanted


def schedule_of(wanted: Wanted) -> Schedule | None:
    """Look one model up; None where no table knows it."""
    nothing = Usage(input_tokens=0)
    if wanted.url is not None:
        with suppress(LookupError, ValueError):
            return _schedule(calc_price(nothing, wanted.model, provider_api_url=wanted.url))
    if wanted.vendor is not None:
        with suppress(LookupError, ValueError):
            return _schedule(calc_price(nothing, wanted.model, provider_id=wanted.vendor))
    return None


def _schedule(found: PriceCalculation) -> Schedule:
    prices = found.model.prices
    return tuple(_listed(each) for each in (prices if isinstance(prices, list) else [found]))


def _listed(conditional: Any) -> Listed:  # noqa: ANN401 - of the library's own shapes
    rates = getattr(conditional, "prices", None) or conditional.model_price
    when = getattr(conditional, "constraint", None)
    begin, end = getattr(when, "start_time", None), getattr(when, "end_time", None)
    return Listed(
        input=_rate(rates.input_mtok),
        output=_rate(rates.output_mtok),
        cache_read=_rate(rates.cache_read_mtok),
        cache_write=_rate(rates.cache_write_mtok),
        since=getattr(when, "start_date", None),
        hours=None if begin is None or end is None else (_utc(begin), _utc(end)),
    )


def _rate(rate: Any) -> Rate | None:  # noqa: ANN401 - a number, or steps
    if rate is None or isinstance(rate, Decimal):
        return None if rate is None else Rate(base=rate)
    return Rate(base=rate.base, steps=tuple((each.start, each.price) for each in rate.tiers))


def _utc(clock: time) -> time:
    day = datetime(1970, 1, 1, tzinfo=UTC)
    there = datetime.combine(day, clock if clock.tzinfo else clock.replace(tzinfo=UTC))
    return there.astimezone(UTC).time()


def main() -> None:
    """Answer what is asked on standard input."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=list[Wanted])
    found = {each.label: schedule for each in wanted if (schedule := schedule_of(each))}
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
