"""Looks for a message of ours that was perhaps posted, by its metadata or its tasks.

Decides whether it is there; says so when that cannot be told. Only a stream that has not ended
has no metadata, so it is known by that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from adapters.chat.slack.client import Api, ApiRefused, ThreadGone
from adapters.chat.slack.normalise import milliseconds
from adapters.chat.slack.stream import is_ours
from adapters.chat.slack.wire import Me
from core.errors import ChatError, ChatRefused, ChatUnknown
from core.types import Address

SLACK: Final = 5_000
"""Milliseconds that clocks may differ."""
_PAGE: Final = 200
_THREADS: Final = 20

Found = Mapping[str, object]


class Search:
    """Finds messages of ours in one workspace."""

    def __init__(self, api: Api, me: Me, known: Callable[[str, str], bool]) -> None:
        """Look with `api`; `me` is who we are, `known` tells which messages are ours to edit."""
        self._api = api
        self._me = me
        self._known = known

    async def find(self, address: Address, delivery_id: str, *, since: int) -> str | None:
        """Give the id of the message that this delivery has made, or None.

        Raises:
            ChatUnknown: Slack cannot tell. ChatError: it cannot tell now.
        """
        since -= SLACK
        ours: list[Found] = []
        try:
            async for each in self._candidates(address, since):
                if not self._mine(each) or milliseconds(_ts(each)) < since:
                    continue
                if _bears(each, delivery_id):
                    return _ts(each)
                ours.append(each)
        except (ChatRefused, ApiRefused) as refused:
            raise ChatUnknown(f"Slack does not show what was posted: {refused}") from None
        return self._unmarked(ours, address.channel)

    def _unmarked(self, ours: Sequence[Found], channel: str) -> str | None:
        """Give the one that can only be it, of messages that bear no mark."""
        streaming = [
            _ts(each) for each in ours if _streams(each) and not self._known(channel, _ts(each))
        ]
        if len(streaming) == 1:
            return streaming[0]
        if streaming or any(each.get("files") for each in ours):
            raise ChatUnknown("something of ours is there that cannot be told from it")
        return None

    async def _candidates(self, address: Address, since: int) -> AsyncIterator[Found]:
        channel = address.channel
        if address.thread is not None:
            for each in await self._replies(channel, address.thread, since):
                yield each
            return
        answer = await self._api.ask(
            self._api.web.conversations_history(
                channel=channel, include_all_metadata=True, limit=_PAGE
            )
        )
        found = _messages(answer)
        for each in found:
            yield each
        roots = [_ts(each) for each in found if _may_hold(each, since)]
        for root in roots[:_THREADS]:
            for reply in await self._replies(channel, root, since):
                yield reply

    async def _replies(self, channel: str, root: str, since: int) -> list[Found]:
        call = self._api.web.conversations_replies(
            channel=channel,
            ts=root,
            oldest=f"{since / 1000:.6f}",
            inclusive=True,
            include_all_metadata=True,
            limit=_PAGE,
        )
        try:
            return _messages(await self._api.ask(call))
        except ThreadGone:
            return []

    def _mine(self, found: Found) -> bool:
        return found.get("bot_id") == self._me.bot or found.get("user") == self._me.user


async def root_of(api: Api, channel: str, ts: str) -> str:
    """Give the root of the thread that a message stands in; blank if Slack does not say."""
    try:
        answer = await api.ask(api.web.conversations_replies(channel=channel, ts=ts, limit=1))
    except ChatError:
        return ""
    first = next(iter(_messages(answer)), {})
    root = str(first.get("thread_ts") or _ts(first))
    return "" if root == ts else root


def _messages(answer: Found) -> list[Found]:
    told = answer.get("messages")
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _ts(found: Found) -> str:
    return str(found.get("ts") or "")


def _may_hold(found: Found, since: int) -> bool:
    """Say whether something may have been written below since; Slack does not always say when."""
    latest = found.get("latest_reply")
    if latest:
        return milliseconds(str(latest)) >= since
    return milliseconds(_ts(found)) >= since or bool(
        found.get("reply_count") or found.get("thread_ts")
    )


def _bears(found: Found, delivery_id: str) -> bool:
    return is_ours(found.get("metadata"), delivery_id) or f"'{delivery_id}-" in str(
        found.get("blocks")
    )


def _streams(found: Found) -> bool:
    ended = found.get("streaming_state") in {"completed", "complete", "stopped"}
    return not (ended or found.get("metadata") or found.get("files") or found.get("subtype"))
