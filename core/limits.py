"""How often somebody may ask: buckets of tokens, and what one that is empty says. Pure.

Decides whether one more fits and how long it takes until one does. It keeps nothing: who has
which bucket is the gateway's matter, and time is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many within so many seconds; all of them may come at once."""

    number: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """What is left of a rate, as it was at `at` (seconds of a clock that never goes back)."""

    left: float
    at: float


def full(rate: Rate, now: float) -> Bucket:
    """Give the bucket of somebody who has not asked for long."""
    return Bucket(left=float(rate.number), at=now)


def filled(bucket: Bucket, rate: Rate, now: float) -> Bucket:
    """Give a bucket as it is at `now`: it fills evenly, and never beyond the rate's number."""
    come = max(0.0, now - bucket.at) * rate.number / rate.seconds
    return Bucket(left=min(float(rate.number), bucket.left + come), at=max(now, bucket.at))


def taken(bucket: Bucket, rate: Rate, now: float) -> Bucket | None:
    """Take one out of a bucket; None if none is left in it."""
    there = filled(bucket, rate, now)
    return Bucket(left=there.left - 1, at=there.at) if there.left >= 1 else None


def wait(bucket: Bucket, rate: Rate, now: float) -> float:
    """Give the seconds until there is one to take."""
    lacking = 1 - filled(bucket, rate, now).left
    return max(0.0, lacking * rate.seconds / rate.number)
