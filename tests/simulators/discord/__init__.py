"""A simulator of Discord, as strict as the real one; see `simulator`."""

from tests.simulators.discord.people import POLL, STICKER
from tests.simulators.discord.seen import Person, Place, Shown
from tests.simulators.discord.simulator import DiscordSimulator

__all__ = ["POLL", "STICKER", "DiscordSimulator", "Person", "Place", "Shown"]
