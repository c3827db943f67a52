"""Any history in which more goes wrong than kills: messengers, the disk, and runs that stand still.

For `histories.py`, whose model holds as it is: none of it may be noticed afterwards.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule

from core.errors import ChatAway, ChatBusy, ChatUnknown
from tests.promises.histories import ORDERS, AnyHistory, Run

TROUBLES = {
    "lost": ChatUnknown("who knows"),
    "away": ChatAway("away"),
    "busy": ChatBusy("later", retry_after=3.0),
    "done": None,
}
AWAKE = 300
"""Rounds for which a run that stood still goes on when it wakes."""


class Mishaps(AnyHistory):
    """The program among all that can go wrong."""

    @rule(chat=st.sampled_from([0, 1]), what=st.lists(st.sampled_from([*TROUBLES]), max_size=4))
    def trouble(self, chat: int, what: list[str]) -> None:
        """Let the messenger's next calls there go wrong; what is `lost` stands there."""
        self.chat.fail(self.places[chat].channel, *(TROUBLES[each] for each in what))

    @rule(rounds=st.integers(0, 60), order=ORDERS)
    def freeze(self, rounds: int, order: int | None) -> None:
        """Let it stand still until another run has done all there was, and wake up.

        What nobody has begun is whoever's who begins it: a lock file keeps the other one away.
        """
        old = self.run
        old.loop.run_until_frozen(old.main, rounds=rounds + 1, asleep=0)
        self.time = max(self.time, old.loop.time())
        sending = old.ports.under_way["chat"] > 0
        self.cuts += 1
        try:
            self.start(order)
            self.come_to_an_end()
            if not sending:
                self._wakes(old)
        finally:
            there = dict(self.chat.messages)
            old.end()
            self.chat.messages = there  # what was on its way may come late: that is not promised
            self.kept.let_go(old.store)

    def _wakes(self, old: Run) -> None:
        before = self._seen()
        old.loop.skip(self.run.loop.time())
        old.loop.run_until_frozen(old.main, rounds=AWAKE, asleep=0)
        assert self._seen() == before, "the one that woke has changed the chat"

    def _seen(self) -> dict[str, object]:
        """Give what people see: that an answer is edited into what it is, nobody does."""
        return {key: (e.content, e.buttons) for key, e in self.chat.messages.items()}
