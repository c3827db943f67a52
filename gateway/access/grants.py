"""Who was let in or shut out in chat, ready to be asked at every message.

Decides nothing: `core.access` says what a decision is good for. It is read once at the start and
then kept beside the store, for there is one process that writes.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.access import Grant, decided, grants_scope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.access import Decision
    from core.ports import Clock
    from core.storage import Settings


class Grants:
    """The decisions that hold, by account and person."""

    def __init__(self, clock: Clock) -> None:
        """Begin with none."""
        self._clock = clock
        self._kept: dict[tuple[str, str], dict[Decision, Grant]] = {}

    @property
    def now(self) -> int:
        """Wall time in ms."""
        return int(self._clock.now().timestamp() * 1000)

    async def load(self, settings: Settings, platforms: Iterable[str]) -> None:
        """Read what is kept of these accounts; what has run out is passed over."""
        for platform in platforms:
            for key, text in (await settings.settings(grants_scope(platform))).items():
                found = Grant.read(key, text)
                if found is not None:
                    self.put(platform, *found)

    def put(self, platform: str, person: str, grant: Grant) -> None:
        """Let a decision hold from now on; what has run out is forgotten."""
        if grant.until is not None and grant.until <= self.now:
            return
        self._kept.setdefault((platform, person), {})[grant.decision] = grant

    def drop(self, platform: str, person: str, decision: Decision) -> bool:
        """Take a decision back; False if there was none."""
        kept = self._kept.get((platform, person), {})
        found = kept.pop(decision, None)
        if not kept:
            self._kept.pop((platform, person), None)
        return found is not None

    def of(self, platform: str, person: str, *, direct: bool) -> Decision | None:
        """Say what was decided of somebody, as far as it holds now."""
        kept = self._kept.get((platform, person))
        return decided(kept.values(), self.now, direct=direct) if kept else None

    def told(self) -> Iterator[str]:
        """Say what holds, for whoever runs it: a line for each decision."""
        for (platform, person), kept in sorted(self._kept.items()):
            for each in kept.values():
                where = " in private" if each.direct else ""
                until = "" if each.until is None else f" until {_time(each.until)}"
                yield f"access in chat: {each.decision} {platform}:{person}{where}{until}"


def _time(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%d %H:%M} UTC"
