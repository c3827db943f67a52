"""Discord's rate limits: a bucket per route and channel, one for the bot, and their headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

GLOBAL = 50


@dataclass(slots=True)
class Bucket:
    """`count` within `seconds`, from the first one on."""

    count: int
    seconds: float
    taken: int = 0
    until: float = 0.0

    def take(self, now: float) -> float:
        """Take one: 0, or the seconds until there is room."""
        if now >= self.until:
            self.taken, self.until = 0, now + self.seconds
        if self.taken >= self.count:
            return self.until - now
        self.taken += 1
        return 0.0


class Limited(Protocol):
    """A route: `limit` is (count, seconds), None is not limited at all."""

    @property
    def name(self) -> str: ...
    @property
    def limit(self) -> tuple[int, float] | None: ...
    @property
    def open(self) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request may pass, and what its answer tells of limits."""

    wait: float
    of_all: bool
    headers: dict[str, str]


class Limits:
    """All buckets. `scale` stretches their seconds; 0 lets everything pass."""

    def __init__(self, wall: Callable[[], float], *, scale: float) -> None:
        self.scale = scale
        self._wall = wall
        self._buckets: dict[str, Bucket] = {}

    def take(self, route: Limited, major: str, now: float) -> Verdict:
        """Take one of a route; those of interactions are outside the bot's global limit."""
        limit = route.limit
        if limit is None:
            return Verdict(wait=0.0, of_all=False, headers={})
        whole = self._bucket("", (GLOBAL, 1.0))
        bucket = self._bucket(f"{route.name}/{major}", limit)
        wait = 0.0 if route.open else whole.take(now)
        if wait:
            headers = {"X-RateLimit-Global": "true", "X-RateLimit-Scope": "global"}
            return Verdict(wait=wait, of_all=True, headers=headers)
        wait = bucket.take(now)
        after = max(0.0, bucket.until - now)
        headers = {
            "X-RateLimit-Limit": str(bucket.count),
            "X-RateLimit-Remaining": str(bucket.count - bucket.taken),
            "X-RateLimit-Reset": f"{self._wall() + after:.3f}",
            "X-RateLimit-Reset-After": f"{after:.3f}",
            "X-RateLimit-Bucket": sha256(route.name.encode()).hexdigest()[:32],
        }
        if wait:
            headers["X-RateLimit-Scope"] = "user"
        return Verdict(wait=wait, of_all=False, headers=headers)

    def _bucket(self, key: str, limit: tuple[int, float]) -> Bucket:
        count, seconds = limit
        bucket = self._buckets.setdefault(key, Bucket(count, 0.0))
        bucket.seconds = seconds * self.scale
        return bucket
