"""Shows in Slack that a question was seen and is worked on; best effort, and quiet about failing.

Decides how: an agent session in processing, which has Slack's own Stop button, else eyes.
"""

from __future__ import annotations

import logging
from typing import Final

from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.client import Api, ApiRefused
from adapters.chat.slack.text import neutralise, shorten
from core.errors import ChatBusy, ChatError, ChatRefused
from core.recent import Recent

TITLE: Final = 80
UNHEARD: Final = "missing_agent_session_stopped_event_subscription"
ENOUGH: Final = 3
"""Refusals in a row after which it is not tried any more."""
_REMEMBERED: Final = 5_000

log = logging.getLogger(__name__)


class Sessions:
    """The agent sessions of one workspace that are in processing."""

    def __init__(self, api: Api, budgets: Budgets) -> None:
        """Begin with none."""
        self._api = api
        self._budgets = budgets
        self._working = Recent[tuple[str, str], None](_REMEMBERED)
        self._off = False
        self._refused = 0
        self._blind = False
        self._stoppable = True

    async def seen(self, channel: str, thread: str, user: str, ts: str, text: str) -> None:
        """Show that a message was seen."""
        if not await self.begin(channel, thread, user, text):
            await self._eyes(channel, ts)

    async def begin(self, channel: str, thread: str, user: str, text: str = "") -> bool:
        """Put a session into processing, if it is not; False if people see no Stop button then."""
        if self._off or not thread:
            return False
        if (channel, thread) in self._working:
            return self._stoppable
        if self._budgets.status.wait():
            return False
        self._budgets.status.take()
        title = shorten(" ".join(text.split()), TITLE)
        try:
            answer = await self._api.ask(
                self._api.web.agents_sessions_setStatus(
                    channel_id=channel,
                    thread_ts=thread,
                    status="processing",
                    title=neutralise(title) or None,
                    initiator_user_id=user or None,
                )
            )
        except ChatError as error:
            self._latch(error)
            return False
        self._refused = 0
        self._working[channel, thread] = None
        self._heed(str(answer.get("warning") or answer.get("response_metadata")))
        return self._stoppable

    async def end(self, channel: str, thread: str, *, surely: bool = False) -> None:
        """Let a session wait for people again, if it is in processing.

        `surely`: it may be from an earlier run, of which nothing is known here.
        """
        may = surely and bool(thread) and not self._off and not self._budgets.status.wait()
        if not self.ended(channel, thread) and not may:
            return
        self._budgets.status.take()
        try:
            await self._api.ask(
                self._api.web.agents_sessions_setStatus(
                    channel_id=channel, thread_ts=thread, status="active"
                )
            )
        except ChatError as error:
            self._latch(error)

    def ended(self, channel: str, thread: str) -> bool:
        """Note that a session is not in processing any more; False if it was not."""
        known = (channel, thread) in self._working
        self._working.pop((channel, thread))
        return known

    async def _eyes(self, channel: str, ts: str) -> None:
        if self._blind or self._budgets.reaction.wait():
            return
        self._budgets.reaction.take()
        try:
            await self._api.ask(
                self._api.web.reactions_add(channel=channel, name="eyes", timestamp=ts)
            )
        except ChatBusy as busy:
            self._budgets.reaction.block(busy.retry_after)
        except ChatRefused as refused:
            self._blind = True
            log.warning("questions are not marked as seen: %s", refused)
        except ChatError as error:
            log.debug("not marked as seen: %s", error)

    def _heed(self, warning: str) -> None:
        """Notice that Slack has nobody to tell when its own Stop is pressed."""
        if self._stoppable and UNHEARD in warning:
            self._stoppable = False
            log.warning(
                "%s: the app does not hear agent_session_stopped, so Slack shows no Stop of its "
                "own: add it under Event Subscriptions (slack-manifest.yaml)",
                self._api.what,
            )

    def _latch(self, error: ChatError) -> None:
        if isinstance(error, ChatBusy):
            self._budgets.status.block(error.retry_after)
        if isinstance(error, ChatRefused | ApiRefused):
            self._refused += 1
            self._off = self._off or self._refused == ENOUGH or isinstance(error, ChatRefused)
            log.info("no agent session here, so no Stop button of Slack's own: %s", error)
