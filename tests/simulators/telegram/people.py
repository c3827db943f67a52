"""What people do: talk, press, command, block, throw the bot out. Each act makes its updates.

Decides only what privacy mode lets the bot see.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from tests.simulators.base import Changes
from tests.simulators.telegram.account import Account, Answered
from tests.simulators.telegram.shown import Shown, show
from tests.simulators.telegram.state import (
    Chat,
    Draft,
    File,
    Person,
    Place,
    Sent,
    Wire,
    World,
    message_wire,
)
from tests.simulators.telegram.texts import formatted
from tests.simulators.telegram.writing import keep_file

GROUPS = -4_000_000_000
SUPERGROUPS = -1_001_000_000_000


class People:
    """Everybody but the bot. Ids of people, places, messages and threads are text."""

    def __init__(
        self,
        account: Account,
        changes: Changes,
        now: Callable[[], float],
        wall: Callable[[], int],
        *,
        mentions_pass: bool = True,
    ) -> None:
        self.world: World = account.world
        self.changes = changes
        self._account = account
        self._updates = account.updates
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
        # The first message of a group is that it was made: General and a topic's opening have ids.
        self.world.message_id(chat)
        if people:
            self._standing(chat, people[0], "left", "member")
        return chat.place

    def topic(self, place: Place, name: str) -> str:
        """Open a topic in a forum, or in a private chat with topics; its id is the thread's."""
        chat = self._chat(place)
        if not (chat.forum or chat.private):
            raise ValueError(f"{chat.title} is no forum")
        opener = next(each for each in chat.members.values() if not each.bot)
        made = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        sent = self._put(chat, opener, extra=made)
        chat.topics[sent.id] = name
        sent.thread, sent.in_topic = sent.id, True
        self._tell(chat, sent)
        return str(sent.id)

    def make_admin(self, place: Place, person: Person) -> None:
        self._chat(place).admins.add(int(person.id))

    # --- what is done ---------------------------------------------------------------------

    async def say(
        self,
        place: Place,
        person: Person,
        text: str,
        *,
        mention: bool = False,
        reply_to: str | None = None,
        thread: str | None = None,
        files: Sequence[File] = (),
    ) -> str:
        """Send a message and give its id. Files are documents, the text their caption."""
        if mention:
            text = f"@{self.world.bot.username} {text}"
        chat = self._chat(place)
        extra: Wire = {}
        if files:
            extra = {"document": keep_file(self.world, files[0])}
        found = formatted(text, "", None, empty=True)
        sent = self._put(chat, person, extra=extra, reply_to=reply_to, thread=thread)
        sent.text, sent.entities, sent.files = found.text, found.entities, tuple(files[:1])
        sent.versions[-1] = (sent.at, sent.text)
        self._tell(chat, sent)
        return str(sent.id)

    async def command(
        self, place: Place, person: Person, name: str, args: str = "", *, thread: str | None = None
    ) -> str:
        """Give a command as the menu does: in groups with the bot's name."""
        chat = self._chat(place)
        at = "" if chat.private else f"@{self.world.bot.username}"
        return await self.say(place, person, f"/{name}{at} {args}".strip(), thread=thread)

    async def edit(self, place: Place, message_id: str, text: str) -> None:
        """Let a person change what they wrote."""
        chat = self._chat(place)
        sent = chat.messages[int(message_id)]
        found = formatted(text, "", None, empty=True)
        sent.text, sent.entities, sent.edit_date = found.text, found.entities, self._wall()
        sent.versions.append((self._now(), sent.text))
        self._tell(chat, sent, kind="edited_message")

    async def press(
        self, place: Place, person: Person, message_id: str, label: str, *, seconds: float = 15
    ) -> str:
        """Press a button by its label, and give the words that the presser alone sees then.

        Raises:
            LookupError: there is no such button. TimeoutError: the press was never answered.
        """
        chat = self._chat(place)
        sent = chat.messages[int(message_id)]
        buttons = [button for row in sent.buttons for button in row]
        found = next((each for each in buttons if label in str(each["text"])), None)
        if found is None:
            raise LookupError(f"no {label!r} among {[each['text'] for each in buttons]}")
        query = str(self.world.number())
        answered = self._account.presses[query] = Answered(presser=person)
        self._updates.add(
            "callback_query",
            {
                "id": query,
                "from": person.wire,
                "chat_instance": str(chat.id),
                "message": message_wire(chat, sent),
                "data": found.get("callback_data", ""),
            },
        )
        await self.changes.until(lambda: answered.text is not None, seconds=seconds)
        return answered.text or ""

    async def native_stop(self, place: Place, person: Person, *, thread: str | None = None) -> None:
        """Press the Stop of the draft that is shown.

        Raises:
            LookupError: no draft is shown that can be stopped.
        """
        chat, key = self._chat(place), None if thread is None else int(thread)
        draft = chat.draft(key, self._now())
        if draft is None or not draft.can_stop or draft.stopped:
            raise LookupError("no draft is shown that can be stopped")
        chat.drafts[key] = Draft(
            id=draft.id,
            text=draft.text if draft.keep_on_stop else "",
            at=draft.at,
            keep_on_stop=draft.keep_on_stop,
            stopped=True,
        )
        stopped: Wire = {"chat": chat.wire, "draft_id": draft.id}
        self._updates.add(
            "stopped_message_generation",
            stopped | ({"message_thread_id": key} if key is not None else {}),
        )

    async def migrate(self, place: Place) -> Place:
        """Make a supergroup of a basic group, and give its new place."""
        old = self._chat(place)
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
        chat = self._chat(place)
        chat.kicked = True
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

    def shown(self, place: Place, *, thread: str | None = None) -> Sequence[Shown]:
        """Give the bot's messages as they stand now; those of a thread, or of the whole chat."""
        chat = self._chat(place)
        return [
            show(chat, sent)
            for sent in chat.messages.values()
            if sent.sender.id == self.world.bot.id
            and (thread is None or sent.thread == int(thread))
        ]

    def drafts(self, place: Place) -> Sequence[Draft]:
        """Give the drafts that are shown now."""
        chat = self._chat(place)
        found = [chat.draft(thread, self._now()) for thread in chat.drafts]
        return [each for each in found if each is not None]

    def doing(self, place: Place) -> Sequence[tuple[float, str]]:
        """Give what was shown as going on ("typing"), with times."""
        return list(self._chat(place).actions)

    def reactions(self, place: Place, message_id: str) -> Sequence[str]:
        """Give the bot's reactions to a message."""
        return list(self._chat(place).messages[int(message_id)].reactions)

    # --- what it takes --------------------------------------------------------------------

    def _chat(self, place: Place) -> Chat:
        return self.world.chats[int(place.id)]

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
        number = None if thread is None else int(thread)
        if number is None and replied is not None:
            # In a supergroup without topics a thread is named after the message it began with.
            number = replied.thread or (replied.id if chat.kind == "supergroup" else None)
            number = number if not chat.forum or number in chat.topics else None
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
        if not (chat.kicked or chat.blocked) and self._reaches(chat, sent):
            self._updates.add(kind, message_wire(chat, sent))

    def _reaches(self, chat: Chat, sent: Sent) -> bool:
        """Say whether the bot gets a message, which in privacy mode depends on what it is."""
        return not self._account.privacy or reaches(
            self.world, chat, sent, mentions_pass=self._mentions_pass
        )

    def _standing(self, chat: Chat, person: Person, before: str, after: str) -> None:
        user = self.world.bot.wire
        until: dict[str, Any] = {"until_date": 0}
        members = [
            {"user": user, "status": status} | (until if status == "kicked" else {})
            for status in (before, after)
        ]
        self._updates.add(
            "my_chat_member",
            {
                "chat": chat.wire,
                "from": person.wire,
                "date": self._wall(),
                "old_chat_member": members[0],
                "new_chat_member": members[1],
            },
        )


def reaches(world: World, chat: Chat, sent: Sent, *, mentions_pass: bool) -> bool:
    """Say what privacy mode lets through: commands, replies to the bot, mentions if they pass."""
    if chat.private or int(world.bot.id) in chat.admins or not (sent.text or sent.files):
        return True
    replied = chat.messages.get(sent.reply_to) if sent.reply_to is not None else None
    if replied is not None and replied.sender.id == world.bot.id:
        return True
    words = list(_words(sent))
    name = f"@{world.bot.username}".lower()
    commands = [word for word in words if word.startswith("/")]
    if any("@" not in word or word.endswith(name) for word in commands):
        return True
    return mentions_pass and name in words


def _words(sent: Sent) -> Iterable[str]:
    raw = sent.text.encode("utf-16-le")
    for each in sent.entities:
        start = each["offset"] * 2
        yield raw[start : start + each["length"] * 2].decode("utf-16-le").lower()
