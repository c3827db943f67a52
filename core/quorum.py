"""How long a fan-out waits for whom (MOA-10). Arithmetic on times that are handed in.

Seconds count from the start of the fan-out. It never waits itself and knows no model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from core.ports import Providers
from core.presets import Preset, ReferenceSlot

GRACE = (1.0, 10.0)
LONE_MINIMUM = 10.0


@dataclass(slots=True, kw_only=True)
class Quorum:
    """Who has landed and until when the others are awaited.

    `needed` is how many usable answers are asked for, None where the preset leaves it open.
    """

    waiting: set[int]
    required: frozenset[int]
    needed: int | None
    everybody: int
    grace: float | None
    _usable: int = field(default=0, init=False)
    _reached: float | None = field(default=None, init=False)
    _last: float = field(default=0.0, init=False)

    def landed(self, position: int, *, usable: bool, at: float) -> None:
        """Note that a reference landed, with something usable or not."""
        self.waiting.discard(position)
        self._usable += usable
        self._last = at
        if self._reached is None and self._usable and self._usable >= self._goal():
            self._reached = at

    def deadline(self) -> float | None:
        """Tell until when to wait: None is without a limit of ours, the past is not at all."""
        if not self.waiting:
            return 0.0
        if self.waiting & self.required:
            return None
        if self._reached is not None:
            return self._reached + self._grace(self._reached)
        if self.needed is None and len(self.waiting) == 1 and self._usable:
            return self._last + max(LONE_MINIMUM, 3 * self._last)
        return None

    def _goal(self) -> int:
        wanted = self.everybody if self.needed is None else self.needed
        if self.needed is None and self.everybody >= 3:  # noqa: PLR2004 - MOA-10 names it
            wanted = self.everybody - 1
        return min(wanted, self._usable + len(self.waiting))

    def _grace(self, took: float) -> float:
        if self.grace is not None:
            return self.grace
        least, most = GRACE
        return min(max(took / 2, least), most)


def quorum_for(preset: Preset, slots: Mapping[int, ReferenceSlot], providers: Providers) -> Quorum:
    """Set up the waiting for the slots that are really asked, by position."""
    needed = len(slots) if preset.quorum == "all" else preset.quorum
    if needed is None and _queues_at_a_provider(slots, providers):
        needed = len(slots)
    return Quorum(
        waiting=set(slots),
        required=frozenset(at for at, slot in slots.items() if slot.required),
        needed=needed,
        everybody=len(slots),
        grace=preset.grace,
    )


def _queues_at_a_provider(slots: Mapping[int, ReferenceSlot], providers: Providers) -> bool:
    sharing = Counter(slot.provider for slot in slots.values())
    limits = {name: known.max_parallel for name in sharing if (known := providers.get(name))}
    return any(limit is not None and sharing[name] > limit for name, limit in limits.items())
