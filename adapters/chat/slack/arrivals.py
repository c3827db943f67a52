"""Slack tells that somebody came into a channel → `Added`, if that is the bot. Pure.

There are two events that tell so, and an app hears of one or of both. Decides nothing else.
"""

from __future__ import annotations

from typing import Final

from adapters.chat.slack.normalise import People, address_of, author_of, milliseconds
from adapters.chat.slack.wire import Callback, Event, Me
from core.types import Added

_JOINED: Final = frozenset({"channel_join", "group_join"})


def is_arrival(event: Event, me: Me) -> bool:
    """Say whether the bot came into a channel."""
    joined = event.type == "member_joined_channel" or event.subtype in _JOINED
    return joined and bool(event.channel) and event.user == me.user


def added(platform: str, callback: Callback, me: Me, people: People) -> Added:
    """Read it; whoever invited the bot did so, if Slack names them."""
    event = callback.event
    inviter = event.inviter or ""
    who = author_of(
        inviter,
        event.user_team or event.team or callback.team_id,
        event.channel,
        me=me,
        person=people.get(inviter),
        bot=not inviter,
    )
    when = event.event_ts or event.ts
    return Added(
        event_id=f"{event.channel}/joined/{when or callback.event_id}",
        address=address_of(platform, event.channel, None, direct=False),
        author=who,
        at=milliseconds(when),
        place=event.channel,
        rooms=(event.channel,),
        circles=(f"chat:{event.channel}", f"channel:{event.channel}", *_workspaces(me)),
        me=f"@{me.name}" if me.name else "",
        threads=True,
    )


def _workspaces(me: Me) -> tuple[str, ...]:
    return tuple(each for each in (me.team, me.enterprise) if each)
