"""What owners and Discord itself do: kick, forbid, give roles, lock, delete, block."""

from __future__ import annotations

from collections.abc import Sequence

from tests.simulators.discord import objects
from tests.simulators.discord.people import People
from tests.simulators.discord.seen import Person, Place
from tests.simulators.discord.world import PERMISSIONS, THREAD, Channel, Guild, Role


class Powers(People):
    """People, and what can be done to the bot and to places."""

    # --- the bot in a guild -------------------------------------------------------------

    async def kick(self, place: Place) -> None:
        """Throw the bot out of the guild of this place."""
        guild = self._guild(place)
        guild.present = False
        guild.members.pop(self.desk.world.bot.id, None)
        self.desk.told("GUILD_DELETE", {"id": guild.id})

    async def invite(self, place: Place) -> None:
        """Let it in again."""
        guild, world = self._guild(place), self.desk.world
        guild.present = True
        guild.members[world.bot.id] = set()
        self.desk.told("GUILD_CREATE", objects.joined(world, guild))

    async def outage(self, place: Place, *, over: bool = False) -> None:
        """Let the guild be unavailable for a while: the bot is still in it, and told of nothing."""
        guild, world, gateway = self._guild(place), self.desk.world, self.desk.gateway
        if over:
            gateway.silent.discard(guild.id)
            self.desk.told("GUILD_CREATE", objects.guild(world, guild, everybody=False))
        else:
            gateway.silent.add(guild.id)
            self.desk.told("GUILD_DELETE", {"id": guild.id, "unavailable": True})

    async def forbid(self, place: Place, *rights: str) -> None:
        """Take rights of the bot's in a channel: names of PERMISSIONS such as "threads"."""
        self._deny(place, rights, denied=True)

    async def allow(self, place: Place, *rights: str) -> None:
        """Give back what was forbidden."""
        self._deny(place, rights, denied=False)

    def _deny(self, place: Place, rights: Sequence[str], *, denied: bool) -> None:
        channel, bot = self._channel(place), self.desk.world.bot
        bits = sum(PERMISSIONS[each] for each in rights)
        old = channel.denied.get(bot.id, 0)
        channel.denied[bot.id] = old | bits if denied else old & ~bits
        self.desk.told("CHANNEL_UPDATE", objects.channel(self.desk.world, channel))

    def role(self, place: Place, name: str, *people: Person, rights: Sequence[str] = ()) -> str:
        """Make a role in the guild of this place, give it to these people, and give its id."""
        guild, world = self._guild(place), self.desk.world
        made = Role(world.snowflake(), name, sum(PERMISSIONS[each] for each in rights))
        guild.roles[made.id] = made
        for each in people:
            guild.members.setdefault(each.id, set()).add(made.id)
        data = {"guild_id": guild.id, "role": objects.role(made, len(guild.roles) - 1)}
        self.desk.told("GUILD_ROLE_CREATE", data)
        return made.id

    # --- places -------------------------------------------------------------------------

    async def remove(self, place: Place, *, thread: str | None = None) -> None:
        """Delete a channel or a thread, with all that was said there."""
        channel = self._channel(place, thread)
        whole = objects.channel(self.desk.world, channel)
        gone = [channel, *(each for each in self._all() if each.parent is channel)]
        for each in gone:
            del self.desk.world.channels[each.id]
        if channel.type == THREAD:
            kept = ("id", "guild_id", "parent_id", "type")
            self.desk.told("THREAD_DELETE", {name: whole[name] for name in kept})
        else:
            self.desk.told("CHANNEL_DELETE", whole)

    async def archive(
        self, place: Place, *, thread: str | None = None, locked: bool = False
    ) -> None:
        """Archive a thread; a locked one is not opened again by writing into it."""
        channel = self._channel(place, thread)
        channel.archived, channel.locked = True, locked
        self.desk.told("THREAD_UPDATE", objects.channel(self.desk.world, channel))

    def block(self, person: Person) -> None:
        """Let somebody take no direct messages of the bot's."""
        self._user(person).blocks = True

    def _all(self) -> Sequence[Channel]:
        return list(self.desk.world.channels.values())

    def _guild(self, place: Place) -> Guild:
        guild = self._channel(place).guild
        assert guild is not None, f"{place.name} is in no guild"
        return guild
