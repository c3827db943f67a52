"""Who is on this Discord, what they write, and what they see of the bot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from tests.patience import PATIENCE
from tests.simulators.discord import channels, messages, objects, pings
from tests.simulators.discord.desk import Desk
from tests.simulators.discord.interactions import (
    Interactions,
)
from tests.simulators.discord.seen import Person, Place, Shown, shown
from tests.simulators.discord.world import (
    REPLY,
    TEXT,
    THREAD,
    Channel,
    User,
)

STICKER = {"id": "749054660769218631", "name": "Wave", "format_type": 3}
POLL = {
    "question": {"text": "Tea or coffee?"},
    "answers": [
        {"answer_id": 1, "poll_media": {"text": "Tea"}},
        {"answer_id": 2, "poll_media": {"text": "Coffee"}},
    ],
    "expiry": "2030-01-01T00:00:00+00:00",
    "allow_multiselect": False,
    "layout_type": 1,
    "results": {"is_finalized": False, "answer_counts": []},
}


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
        owner = who[0] if who else world.user("Owner")
        home = found[0] if found else world.guild(guild, owner)
        for each in who:
            home.members.setdefault(each.id, set())
        made = world.channel(TEXT, name, guild=home)
        if found and home.present:
            self.desk.told("CHANNEL_CREATE", objects.channel(world, made))
        elif not found:
            self.desk.told("GUILD_CREATE", objects.joined(world, home))
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
        **extra: object,
    ) -> str:
        """Write a message and give its id; `ago` seconds earlier, for a backlog.

        `extra` are more fields of Discord's object, such as `sticker_items` (see `STICKER`) and
        `poll` (see `POLL`).
        """
        said = self.desk.draft(self._channel(place, thread), self._user(person), ago=ago)
        said.content = (f"<@{self.desk.world.bot.id}> " if mention else "") + text
        said.extra.update(extra)
        for name, data in files.items() if isinstance(files, Mapping) else files:
            said.attachments.append(self.desk.attachment(said, name, data, _kind(name)))
            said.blobs[name] = data
        if reply_to is not None:
            said.type, said.referred_id = REPLY, reply_to
            said.reference = said.channel.messages.get(reply_to)
        pings.pings(self.desk.world, said, None).put(said)
        self.desk.add(said)
        return said.id

    async def edit(self, place: Place, message_id: str, text: str) -> None:
        """Change a person's message."""
        said = self._channel(place).messages[message_id]
        said.content = text
        pings.pings(self.desk.world, said, None).put(said)
        self.desk.changed(said)

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

    def file(self, place: Place, message_id: str, name: str) -> bytes:
        """What a file of a message holds."""
        return self._channel(place).messages[message_id].blobs[name]

    async def until(self, true: Callable[[], object], *, seconds: float = PATIENCE) -> None:
        await self.desk.changes.until(true, seconds=seconds)

    # --- finding ------------------------------------------------------------------------

    def _user(self, person: Person) -> User:
        return self.desk.world.users[person.id]

    def _channel(self, place: Place, thread: str | None = None) -> Channel:
        return self.desk.world.channels[thread or place.id]


def _kind(name: str) -> str:
    kinds = {
        "png": "image/png",
        "jpg": "image/jpeg",
        "ogg": "audio/ogg",
        "txt": "text/plain; charset=utf-8",
    }
    return kinds.get(name.rpartition(".")[2], "application/octet-stream")
