"""What a message says, and to whom: its words without the bot's name, or a command. Pure.

Decides what counts as a command (what the text or caption begins with, the bot's name apart) and
whom a message means. Telegram marks both; in a text without any marks they are looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import telegram

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.attachments import attachments
from core.markup import utf16

_COMMAND: Final = re.compile(r"/(\w{1,32})(?:@(\w+))?", re.ASCII)
_NAMES: Final = re.compile(r"@|\d+(?:\s|$)")
"""What names somebody itself, be it by a user name."""
_MARKS: Final = re.compile(
    r"(?<![\w/<>@])(?:(?P<bot_command>/\w{1,32}(?:@\w+)?)|(?P<mention>@\w+))(?![\w/<>@])", re.ASCII
)


class Said:
    """What a message says. `replied`: it is a reply to the bot."""

    def __init__(self, message: telegram.Message, me: Me) -> None:
        """Read it; `me` is the bot."""
        self.attachments = attachments(message)
        self.mentioned = False
        self.for_another_bot = False
        self.command: str | None = None
        self._others = False
        self._me = me
        text = message.text or message.caption or ""
        self._raw = text.encode("utf-16-le", "surrogatepass")
        marks = (*message.entities, *message.caption_entities) or tuple(_marks(text, me))
        spans = [(each.offset, each.offset + each.length) for each in marks if self._to_me(each)]
        text = self._without(spans).strip() if spans else text.strip()
        commands = {self._word(each) for each in marks if each.type == "bot_command"}
        self.text = self._arguments(text, commands)
        replied = _replied(message)
        self.replied = replied is not None and replied.id == me.id
        self.to_others = self._others or (replied is not None and not self.replied)

    @property
    def addressed(self) -> bool:
        """Whether it is meant for the bot."""
        return self.mentioned or self.replied

    def about(self, message: telegram.Message) -> str:
        """Give the arguments of a command about somebody, with their id where Telegram tells it.

        It does for a mention of somebody without a user name, and for whose message is replied
        to; a user name alone tells no id, and stays what it is.
        """
        for each in message.entities:
            if each.type == "text_mention" and each.user is not None and not self._is_me(each.user):
                return self.text.replace(self._word(each), str(each.user.id), 1)
        replied = _replied(message)
        if replied is None or self._is_me(replied) or _NAMES.match(self.text):
            return self.text
        return f"{replied.id} {self.text}".strip()

    def _is_me(self, user: telegram.User) -> bool:
        return user.id == self._me.id

    def _word(self, entity: telegram.MessageEntity) -> str:
        found = self._raw[2 * entity.offset : 2 * (entity.offset + entity.length)]
        return found.decode("utf-16-le", "replace")

    def _to_me(self, entity: telegram.MessageEntity) -> bool:
        """Look whom an entity means; True if it is to be taken out of the text."""
        if entity.type not in {"mention", "text_mention"}:
            return False
        named = entity.type == "mention" and self._names_me(self._word(entity)[1:])
        if named or (entity.user is not None and entity.user.id == self._me.id):
            self.mentioned = True
            return True
        self._others = True
        return False

    def _names_me(self, name: str) -> bool:
        return name.lower() == self._me.username.lower()

    def _arguments(self, text: str, commands: set[str]) -> str:
        """Give what follows the command that the text begins with, if it does."""
        found = _COMMAND.match(text)
        if found is None or found[0] not in commands:
            return text
        self.command = found[1].lower()
        self.mentioned |= bool(found[2]) and self._names_me(found[2])
        self.for_another_bot = bool(found[2]) and not self._names_me(found[2])
        return text[found.end() :].lstrip()

    def _without(self, spans: list[tuple[int, int]]) -> str:
        pieces, at = [], 0
        for start, end in sorted(spans):
            pieces.append(self._raw[2 * at : 2 * start])
            at = end
        pieces.append(self._raw[2 * at :])
        text = " ".join(piece.decode("utf-16-le", "surrogatepass").strip(" \t") for piece in pieces)
        return text.lstrip(" \t,:")


def _marks(text: str, me: Me) -> Iterator[telegram.MessageEntity]:
    """Find commands and the bot's name in a text in which nothing is marked."""
    for found in _MARKS.finditer(text):
        word, kind = found[0], found.lastgroup or ""
        if kind == "bot_command" or word[1:].lower() == me.username.lower():
            yield telegram.MessageEntity(kind, utf16(text[: found.start()]), utf16(word))


def _replied(message: telegram.Message) -> telegram.User | None:
    """Say to whom a message replies."""
    to = replied_to(message)
    return None if to is None else to.from_user


def replied_to(message: telegram.Message) -> telegram.Message | None:
    """Give what a message replies to; in a topic everything replies to its first message."""
    to = message.reply_to_message
    if to is None or to.forum_topic_created is not None or to.from_user is None:
        return None
    if message.is_topic_message and to.message_id == message.message_thread_id:
        return None
    return to
