"""Slack's events → `Incoming`. Pure.

Decides what is a message of somebody to somebody; never whether it is answered. Twin events of
one message (`message` and `app_mention`) become equal values with one `event_id`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, Literal

from adapters.chat.slack.files import handle
from adapters.chat.slack.text import mentions, plain, without
from adapters.chat.slack.wire import Callback, Event, Handle, Me, Moment, Person, Place, Shared
from core.commands import names_person
from core.types import Address, Attachment, Author, Message, Press

NO_TURN: Final = "none"
"""A turn that there is not."""
_STAMP: Final = re.compile(r"(\d{1,12})(?:\.(\d{1,9}))?")
_COUNTED: Final = frozenset({None, "file_share", "thread_broadcast", "me_message", "bot_message"})
_KINDS: Final[dict[str, Literal["image", "audio", "video"]]] = {
    "image": "image",
    "audio": "audio",
    "video": "video",
}

People = Mapping[str, Person]


def is_message(event: Event, me: Me) -> bool:
    """Say whether somebody else said something: no edit, no deletion, no joining, not ourselves."""
    return (
        event.type in {"message", "app_mention"}
        and event.subtype in _COUNTED
        and bool(event.channel and event.ts and (event.user or event.bot_id))
        and event.user != me.user
        and (event.bot_id is None or event.bot_id != me.bot)
    )


def people_of(event: Event, me: Me) -> list[str]:
    """Give the ids of the people whose names a message needs, its author first."""
    ids = [event.user or "", *mentions(event.text or "")]
    return [each for each in dict.fromkeys(ids) if each and each != me.user]


def is_direct(channel: str, channel_type: str | None = None) -> bool:
    """Say whether nobody else reads there."""
    return channel_type == "im" if channel_type else channel.startswith("D")


def address_of(platform: str, channel: str, root: str | None, *, direct: bool) -> Address:
    """Give the conversation: a thread of a channel, or the whole of a direct one."""
    return Address(platform=platform, channel=channel, thread=None if direct else root)


def milliseconds(ts: Moment) -> int:
    """Read a Slack timestamp ("1700000000.000100"); 0 for what is none."""
    found = _STAMP.fullmatch(str(ts))
    return int(found[1]) * 1000 + int(f"{found[2] or ''}000"[:3]) if found else 0


def author_of(
    user: str,
    team: str,
    channel: str,
    *,
    me: Me,
    person: Person | None,
    bot: bool = False,
) -> Author:
    """Say who it is: `team` is the person's own workspace, which may be another than ours.

    People of a sister workspace in our grid are no guests, but neither are they of our workspace.
    Of whom Slack does not say now who they are, that may be a guest, and counts as one.
    """
    ours = team in {"", me.team, me.enterprise}
    known = person or (Person() if bot else Person(guest=True))
    sister = bool(me.enterprise) and known.enterprise == me.enterprise
    circles = [team or me.team, f"channel:{channel}"]
    circles += [me.team] if ours and me.enterprise else []
    circles += [me.enterprise] if ours or sister else []
    circles += known.groups
    return Author(
        id=user,
        name=known.name or user,
        is_bot=bot,
        circles=tuple(each for each in dict.fromkeys(circles) if each),
        is_guest=known.guest or not (ours or sister),
        is_admin=known.admin and ours,
    )


def circles_of(user: str, me: Me, people: People) -> tuple[str, ...]:
    """Give the circles of somebody at home, where no event says any; a guest has none."""
    author = author_of(user, "", "", me=me, person=people.get(user))
    return () if author.is_guest else author.circles


def message(platform: str, callback: Callback, me: Me, people: People) -> Message:
    """Read a message, or the mention that came with it."""
    event = callback.event
    text, user = event.text or "", event.user or event.bot_id or ""
    direct = is_direct(event.channel, event.channel_type)
    root = event.thread_ts or event.ts
    team = event.user_team or event.source_team or event.team or callback.team_id or me.team
    others = [each for each in mentions(text) if each != me.user]
    to_me = me.user in mentions(text) or event.type == "app_mention"
    replied = event.parent_user_id == me.user and not others
    author = author_of(
        user, team, event.channel, me=me, person=people.get(user), bot=event.bot_id is not None
    )
    if event.bot_id and event.app_id and event.app_id == callback.api_app_id:
        author = replace(author, is_self=True)  # a webhook of our own app
    return Message(
        event_id=f"{event.channel}/{event.ts}",
        address=address_of(platform, event.channel, root, direct=direct),
        author=author,
        text=_words(text, me, {each: people[each].name for each in others if _named(each, people)}),
        at=milliseconds(event.ts),
        message_id=event.ts,
        reply_to=Place(thread=root, user=user, team=team).reply_to,
        direct=direct,
        addressed=direct or to_me or replied,
        to_others=bool(others),
        attachments=tuple(attachment(each) for each in event.files or ()),
        apart=root or "" if direct else "",
    )


def _words(text: str, me: Me, names: Mapping[str, str]) -> str:
    """Give the words; whom a command names stays an id, for a name could be anybody's."""
    bare = without(text, me.user).strip()
    return bare if names_person(bare) else plain(text, me.user, names)


def _named(user: str, people: People) -> bool:
    return user in people and bool(people[user].name)


def root_of(event: Event) -> str | None:
    """Give the thread that Slack's own Stop button stands in."""
    return event.thread_ts or event.ts or None


def stopped(platform: str, callback: Callback, me: Me, people: People, turn_id: str = "") -> Press:
    """Read Slack's own Stop button; it names a thread and no turn.

    `turn_id` is the one that is shown there. It matters in a direct conversation alone, which
    has many threads: what goes on in another is not meant.
    """
    event = callback.event
    user = event.user or ""
    direct = is_direct(event.channel)
    root = root_of(event)
    team = event.user_team or event.team or callback.team_id
    return Press(
        event_id=f"stop/{event.channel}/{event.event_ts or callback.event_id}",
        address=address_of(platform, event.channel, root, direct=direct),
        author=author_of(user, team, event.channel, me=me, person=people.get(user)),
        action="stop",
        turn_id=(turn_id or NO_TURN) if direct else "",
        at=milliseconds(event.event_ts),
        reply_to=Place(thread=root or "", user=user, team=team).reply_to,
        direct=direct,
        handle=Handle(channel=event.channel, user=user, thread=root or "").write(),
        apart=root or "" if direct else "",
    )


def attachment(file: Shared) -> Attachment:
    """Name a file that came with a message."""
    media = file.mimetype or ""
    return Attachment(
        kind=_KINDS.get(media.partition("/")[0], "document"),
        name=file.name or file.title or file.id or "file",
        size=file.size,
        media_type=media,
        ref=handle(file.id, file.url_private),
    )
