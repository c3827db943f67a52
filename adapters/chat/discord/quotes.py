"""What people said to each other → `Said`: what a message replies to, and what stands in a thread.

Pure. Decides which messages are somebody's words, and what those are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from adapters.chat.discord import shapes
from adapters.chat.discord.attached import attached
from core.types import Said, Speaker

REPLY: Final = 0
"""How a reference says that it is a reply, and no forward."""

PAGE: Final = 60
"""So many messages of a thread are read, some of them the bot's own."""

_SAID: Final = frozenset({0, 19})
_STARTER: Final = 21
"""Stands in a thread for the message that opened it, which it refers to."""
_MENTION: Final = re.compile(r"<@!?(\d+)>")


def replied_to(message: shapes.Message) -> shapes.User | None:
    """Give who wrote what this replies to."""
    reference, answer = message.message_reference, message.referenced_message
    if reference is None or reference.type != REPLY or answer is None:
        return None
    return answer.author


def answered(message: shapes.Message, me: str) -> Said | None:
    """Give what a message replies to, as far as Discord shows it."""
    author, answer = replied_to(message), message.referenced_message
    return None if author is None or answer is None else _said(answer, author, me, {})


def told(messages: Iterable[shapes.Message], me: str, *, after: str | None) -> Sequence[Said]:
    """Give what was said in a thread behind a message, oldest first."""
    newer = [each for each in messages if _number(each.id) > _number(after or "")]
    found = (_of_thread(each, me) for each in sorted(newer, key=lambda each: _number(each.id)))
    return [each for each in found if each is not None]


def _of_thread(message: shapes.Message, me: str) -> Said | None:
    opened = message.referenced_message
    if message.type == _STARTER and opened is not None and opened.author is not None:
        return _said(opened, opened.author, me, {})
    if message.type not in _SAID:
        return None
    names = {each.id: f"@{each.global_name or each.username}" for each in message.mentions}
    return _said(message, message.author, me, names)


def _said(
    message: shapes.Message | shapes.Other, author: shapes.User, me: str, names: dict[str, str]
) -> Said:
    files = ", ".join(file.filename for file in message.attachments)
    text = _MENTION.sub(lambda found: names.get(found[1], found[0]), message.content)
    return Said(
        speaker=Speaker(id=author.id, name=author.global_name or author.username),
        text=text or (f"[{files}]" if files else ""),
        message_id=message.id,
        own=author.id == me,
        files=attached(message.attachments),
    )


def _number(message_id: str) -> int:
    return int(message_id) if message_id.isdecimal() else 0
