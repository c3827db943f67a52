"""Looks for a message of ours that was perhaps posted, by its metadata or its tasks.

Decides whether it is there; says so when that cannot be told. It stands in the thread in which it
was hung, or beside all threads: there everything is read that was posted since, page by page.
Only a stream that has not ended has no metadata, so an answer is known by that, and nothing else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final, Literal, TypeAlias

from adapters.chat.slack.client import Api, ScopeMissing, ThreadGone
from adapters.chat.slack.normalise import milliseconds
from adapters.chat.slack.stream import is_ours
from adapters.chat.slack.wire import Me
from core.errors import ChatError, ChatUnknown
from core.frames import File, Frame, Part

SLACK: Final = 5_000
"""Milliseconds that clocks may differ."""
PAGE: Final = 200
"""Messages of one page: Slack asks for no more, and gives fewer if it likes."""

MOST_PAGES: Final = 100
"""Pages that are read: behind so many nobody looks for an answer, and reading has to end."""

Found = Mapping[str, object]
Unmarked: TypeAlias = Literal["stream", "file"] | None


class Search:
    """Finds messages of ours in one workspace."""

    def __init__(self, api: Api, me: Me, known: Callable[[str, str], bool]) -> None:
        """Look with `api`; `me` is who we are, `known` tells which messages are ours to edit."""
        self._api = api
        self._me = me
        self._known = known

    async def find(
        self,
        channel: str,
        thread: str,
        delivery_id: str,
        *,
        since: int,
        kind: Unmarked = None,
    ) -> str | None:
        """Give the id of the message that this delivery has made, or None.

        `thread` is the root of the thread in which it was hung; blank: it opened none. `kind`:
        what it may be that bears no mark.

        Raises:
            ChatUnknown: Slack cannot tell. ChatError: it cannot tell now.
        """
        since = max(since - SLACK, 0)
        ours: list[Found] = []
        try:
            async for each in self._posted(channel, thread, since):
                if not self._mine(each) or milliseconds(_ts(each)) < since:
                    continue
                if _bears(each, delivery_id):
                    return _ts(each)
                ours.append(each)
        except ThreadGone:
            return None
        except ScopeMissing as refused:
            raise ChatUnknown(f"Slack does not show what was posted: {refused}") from None
        return self._unmarked(ours, channel, kind)

    def _unmarked(self, ours: Sequence[Found], channel: str, kind: Unmarked) -> str | None:
        """Give the one that can only be it, of messages that bear no mark."""
        if kind == "file" and any(each.get("files") for each in ours):
            raise ChatUnknown("a file of ours is there that cannot be told from it")
        if kind != "stream":
            return None
        streaming = [
            _ts(each) for each in ours if _streams(each) and not self._known(channel, _ts(each))
        ]
        if len(streaming) == 1:
            return streaming[0]
        if streaming:
            raise ChatUnknown("something of ours is there that cannot be told from it")
        return None

    async def _posted(self, channel: str, thread: str, since: int) -> AsyncIterator[Found]:
        """Give all that was posted there since; the root of a thread stands on each of its pages.

        Raises:
            ChatUnknown: it has no end, or more pages than are read.
        """
        cursors = {""}
        cursor = ""
        while True:
            answer = await self._page(channel, thread, since, cursor)
            for each in _messages(answer):
                yield each
            cursor = cursor_of(answer)
            if not cursor:
                return
            if cursor in cursors:
                raise ChatUnknown("Slack gives the same page again and again")
            if len(cursors) >= MOST_PAGES:
                raise ChatUnknown("more was posted there since than is read")
            cursors.add(cursor)

    async def _page(self, channel: str, thread: str, since: int, cursor: str) -> Found:
        oldest = f"{since / 1000:.6f}"
        if thread:
            call = self._api.web.conversations_replies(
                channel=channel,
                ts=thread,
                oldest=oldest,
                inclusive=True,
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
        else:
            call = self._api.web.conversations_history(
                channel=channel,
                oldest=oldest,
                inclusive=True,
                include_all_metadata=True,
                limit=PAGE,
                cursor=cursor or None,
            )
        return await self._api.ask(call)

    def _mine(self, found: Found) -> bool:
        return found.get("bot_id") == self._me.bot or found.get("user") == self._me.user


def unmarked(frame: Frame | None) -> Unmarked:
    """Say as what a message may stand there without a mark: most cannot."""
    match frame:
        case Frame(content=Part()):
            return "stream"
        case Frame(content=File()):
            return "file"
        case _:
            return None


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


def cursor_of(answer: Found) -> str:
    """Give what the next page is asked for with; blank if there is none."""
    more = answer.get("response_metadata")
    return str(more.get("next_cursor") or "") if isinstance(more, dict) else ""


def _ts(found: Found) -> str:
    return str(found.get("ts") or "")


def _bears(found: Found, delivery_id: str) -> bool:
    return is_ours(found.get("metadata"), delivery_id) or f"'{delivery_id}-" in str(
        found.get("blocks")
    )


def _streams(found: Found) -> bool:
    ended = found.get("streaming_state") in {"completed", "complete", "stopped"}
    return not (ended or found.get("metadata") or found.get("files") or found.get("subtype"))
