"""When the bot speaks, and who may change what others asked. Pure; asks nobody, stores nothing.

Decides whether a message concerns the bot, who may stop, ask again or remove a turn, and who
chooses a preset for others. Who is let in at all, `core.access` decides.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

from core.access import ADMINS, Role
from core.presets import Level
from core.types import Author, Message

Listen: TypeAlias = Literal["mention", "all"]
Threads: TypeAlias = Literal["owned", "mention"]
Verdict: TypeAlias = Literal["ignore", "answer", "answer_if_owned"]


def verdict(message: Message, *, listen: Listen = "mention", threads: Threads = "owned") -> Verdict:
    """Say whether a message is answered.

    In a direct chat always. Elsewhere on a mention, a reply to the bot, a command, or in a thread
    that it owns; where it listens to all, everything. What is said to somebody else is not its
    business unless it is addressed, too. Bots are ignored.

    Returns:
        `answer_if_owned` where it depends on whether the bot owns the thread: its root message
        was accepted, so it addressed the bot or the bot opened the thread.
    """
    if message.author.is_bot:
        return "ignore"
    if message.direct or message.addressed:
        return "answer"
    if message.to_others:
        return "ignore"
    if listen == "all":
        return "answer"
    if message.address.thread is not None and threads == "owned":
        return "answer_if_owned"
    return "ignore"


def may_change(role: Role, *, asker: str, author: Author) -> bool:
    """Say whether somebody may stop, ask again or remove a turn: its asker, and admins."""
    return author.id == asker or role in ADMINS


def may_choose(role: Role, level: Level, *, direct: bool) -> bool:
    """Say whether somebody may set a preset: for a whole channel admins, else everybody here."""
    return direct or level != "channel" or role in ADMINS
