"""What people do on this Discord, and what they see: tests and hands go through here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.simulators.base import PATIENCE
from tests.simulators.discord import channels, commands, messages, objects, pings
from tests.simulators.discord.components import BUTTON, SELECTS, walk
from tests.simulators.discord.desk import Desk
from tests.simulators.discord.interactions import (
    AUTOCOMPLETE,
    COMPONENT,
    DEFERRED,
    MODAL,
    SLASH,
    Interaction,
    Interactions,
)
from tests.simulators.discord.seen import Person, Place, Shown, shown
from tests.simulators.discord.seen import label as caption
from tests.simulators.discord.world import (
    LOADING,
    REPLY,
    TEXT,
    THREAD,
    Channel,
    User,
)

FAILED = "This interaction failed"


class People:
    """The simulator's people; `DiscordSimulator` is one of these with a server."""

    desk: Desk
    interactions: Interactions

    # --- who and where ------------------------------------------------------------------

    def person(self, name: str, *, bot: bool = False) -> Person:
        made = self.desk.world.user(name, bot=bot)
        return Person(id=made.id, name=name)

    def dm(self, person: Person) -> Place:
        made = self.desk.world.dm(self._user(person))
        return Place(id=made.id, name=person.name)

    def group(self, name: str, *people: Person, guild: str = "Guild") -> Place:
        """Make a text channel; the guild, too, and the first person its owner, if it is new."""
        world = self.desk.world
        who = [self._user(each) for each in people]
        found = [each for each in world.guilds.values() if each.name == guild]
        home = found[0] if found else world.guild(guild, world.user("Owner"))
        for each in who:
            home.members.setdefault(each.id, set())
        made = world.channel(TEXT, name, guild=home)
        if found and home.present:
            self.desk.told("CHANNEL_CREATE", objects.channel(world, made))
        elif not found:
            whole = objects.guild(world, home, everybody=False)
            self.desk.told("GUILD_CREATE", whole)
        return Place(id=made.id, name=name, guild=home.id)

    async def thread(
        self, place: Place, person: Person, name: str, *, from_message: str | None = None
    ) -> Place:
        """Open a thread as a person."""
        parent, who = self._channel(place), self._user(person)
        said = parent.messages[from_message] if from_message else None
        made = channels.open_thread(self.desk, parent, who, (name, 1440), of=said)
        return Place(id=made.id, name=name, guild=place.guild)

    def threads(self, place: Place) -> Sequence[Place]:
        """The threads under a channel, oldest first."""
        here = self.desk.world.channels.values()
        mine = [
            each for each in here if each.type == THREAD and each.parent is self._channel(place)
        ]
        return [Place(id=each.id, name=each.name, guild=place.guild) for each in mine]

    # --- what they do -------------------------------------------------------------------

    async def say(
        self,
        place: Place,
        person: Person,
        text: str,
        *,
        mention: bool = False,
        reply_to: str | None = None,
        thread: str | None = None,
        files: Mapping[str, bytes] | Sequence[tuple[str, bytes]] = (),
        ago: float = 0.0,
    ) -> str:
        """Write a message and give its id; `ago` seconds earlier, for a backlog."""
        said = self.desk.draft(self._channel(place, thread), self._user(person), ago=ago)
        said.content = (f"<@{self.desk.world.bot.id}> " if mention else "") + text
        for name, data in files.items() if isinstance(files, Mapping) else files:
            said.attachments.append(self.desk.attachment(said, name, data, _kind(name)))
            said.blobs[name] = data
        if reply_to is not None:
            said.type, said.referred_id = REPLY, reply_to
            said.reference = said.channel.messages.get(reply_to)
        pings.pings(self.desk.world, said, None).put(said)
        self.desk.add(said)
        return said.id

    async def press(
        self,
        place: Place,
        person: Person,
        message_id: str,
        label: str,
        *,
        thread: str | None = None,
    ) -> str:
        """Press a button, wait for the answer, and give what only this person sees of it."""
        channel = self._channel(place, thread)
        said = channel.messages[message_id]
        buttons = [each for each in walk(said.components) if each["type"] == BUTTON]
        fits = [each for each in buttons if caption(each) == label and not each.get("disabled")]
        if not fits:
            raise LookupError(f"no button {label!r} there, but {shown(said).buttons}")
        data = {"custom_id": fits[0]["custom_id"], "component_type": BUTTON, "id": fits[0]["id"]}
        made = self.interactions.start(COMPONENT, channel, self._user(person), data, said)
        return await self._answer(made)

    async def select(
        self,
        place: Place,
        person: Person,
        message_id: str,
        value: str,
        *,
        thread: str | None = None,
    ) -> str:
        """Pick an option of a select, by its value or its label; else as `press`."""
        channel = self._channel(place, thread)
        said = channel.messages[message_id]
        for each in walk(said.components):
            if each["type"] in SELECTS:
                options = {option["label"]: option["value"] for option in each["options"]}
                if value in options or value in options.values():
                    data = {
                        "custom_id": each["custom_id"],
                        "component_type": each["type"],
                        "values": [options.get(value, value)],
                        "id": each["id"],
                    }
                    who = self._user(person)
                    made = self.interactions.start(COMPONENT, channel, who, data, said)
                    return await self._answer(made)
        raise LookupError(f"no option {value!r} there, but {shown(said).options}")

    async def command(
        self,
        place: Place,
        person: Person,
        name: str,
        args: str | Mapping[str, object] = "",
        *,
        thread: str | None = None,
    ) -> str:
        """Give a slash command that is registered; else as `press`."""
        found = self._registered(name)
        data = {"id": found["id"], "name": name, "type": 1, "options": commands.filled(found, args)}
        where = self._channel(place, thread)
        made = self.interactions.start(SLASH, where, self._user(person), data)
        return await self._answer(made)

    async def autocomplete(
        self, place: Place, person: Person, name: str, option: str, text: str
    ) -> Sequence[str]:
        """Type into an option of a command, and give the names of what is offered."""
        found = self._registered(name)
        one = next(each for each in found["options"] if each["name"] == option)
        if not one.get("autocomplete"):
            raise LookupError(f"/{name} offers nothing for {option}")
        typed = {"name": option, "type": one["type"], "value": text, "focused": True}
        data = {"id": found["id"], "name": name, "type": 1, "options": [typed]}
        where, who = self._channel(place), self._user(person)
        made = self.interactions.start(AUTOCOMPLETE, where, who, data)
        await self._acknowledged(made)
        return [each["name"] for each in made.choices]

    async def _answer(self, made: Interaction) -> str:
        """Wait until it is acknowledged, and if the bot is thinking, until it has answered."""
        if not await self._acknowledged(made):
            return FAILED
        if made.answer == MODAL and made.modal is not None:
            return str(made.modal["title"])
        said = made.original
        if made.answer == DEFERRED and said is not None:
            here = made.channel.messages
            await self.until(lambda: not said.flags & LOADING or said.id not in here)
        whispers = [
            shown(each).text
            for each in made.channel.messages.values()
            if each.whispered_to is made.person and (each.interaction or {}).get("id") == made.id
        ]
        return "\n".join(whispers)

    async def _acknowledged(self, made: Interaction) -> bool:
        try:
            seconds = self.interactions.ack_seconds
            await self.until(lambda: made.answer is not None, seconds=seconds)
        except TimeoutError:
            return False
        return True

    async def edit(self, place: Place, message_id: str, text: str) -> None:
        """Change a person's message."""
        said = self._channel(place).messages[message_id]
        said.content, said.edited = text, self.desk.world.now()
        pings.pings(self.desk.world, said, None).put(said)
        self.desk.tell("MESSAGE_UPDATE", said)

    async def delete(self, place: Place, message_id: str) -> None:
        """Delete a message, whosever it is."""
        messages.remove(self.desk, self._channel(place).messages[message_id])

    # --- what they see ------------------------------------------------------------------

    def shown(self, place: Place, *, thread: str | None = None) -> Sequence[Shown]:
        """The bot's messages there as they stand now, oldest first."""
        here = self.desk.world.channels.get(thread or place.id)
        told = list(here.messages.values()) if here else []
        return [shown(each) for each in told if each.author is self.desk.world.bot]

    def reactions(self, place: Place, message_id: str) -> Sequence[str]:
        """The bot's reactions to a message."""
        given = self._channel(place).messages[message_id].reactions
        return [emoji for emoji, people in given.items() if self.desk.world.bot in people]

    async def until(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        await self.desk.changes.until(true, seconds=seconds)

    # --- finding ------------------------------------------------------------------------

    def _user(self, person: Person) -> User:
        return self.desk.world.users[person.id]

    def _channel(self, place: Place, thread: str | None = None) -> Channel:
        return self.desk.world.channels[thread or place.id]

    def _registered(self, name: str) -> dict[str, Any]:
        for each in self.desk.world.commands.values():
            if each["name"] == name:
                return each
        raise LookupError(f"/{name} is not registered")


def _kind(name: str) -> str:
    kinds = {"png": "image/png", "jpg": "image/jpeg", "txt": "text/plain; charset=utf-8"}
    return kinds.get(name.rpartition(".")[2], "application/octet-stream")
