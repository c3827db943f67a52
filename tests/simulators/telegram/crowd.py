"""Who there is, where they meet, and what becomes of these places: made, moved, left, looked at.

Ids of people, places, messages and threads are text here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from tests.simulators.base import Changes
from tests.simulators.telegram.account import RIGHTS, Account
from tests.simulators.telegram.rights import thread_in
from tests.simulators.telegram.shown import Shown, show
from tests.simulators.telegram.state import (
    Chat,
    Draft,
    Person,
    Place,
    Sent,
    Wire,
    message_wire,
)

GROUPS = -4_000_000_000
SUPERGROUPS = -1_001_000_000_000


class Crowd:
    """Everybody but the bot, and the chats they share with it."""

    def __init__(
        self,
        account: Account,
        changes: Changes,
        now: Callable[[], float],
        wall: Callable[[], int],
        *,
        mentions_pass: bool = True,
    ) -> None:
        self.account = account
        self.updates = account.updates
        self.world = account.world
        self.changes = changes
        self._now, self._wall = now, wall
        self._mentions_pass = mentions_pass

    # --- who and where --------------------------------------------------------------------

    def person(self, name: str, *, bot: bool = False, language: str = "en") -> Person:
        """Let somebody have an account."""
        number = self.world.number()
        slug = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_") or "user"
        username = f"{slug}_{number % 1000}{'_bot' if bot else ''}"
        made = Person(id=str(number), name=name, username=username, bot=bot, language=language)
        self.world.people[number] = made
        return made

    def dm(self, person: Person) -> Place:
        """Open the private chat; the bot may write there once something was said."""
        number = int(person.id)
        if number not in self.world.chats:
            members = {number: person, int(self.world.bot.id): self.world.bot}
            self.world.chats[number] = Chat(
                id=number, kind="private", title=person.name, members=members, started=False
            )
        return self.world.chats[number].place

    def group(self, name: str, *people: Person, forum: bool = False, basic: bool = False) -> Place:
        """Make a group with the bot in it; the first of its people administers it.

        A basic group is what can `migrate`; others are supergroups from the start.
        """
        kind: Literal["group", "supergroup"] = "group" if basic else "supergroup"
        number = (GROUPS if basic else SUPERGROUPS) - self.world.number()
        members = {int(each.id): each for each in (*people, self.world.bot)}
        chat = Chat(id=number, kind=kind, title=name, members=members, forum=forum)
        chat.admins = {int(each.id) for each in people[:1]}
        self.world.chats[number] = chat
        # The first message is that the group was made, so that 1 is never a topic's.
        self.world.message_id(chat)
        if people:
            self._standing(chat, people[0], "left", "member")
        return chat.place

    def topic(self, place: Place, name: str) -> str:
        """Open a topic in a forum, or in a private chat that may have some; gives the thread."""
        chat = self.chat(place)
        if not (chat.forum or (chat.private and self.account.topics)):
            raise ValueError(f"{chat.title} has no topics")
        opener = next(each for each in chat.members.values() if not each.bot)
        made = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        sent = self._put(chat, opener, extra=made)
        chat.topics[sent.id] = name
        sent.thread, sent.in_topic = sent.id, True
        self._tell(chat, sent)
        return str(sent.id)

    def close_topic(self, place: Place, thread: str) -> None:
        self.chat(place).closed.add(int(thread))

    def delete_topic(self, place: Place, thread: str) -> None:
        """Take a topic away with all that was said in it."""
        chat = self.chat(place)
        del chat.topics[int(thread)]
        chat.messages = {
            number: sent for number, sent in chat.messages.items() if sent.thread != int(thread)
        }

    def make_admin(self, place: Place, person: Person) -> None:
        """Let somebody administer a group; the bot itself then reads everything."""
        self.chat(place).admins.add(int(person.id))

    async def add(self, place: Place, person: Person, *, admin: bool = False) -> None:
        """Bring the bot into a group again, as an administrator or not."""
        chat, bot = self.chat(place), self.world.bot
        before = "kicked" if chat.kicked else "left"
        chat.kicked = chat.left = False
        chat.members[int(bot.id)] = bot
        if admin:
            chat.admins.add(int(bot.id))
        self._standing(chat, person, before, "administrator" if admin else "member")

    async def migrate(self, place: Place) -> Place:
        """Make a supergroup of a basic group, and give its new place."""
        old = self.chat(place)
        if old.kind != "group":
            raise ValueError(f"{old.title} is not basic")
        new = Chat(
            id=SUPERGROUPS - self.world.number(),
            kind="supergroup",
            title=old.title,
            members=dict(old.members),
            admins=set(old.admins),
        )
        self.world.chats[new.id] = new
        owner = next(each for each in old.members.values() if not each.bot)
        self._tell(old, self._put(old, owner, extra={"migrate_to_chat_id": new.id}))
        self._tell(new, self._put(new, owner, extra={"migrate_from_chat_id": old.id}))
        old.moved_to = new.id
        return new.place

    async def kick(self, place: Place, person: Person) -> None:
        """Throw the bot out of a group."""
        chat = self.chat(place)
        chat.kicked = True
        chat.members.pop(int(self.world.bot.id), None)
        chat.admins.discard(int(self.world.bot.id))
        self._standing(chat, person, "member", "kicked")

    async def block(self, person: Person) -> None:
        """Block the bot, in private."""
        chat = self.world.chats[int(person.id)]
        chat.blocked = True
        self._standing(chat, person, "member", "kicked")

    async def unblock(self, person: Person) -> None:
        chat = self.world.chats[int(person.id)]
        chat.blocked = False
        self._standing(chat, person, "kicked", "member")

    # --- what is seen ---------------------------------------------------------------------

    def chat(self, place: Place) -> Chat:
        return self.world.chats[int(place.id)]

    def shown(self, place: Place, *, thread: str | None = None) -> Sequence[Shown]:
        """Give the bot's messages as they stand now: of a thread, or of the whole chat."""
        chat = self.chat(place)
        return [
            show(chat, sent)
            for sent in chat.messages.values()
            if sent.sender.id == self.world.bot.id
            and (thread is None or sent.thread == int(thread))
        ]

    def drafts(self, place: Place) -> Sequence[Draft]:
        """Give the drafts that are shown now."""
        chat = self.chat(place)
        found = [chat.draft(thread, self._now()) for thread in chat.drafts]
        return [each for each in found if each is not None]

    def doing(self, place: Place) -> Sequence[tuple[float, str]]:
        """Give what was shown as going on ("typing"), with times."""
        return list(self.chat(place).actions)

    def reactions(self, place: Place, message_id: str) -> Sequence[str]:
        """Give the bot's reactions to a message."""
        return list(self.chat(place).messages[int(message_id)].reactions)

    # --- what it takes --------------------------------------------------------------------

    def _put(
        self,
        chat: Chat,
        person: Person,
        *,
        extra: Wire | None = None,
        reply_to: str | None = None,
        thread: str | None = None,
    ) -> Sent:
        if int(person.id) not in chat.members:
            raise ValueError(f"{person.name} is not in {chat.title}")
        replied = chat.messages[int(reply_to)] if reply_to is not None else None
        number = thread_in(chat, replied) if thread is None else int(thread)
        if thread is not None and number not in chat.topics:
            raise ValueError(f"{chat.title} has no topic {thread}")
        sent = Sent(
            id=self.world.message_id(chat),
            sender=person,
            date=self._wall(),
            at=self._now(),
            thread=number,
            in_topic=number in chat.topics,
            reply_to=replied.id if replied is not None else None,
            extra=dict(extra or {}),
        )
        return self.world.put(chat, sent)

    def _tell(self, chat: Chat, sent: Sent, *, kind: str = "message") -> None:
        chat.started = True
        if chat.kicked or chat.left or chat.blocked:
            return
        if not self.account.privacy or self._passes(chat, sent):
            self.updates.add(kind, message_wire(chat, sent))

    def _passes(self, chat: Chat, sent: Sent) -> bool:
        """Say what privacy mode lets through: commands, replies to the bot, perhaps mentions."""
        bot = self.world.bot
        if chat.private or int(bot.id) in chat.admins or not (sent.text or sent.files):
            return True
        replied = chat.messages.get(sent.reply_to) if sent.reply_to is not None else None
        if replied is not None and replied.sender.id == bot.id:
            return True
        name = f"@{bot.username}".lower()
        words = [word.lower() for word in sent.words]
        commands = [word for word in words if word.startswith("/")]
        if any("@" not in word or word.endswith(name) for word in commands):
            return True
        return self._mentions_pass and name in words

    def _standing(self, chat: Chat, person: Person, before: str, after: str) -> None:
        more: dict[str, dict[str, Any]] = {
            "kicked": {"until_date": 0},
            "administrator": dict.fromkeys(RIGHTS.split(), False),
        }
        members = [
            {"user": self.world.bot.wire, "status": status, **more.get(status, {})}
            for status in (before, after)
        ]
        self.updates.add(
            "my_chat_member",
            {
                "chat": chat.wire,
                "from": person.wire,
                "date": self._wall(),
                "old_chat_member": members[0],
                "new_chat_member": members[1],
            },
        )
