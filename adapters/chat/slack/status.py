"""Shows in Slack that a question was seen and is worked on; best effort, and quiet about failing.

Decides how: an agent session in processing, which has Slack's own Stop button, else eyes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
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
MOMENT: Final = 0.3
"""Seconds that the first message waits, so as to know whether it needs a Stop button."""
CALL: Final = 5.0
REST: Final = 600.0
"""Seconds for which it is not tried where it took too long again and again."""
_REMEMBERED: Final = 5_000

log = logging.getLogger(__name__)


class Sessions:
    """The agent sessions of one workspace that are in processing."""

    def __init__(self, api: Api, budgets: Budgets) -> None:
        """Begin with none."""
        self._api = api
        self._budgets = budgets
        self._working = Recent[tuple[str, str], bool](_REMEMBERED)  # whether Slack has said so
        self._asked: dict[tuple[str, str], asyncio.Event] = {}
        self._turns = Recent[tuple[str, str], str](_REMEMBERED)
        self._off = False
        self._refused = 0
        self._blind = False
        self._stoppable = True

    async def seen(self, channel: str, thread: str, user: str, ts: str, text: str) -> None:
        """Show that a message was seen."""
        if not await self.begin(channel, thread, user, text, patience=None):
            await self._eyes(channel, ts)

    async def begin(
        self,
        channel: str,
        thread: str,
        user: str,
        text: str = "",
        *,
        patience: float | None = MOMENT,
    ) -> bool:
        """Put a session into processing, unless it is or is being put already.

        Returns:
            Whether people see a Stop button then; False if that takes more than `patience` seconds.
        """
        key = (channel, thread)
        if self._off or not thread:
            return False
        try:
            async with asyncio.timeout(patience):
                if (asked := self._asked.get(key)) is not None:
                    await asked.wait()
                elif key not in self._working:
                    await self._process(key, user, text)
        except TimeoutError:
            log.info("Slack takes long to say that a session is in processing")
        return self._working.get(key) is True and self._stoppable

    def works(self, channel: str, thread: str) -> bool:
        """Say whether a session is in processing, for all we know."""
        return (channel, thread) in self._working

    def answered_by(self, channel: str, thread: str, turn_id: str) -> None:
        """Note which turn is shown in a thread."""
        self._turns[channel, thread] = turn_id

    def turn(self, channel: str, thread: str) -> str:
        """Give the turn that was shown last in a thread, blank if it is not known."""
        return self._turns.get((channel, thread)) or ""

    def presume(self, channel: str, thread: str) -> None:
        """Note that a turn of an earlier run goes on, so that its session may be in processing."""
        known = self._off or not thread or self.works(channel, thread)
        if not known and not self._budgets.states.wait():
            self._working[channel, thread] = False
            self._budgets.states.owe(_name((channel, thread)))

    async def _process(self, key: tuple[str, str], user: str, text: str) -> None:
        if self._budgets.status.wait() or self._budgets.states.wait():
            return
        self._budgets.status.take()
        asked = self._asked[key] = asyncio.Event()
        self._working[key] = False  # for all we know, whatever becomes of the call
        title = neutralise(shorten(" ".join(text.split()), TITLE))
        try:
            async with asyncio.timeout(CALL):
                answer = await self._set(key, "processing", title=title, user=user)
        except (ChatError, TimeoutError) as error:
            self._failed(key, error)
        else:
            self._refused = 0
            self._heed(str(answer.get("warning") or answer.get("response_metadata")))
            await self._began(key)
        finally:
            del self._asked[key]
            asked.set()

    async def _began(self, key: tuple[str, str]) -> None:
        if key in self._working:
            self._working[key] = True
            self._budgets.states.owe(_name(key))
        else:  # its turn has ended in the meantime
            await self._wait_for_people(key)

    async def end(self, channel: str, thread: str) -> None:
        """Let a session wait for people again, if it is in processing."""
        if self.ended(channel, thread):
            await self._wait_for_people((channel, thread))

    def ended(self, channel: str, thread: str) -> bool:
        """Note that a session is not in processing any more; False if it was not."""
        key = (channel, thread)
        self._budgets.states.waive(_name(key))
        return self._working.pop(key) is not None

    async def _wait_for_people(self, key: tuple[str, str]) -> None:
        try:
            await self._set(key, "active")
        except ChatError as error:
            self._latch(error)

    async def _set(
        self, key: tuple[str, str], status: str, *, title: str = "", user: str = ""
    ) -> Mapping[str, object]:
        self._budgets.states.make()
        channel, thread = key
        return await self._api.ask(
            self._api.web.agents_sessions_setStatus(
                channel_id=channel,
                thread_ts=thread,
                status=status,
                title=title or None,
                initiator_user_id=user or None,
            )
        )

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

    def _failed(self, key: tuple[str, str], error: ChatError | TimeoutError) -> None:
        if isinstance(error, TimeoutError):
            self._refused += 1
            if self._refused >= ENOUGH:
                self._budgets.status.block(REST)
            return
        if isinstance(error, ChatBusy | ChatRefused | ApiRefused):
            self._working.pop(key)
        self._latch(error)

    def _latch(self, error: ChatError) -> None:
        if isinstance(error, ChatBusy):
            self._budgets.status.block(error.retry_after)
        if isinstance(error, ChatRefused | ApiRefused):
            self._refused += 1
            self._off = self._off or self._refused >= ENOUGH or isinstance(error, ChatRefused)
            log.info("no agent session here, so no Stop button of Slack's own: %s", error)


def _name(key: tuple[str, str]) -> str:
    return "/".join(key)
