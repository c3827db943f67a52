"""Where the bot is brought, and by whom; and from where it is sent away. Pure.

Decides only whether a change of the bot's standing means that it came or that it went.
"""

from __future__ import annotations

from dataclasses import dataclass

import telegram

from adapters.chat.telegram.account import Me
from core.types import Added, Address, Author


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where an update is read: the account's key, who the bot is, and when it is now, in ms."""

    platform: str
    me: Me
    now: int


def added(changed: telegram.ChatMemberUpdated, update_id: int, setting: Setting) -> Added | None:
    """Read that the bot was brought into a group, or into a channel, where it never speaks."""
    chat, me = changed.chat, setting.me
    if chat.type == "private" or _is_in(changed.old_chat_member):
        return None
    if not _is_in(changed.new_chat_member):
        return None
    channel = str(chat.id)
    reads_all = me.reads_all or changed.new_chat_member.status == "administrator"
    name = f"@{me.username}" if me.username else ""
    return Added(
        event_id=f"update/{update_id}",
        address=Address(platform=setting.platform, channel=channel),
        author=person(changed.from_user, chat),
        at=int(changed.date.timestamp() * 1000) or setting.now,
        place=channel,
        rooms=() if chat.type == "channel" else (channel,),
        circles=(f"chat:{channel}",),
        me=name,
        suffix=name,
        hears=reads_all,
    )


def removed_from(update: telegram.Update) -> str:
    """Give the chat that the bot may write to no more, by its title; empty for other updates."""
    changed = update.my_chat_member
    if changed is None or changed.new_chat_member.status not in {"kicked", "left"}:
        return ""
    return changed.chat.effective_name or str(changed.chat.id)


def person(user: telegram.User, chat: telegram.Chat) -> Author:
    """Say who somebody is, in a chat."""
    return Author(
        id=str(user.id),
        name=user.full_name or user.username or str(user.id),
        is_bot=user.is_bot,
        circles=() if chat.type == "private" else (f"chat:{chat.id}",),
    )


def _is_in(member: telegram.ChatMember) -> bool:
    """Say whether that is the standing of somebody who is in the chat."""
    if isinstance(member, telegram.ChatMemberRestricted):
        return member.is_member
    return member.status in {"member", "administrator", "creator"}
