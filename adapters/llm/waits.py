"""How long a provider asks to wait, out of the headers of its refusal.

Decides how each way to say it is read. Whether anybody waits is decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
LONGEST = 100
"""Characters of what is read; each digit would be tried as a beginning."""
EPOCH_S, EPOCH_MS = 1e9, 1e12
"""From here on a number is a moment, not a while."""


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Give the seconds that the headers ask to wait, None where they name none.

    The provider's own clock is believed where it sends one: ours may be wrong. `headers` are
    found whatever their case.
    """
    milliseconds = _number(headers.get("Retry-After-Ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("Retry-After", "")
    seconds = _number(value)
    if seconds is not None:
        return seconds
    now = _date(headers.get("Date", "")) or now
    when = _date(value)
    return _reset(headers, now) if when is None else max(0.0, (when - now).total_seconds())


def _reset(headers: Mapping[str, str], now: datetime) -> float | None:
    """Read `x-ratelimit-reset*`: the longest among the limits that are used up."""
    waits = []
    for name, value in headers.items():
        kind = name.lower().removeprefix("x-ratelimit-reset")
        if kind == name.lower() or _number(headers.get(f"X-RateLimit-Remaining{kind}", "")):
            continue
        wait = duration(value, now)
        if wait is not None:
            waits.append(wait)
    return max(waits, default=None)


def duration(text: str, now: datetime) -> float | None:
    """Read "1.5", "6m0s", "120ms", or a moment as Unix seconds or milliseconds."""
    number = _number(text)
    if number is not None:
        if number >= EPOCH_MS:
            number /= 1000
        return max(0.0, number - now.timestamp()) if number >= EPOCH_S else number
    found = re.findall(r"(\d+(?:\.\d+)?)(ms|[smhd])", text[:LONGEST])
    return sum(float(amount) * UNITS[unit] for amount, unit in found) if found else None


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 <= number < float("inf") else None


def _date(text: str) -> datetime | None:
    try:
        when = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # a year of twenty digits
        return None
    return when if when.tzinfo else when.replace(tzinfo=UTC)
