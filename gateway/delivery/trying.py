"""How often and for how long what failed in a chat is tried again.

Decides; it never sends, never waits and never looks at a clock. Times are the loop's, in seconds.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from core.errors import ChatAway, ChatError, ChatUnknown
from core.frames import Frame
from core.reply import PANEL, is_gone

BACKOFF: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before a refused final is tried again; after the last one it is given up, unless the
platform is away: then it is tried again and again."""

PATIENCE: Final = 900.0
"""Seconds for which a final waits for a platform that is away, or a chat under flood control."""

TRIES: Final = 3
"""Failures in a row after which only finals are tried."""


class Trying:
    """The failures of one turn's messages.

    `given_up`: a final was, so the turn is not delivered.
    """

    def __init__(self) -> None:
        self._tries = Counter[str]()
        self._failures = 0
        self._deadline: float | None = None
        self.given_up = False

    @property
    def finals_only(self) -> bool:
        """Whether nothing else is worth a try at present."""
        return self._failures >= TRIES

    def worked(self) -> None:
        """Note that something was sent."""
        self._failures = 0

    def busy(self, frame: Frame, now: float) -> bool:
        """Tell whether a frame that met flood control goes on waiting."""
        late = self._late(frame, now)
        self.given_up |= late
        return not late

    def failed(self, frame: Frame, error: ChatError, now: float) -> float | None:
        """Give the seconds until a frame is tried again; None if it is dropped."""
        self._failures += 1
        away = isinstance(error, ChatAway | ChatUnknown)
        gone = is_gone(frame)
        # What is refused of these two is not worth what waits behind it.
        if not frame.final or (not away and (gone or frame.key == PANEL)):
            return None
        tries = self._tries[frame.key]
        self._tries[frame.key] += 1
        if gone and tries >= len(BACKOFF):
            return None  # the answer itself is shown
        if self.given_up or (self._late(frame, now) if away else tries >= len(BACKOFF)):
            self.given_up = True
            return None
        return BACKOFF[min(tries, len(BACKOFF) - 1)]

    def _late(self, frame: Frame, now: float) -> bool:
        """Tell whether a final has waited for longer than anybody would."""
        if frame.final and self._deadline is None:
            self._deadline = now + PATIENCE
        return self._deadline is not None and now > self._deadline
