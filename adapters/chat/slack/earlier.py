"""Reads what was said in a thread before somebody called the bot.

Decides how far it reads, and which messages are somebody's words. Names are asked for as far as
Slack tells them; where it does not, ids have to do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.client import Api, ApiRefused
from adapters.chat.slack.normalise import attachment
from adapters.chat.slack.people import People
from adapters.chat.slack.search import cursor_of
from adapters.chat.slack.text import mentions, plain
from adapters.chat.slack.wire import Me, Shared
from core.errors import ChatBusy, ChatRefused
from core.types import Attachment, Message, Said, Speaker

PAGE: Final = 200
PAGES: Final = 5
"""Pages of a thread that are read: Slack gives the oldest first."""
PAUSE: Final = 600.0
"""Seconds before it is tried again where Slack does not let us read."""
_COUNTED: Final = frozenset({None, "file_share", "thread_broadcast", "me_message", "bot_message"})

Found = Mapping[str, object]


class Threads:
    """Reads threads of one workspace, no faster than Slack lets anybody read."""

    def __init__(self, api: Api, people: People, budgets: Budgets) -> None:
        """Read with `api`; `people` knows names."""
        self._api = api
        self._people = people
        self._budget = budgets.threads

    async def before(self, message: Message, me: Me, after: str | None) -> Sequence[Said]:
        """Give what was said in a message's thread before it and behind `after`, oldest first.

        Raises:
            ChatError: Slack does not show it now.
        """
        found = [each for each in await self._thread(message, after) if _is_said(each)]
        known = await self._people.of(_named(found, me))
        names = {user: person.name for user, person in known.items() if person.name}
        return [_said(each, me, names) for each in found]

    async def _thread(self, message: Message, after: str | None) -> Sequence[Found]:
        """Read the messages between two others; Slack gives the root with each page."""
        found: dict[str, Found] = {}
        cursor = ""
        for _ in range(PAGES):
            answer = await self._page(message, after or "0", cursor)
            found |= {_text(each, "ts"): each for each in _messages(answer)}
            cursor = cursor_of(answer)
            if not cursor:
                break
        first, last = _moment(after or "0"), _moment(message.message_id or "")
        return [found[ts] for ts in sorted(found, key=_moment) if first < _moment(ts) < last]

    async def _page(self, message: Message, after: str, cursor: str) -> Found:
        if wait := self._budget.wait():
            raise ChatBusy("enough threads were read", retry_after=wait)
        self._budget.take()
        call = self._api.web.conversations_replies(
            channel=message.address.channel,
            ts=message.address.thread or "",
            oldest=after,
            latest=message.message_id or "",
            limit=PAGE,
            cursor=cursor or None,
        )
        try:
            return await self._api.ask(call)
        except ChatBusy as busy:
            self._budget.block(busy.retry_after)
            raise
        except (ChatRefused, ApiRefused):
            self._budget.block(PAUSE)
            raise


def _messages(answer: Found) -> Iterator[Found]:
    told = answer.get("messages")
    yield from (each for each in told if isinstance(each, dict)) if isinstance(told, list) else ()


def _named(found: Sequence[Found], me: Me) -> Sequence[str]:
    """Give whose names are needed: authors first."""
    ids = [_text(each, "user") for each in found]
    ids += [user for each in found for user in mentions(_text(each, "text"))]
    return [each for each in dict.fromkeys(ids) if each and each != me.user]


def _is_said(found: Found) -> bool:
    return found.get("subtype") in _COUNTED


def _said(found: Found, me: Me, names: Mapping[str, str]) -> Said:
    user, bot = _text(found, "user"), _text(found, "bot_id")
    own = user == me.user or (bool(bot) and bot == me.bot)
    name = names.get(user) or _text(found, "username") or _bot_name(found)
    text = plain(_text(found, "text"), "", names) or ", ".join(_beside(found))
    who = Speaker(id=user or bot, name=name)
    files = _files(found)
    return Said(speaker=who, text=text, message_id=_text(found, "ts"), own=own, files=files)


def _files(found: Found) -> tuple[Attachment, ...]:
    try:
        shared = msgspec.convert(found.get("files") or (), tuple[Shared, ...])
    except msgspec.ValidationError:
        return ()
    return tuple(map(attachment, shared))


def _bot_name(found: Found) -> str:
    profile = found.get("bot_profile")
    return str(profile.get("name") or "") if isinstance(profile, dict) else ""


def _beside(found: Found) -> Iterable[str]:
    """Give what a message says that has no text: bots like to write so, and files have names."""
    for key, name in (("attachments", "fallback"), ("files", "name")):
        told = found.get(key)
        for each in told if isinstance(told, list) else ():
            if isinstance(each, dict) and each.get(name):
                yield str(each[name])


def _text(found: Found, key: str) -> str:
    value = found.get(key)
    return value if isinstance(value, str) else ""


def _moment(ts: str) -> float:
    try:
        return float(ts)
    except ValueError:
        return 0.0
