"""Looks for a message of ours that was perhaps posted, by its metadata or its tasks.

Decides whether it is there; says so when that cannot be told. Only a stream that has not ended
has no metadata, so it is known by that.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from typing import Final

from adapters.chat.slack.client import Api, ApiRefused
from adapters.chat.slack.normalise import milliseconds
from adapters.chat.slack.stream import is_ours
from adapters.chat.slack.wire import Me
from core.errors import ChatRefused, ChatUnknown
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
        streaming: list[str] = []
        files = False
        try:
            async for each in self._candidates(address, since):
                ts = str(each.get("ts") or "")
                if not self._mine(each) or milliseconds(ts) < since:
                    continue
                if _bears(each, delivery_id):
                    return ts
                files = files or bool(each.get("files"))
                if _streams(each) and not self._known(address.channel, ts):
                    streaming.append(ts)
        except (ChatRefused, ApiRefused) as refused:
            raise ChatUnknown(f"Slack does not show what was posted: {refused}") from None
        if len(streaming) == 1:
            return streaming[0]
        if streaming or files:
            raise ChatUnknown("something of ours is there that cannot be told from it")
        return None

    async def _candidates(self, address: Address, since: int) -> AsyncIterator[Found]:
        if address.thread is not None:
            for each in await self._replies(address.channel, address.thread, since):
                yield each
            return
        answer = await self._api.ask(
            self._api.web.conversations_history(
                channel=address.channel, include_all_metadata=True, limit=_PAGE
            )
        )
        roots = 0
        for each in _messages(answer):
            yield each
            latest = str(each.get("latest_reply") or "")
            if latest and milliseconds(latest) >= since and roots < _THREADS:
                roots += 1
                for reply in await self._replies(address.channel, str(each["ts"]), since):
                    yield reply

    async def _replies(self, channel: str, root: str, since: int) -> list[Found]:
        answer = await self._api.ask(
            self._api.web.conversations_replies(
                channel=channel,
                ts=root,
                oldest=f"{since / 1000:.6f}",
                inclusive=True,
                include_all_metadata=True,
                limit=_PAGE,
            )
        )
        return _messages(answer)

    def _mine(self, found: Found) -> bool:
        return found.get("bot_id") == self._me.bot or found.get("user") == self._me.user


def _messages(answer: Found) -> list[Found]:
    told = answer.get("messages")
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _bears(found: Found, delivery_id: str) -> bool:
    return is_ours(found.get("metadata"), delivery_id) or f"'{delivery_id}-" in str(
        found.get("blocks")
    )


def _streams(found: Found) -> bool:
    ended = found.get("streaming_state") in {"completed", "complete", "stopped"}
    return not (ended or found.get("metadata") or found.get("files") or found.get("subtype"))
