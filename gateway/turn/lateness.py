"""Notices advisors that are late too often (MOA-10). A listener; decides nothing about a turn."""

from __future__ import annotations

from collections import deque

import structlog

from core.events import ReferencesDone, TurnEvent

TURNS = 20
LATE = TURNS // 2
MENDED = LATE // 2
"""Late so seldom, it may earn another notice: else one that is late every other time earns many."""

log = structlog.get_logger()


class Lateness:
    """Counts over all turns. A slot earns one notice until it has been on time again."""

    def __init__(self) -> None:
        """Begin with nobody late."""
        self._last: dict[tuple[str, int], deque[bool]] = {}
        self._told: set[tuple[str, int]] = set()

    def tell(self, event: TurnEvent) -> None:
        """Count one fan-out, and warn the operator of a slot that no longer helps."""
        if not isinstance(event, ReferencesDone):
            return
        for advice in event.advice:
            if advice.outcome == "skipped":
                continue
            slot = (advice.label, advice.position)
            last = self._last.setdefault(slot, deque(maxlen=TURNS))
            last.append(advice.outcome == "late")
            late = sum(last)
            if late < MENDED:
                self._told.discard(slot)
            elif len(last) == TURNS and late >= LATE and slot not in self._told:
                self._told.add(slot)
                log.warning(
                    "advisor_often_late",
                    advisor=advice.label,
                    late=late,
                    of=TURNS,
                    remedy="take it out, raise grace, or mark it required",
                )
