"""What became of a message after it was written → what it is now, or that it is gone. Pure.

Decides what of it is a change at all: Slack tells of a message again when links in it unfurl, and
of a deleted one that has a thread below it, it says that it was changed into a tombstone.
"""

from __future__ import annotations

from msgspec.structs import replace

from adapters.chat.slack.normalise import is_message, milliseconds
from adapters.chat.slack.wire import Callback, Event, Me, Version
from core.types import Address, Author, Deleted, Edited, Message


def rewritten(callback: Callback, me: Me) -> Callback | None:
    """Give the message as it is now, as if it had just been said; None if nobody changed it."""
    event = callback.event
    now, before = event.message, event.previous_message
    if event.subtype != "message_changed" or now is None or _is_tombstone(now):
        return None
    if before is not None and (before.text, before.edited) == (now.text, now.edited):
        return None
    said = _said(event, now)
    return replace(callback, event=said) if is_message(said, me) else None


def deleted(platform: str, callback: Callback, me: Me) -> Deleted | None:
    """Read a deletion; None where something else happened, or a message of ours is gone."""
    event = callback.event
    before = event.previous_message or Version()
    now, ts = event.message, ""
    if event.subtype == "message_deleted":
        ts = event.deleted_ts or before.ts
    elif event.subtype == "message_changed" and now is not None and _is_tombstone(now):
        ts = now.ts
    ours = before.user == me.user or (before.bot_id is not None and before.bot_id == me.bot)
    if not ts or not event.channel or ours:
        return None
    return Deleted(
        event_id=f"gone/{event.channel}/{ts}",
        address=Address(platform=platform, channel=event.channel),
        author=Author(id=before.user or "", name=""),
        of=f"{event.channel}/{ts}",
        at=milliseconds(event.event_ts),
    )


def edited(now: Message, event: Event) -> Edited:
    """Make the change of a message out of the whole of it as it stands now."""
    return Edited(
        event_id=f"edit/{now.event_id}/{event.event_ts or event.ts}",
        address=now.address,
        author=now.author,
        message=now,
        at=_changed_at(event),
    )


def _changed_at(event: Event) -> int:
    """Say when it was changed: a link that unfolds is told later, and is no later change.

    Slack writes whole seconds there: which of two changes of one second came last, and whether one
    came before the message, is read from when they are told, as far as that lies in that second.
    """
    version, told = event.message, milliseconds(event.event_ts or event.ts)
    if version is None or version.edited is None or not version.edited.ts:
        return told
    second = milliseconds(version.edited.ts)
    return max(min(told, second + 999), second, milliseconds(version.ts))


def _is_tombstone(version: Version) -> bool:
    return version.subtype == "tombstone"


def _said(event: Event, now: Version) -> Event:
    return Event(
        type="message",
        subtype=now.subtype,
        channel=event.channel,
        channel_type=event.channel_type,
        user=now.user,
        bot_id=now.bot_id,
        text=now.text,
        ts=now.ts,
        thread_ts=now.thread_ts,
        event_ts=event.event_ts,
        parent_user_id=now.parent_user_id,
        team=now.team,
        user_team=now.user_team,
        source_team=now.source_team,
        files=now.files,
    )
