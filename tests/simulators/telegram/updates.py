"""The queue of what the bot has not taken yet, and the rules of polling.

An update is kept until a poll confirms it by asking for what comes after it, or a webhook
answers 200 to it. What is not allowed is never queued.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from tests.simulators.base import Changes
from tests.simulators.telegram.refusal import Refusal
from tests.simulators.telegram.state import Wire

USUAL = """
    message edited_message channel_post edited_channel_post business_connection
    business_message edited_business_message deleted_business_messages inline_query
    chosen_inline_result callback_query shipping_query pre_checkout_query
    purchased_paid_media poll poll_answer my_chat_member chat_join_request chat_boost
    removed_chat_boost guest_message managed_bot stopped_message_generation
"""
KINDS = frozenset(USUAL.split())
"""What is sent unless something else is asked for."""
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
OTHER_POLLER = (
    "terminated by other getUpdates request; make sure that only one bot instance is running"
)
WEBHOOK_SET = (
    "can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
    "webhook first"
)
MOST = 100
FUTURE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where updates are posted to."""

    url: str
    secret: str = ""


class Updates:
    """What waits for the bot. `polls` counts requests, `waiting` how many are held open.

    `forgets`: what was confirmed, as any server should.
    """

    def __init__(self, changes: Changes) -> None:
        self.pending: list[Wire] = []
        self.webhook: Webhook | None = None
        self.last_error = ""
        self.last_error_at = 0
        self.asked: Sequence[str] = ()
        self.polls = 0
        self.waiting = 0
        self.forgets = True
        self._allowed = KINDS
        self._next = 700_000_001
        self._changes = changes

    def add(self, kind: str, payload: Any) -> None:
        if kind not in self._allowed:
            return
        self.pending.append({"update_id": self._next, kind: payload})
        self._next += 1
        self._changes.tell()

    def allow(self, kinds: list[Any] | None) -> None:
        """Remember what is asked for; an empty list asks for the usual, None changes nothing."""
        if kinds is None:
            return
        self.asked = [str(kind) for kind in kinds]
        self._allowed = frozenset(self.asked) & (KINDS | ON_REQUEST) or KINDS

    def hook(self, webhook: Webhook | None) -> None:
        """Post updates there from now on, or keep them for who polls."""
        self.webhook, self.last_error = webhook, ""
        self._changes.tell()

    def end_poll(self) -> None:
        """Let go of a poll that is held open."""
        self.polls += 1
        self._changes.tell()

    def confirm(self, offset: int) -> None:
        """Forget what is below `offset`, or all but the last ones where it is negative.

        One far in the future forgets nothing: numbers may have begun anew since.
        """
        if not self.forgets or offset > self._next + FUTURE:
            return
        if offset < 0:
            self.pending = self.pending[offset:]
        else:
            self.pending = [each for each in self.pending if each["update_id"] >= offset]
        self._changes.tell()

    async def poll(self, offset: int, limit: int, seconds: float) -> Sequence[Wire]:
        """Wait for updates as long as asked; a newer poll throws an older one out."""
        self._refuse_beside_webhook()
        self.polls += 1
        mine = self.polls
        self.confirm(offset)
        self.waiting += 1
        try:
            with suppress(TimeoutError):
                await self._changes.until(
                    lambda: self.pending or self.webhook or self.polls != mine, seconds=seconds
                )
        finally:
            self.waiting -= 1
        if self.polls != mine:
            raise Refusal(409, OTHER_POLLER)
        self._refuse_beside_webhook()
        return self.pending[: limit if 1 <= limit <= MOST else MOST]

    def _refuse_beside_webhook(self) -> None:
        if self.webhook is not None:
            raise Refusal(409, WEBHOOK_SET)
