"""How much may be sent: about one message a second in a chat, 20 a minute in a group, 30 a second.

Edits count as messages, drafts have a limit of their own. Taking too much is answered with the
seconds to wait; what is refused takes nothing.
"""

from __future__ import annotations

from tests.simulators.base import Window
from tests.simulators.telegram.refusal import flooded
from tests.simulators.telegram.state import Chat

BURST = 5
PER_GROUP = 20
OVERALL = 30
DRAFTS = 5


class Flood:
    """The account's limits. `scale` shortens every period; `enforced` False only counts."""

    def __init__(self, *, scale: float = 1.0, enforced: bool = True) -> None:
        self.scale = scale
        self.enforced = enforced
        self.refused = 0
        self._windows: dict[tuple[str, int], Window] = {}
        self._held: dict[int, float] = {}

    def _window(self, name: str, chat: int, count: int, seconds: float) -> Window:
        if (name, chat) not in self._windows:
            self._windows[name, chat] = Window(count, seconds / self.scale)
        return self._windows[name, chat]

    def hold(self, chat: Chat, until: float) -> None:
        """Refuse whatever is written to a chat until a time, strict or not."""
        self._held[chat.id] = until

    def message(self, chat: Chat, now: float) -> None:
        """Take one for a message or an edit.

        Raises:
            Refusal: 429, with how long to wait.
        """
        windows = [
            self._window("chat", chat.id, BURST, BURST * 1.0),
            self._window("all", 0, OVERALL, 1.0),
        ]
        if not chat.private:
            windows.append(self._window("group", chat.id, PER_GROUP, 60.0))
        self._take(chat, windows, now)

    def draft(self, chat: Chat, now: float) -> None:
        """Take one for a draft."""
        self._take(chat, [self._window("draft", chat.id, DRAFTS, 1.0)], now)

    def _take(self, chat: Chat, windows: list[Window], now: float) -> None:
        if not self.enforced:
            windows = []
        held = self._held.get(chat.id, now) - now
        wait = max(held, *(window.wait(now) for window in windows), 0.0)
        if wait > 0:
            self.refused += 1
            raise flooded(wait)
        for window in windows:
            window.take(now)
