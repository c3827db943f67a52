"""Discord by hand: `python -m tests.simulators discord --port 9003`, then type at the bot.

hello                 says it to the bot in a DM
#general @bot hello   mentions it in a channel, which is made if need be
> and then?           says it in the newest thread of the channel where you last wrote
/press Retry          presses a button of the bot's last messages that has it; also options
/moa …                gives a command that the bot registered, where you last wrote
"""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from tests.simulators.base import Request
from tests.simulators.discord.seen import Person, Place, Shown
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.typed import talk, write


@dataclass(slots=True)
class Hand:
    """One person at a terminal, who writes in `place`."""

    discord: DiscordSimulator
    me: Person
    place: Place
    seen: dict[str, Shown] = field(default_factory=dict)
    told: int = 0

    async def type(self, line: str) -> str:
        """Do what a line says; what there is to tell of it."""
        word, _, rest = line.partition(" ")
        if line.startswith("#"):
            known = {each.name: each for each in self._places()}
            self.place = known.get(word[1:]) or self.discord.group(word[1:], self.me)
            await self._say(self.place, rest)
        elif word == ">":
            newest = self.discord.threads(self._channel())[-1:]
            self.place = newest[0] if newest else self.place
            await self._say(self.place, rest)
        elif word == "/press":
            return await self._press(rest)
        elif word.startswith("/"):
            return await self.discord.command(self.place, self.me, word[1:], rest)
        else:
            self.place = self.discord.dm(self.me)
            await self._say(self.place, line)
        return ""

    async def _say(self, place: Place, text: str) -> None:
        said = text.removeprefix("@bot").strip()
        mention = text.startswith("@bot")
        await self.discord.say(place, self.me, said, mention=mention)

    def _channel(self) -> Place:
        """The channel, also when we are in a thread of it."""
        inside = self.discord.world.channels[self.place.id]
        above = inside.parent or inside
        return Place(id=above.id, name=above.name, guild=self.place.guild)

    def _places(self) -> list[Place]:
        channels = self.discord.world.channels.values()
        return [Place(id=each.id, name=each.name or self.me.name) for each in channels]

    async def _press(self, label: str) -> str:
        for place in reversed([*self._places(), self.place]):
            for message in reversed(self.discord.shown(place)):
                found = next((each for each in message.buttons if label in each), None)
                if found is not None:
                    return await self.discord.press(place, self.me, message.id, found)
                if label in message.options:
                    return await self.discord.select(place, self.me, message.id, label)
        return f"there is no {label!r} to press"

    def news(self) -> list[str]:
        """Tell what has changed since it was asked last."""
        requests = self.discord.requests.entries
        told = [line for each in requests[self.told :] if (line := _did(each))]
        self.told = len(requests)
        for place in self._places():
            for message in self.discord.shown(place):
                if self.seen.get(message.id) != message:
                    told.append(_drawn(place, message))
                    self.seen[message.id] = message
        return told


def _did(request: Request) -> str:
    """What a request did that no message shows."""
    if request.error:
        return f"!! {request.method} {request.status}: {request.error}"
    if request.method == "add_reaction":
        return f"── bot → {request.params['emoji']}"
    return "── bot is typing …" if request.method == "typing" else ""


def _drawn(place: Place, message: Shown) -> str:
    marks = [
        "only you" * bool(message.whispered_to),
        f"version {message.edits + 1}" * bool(message.edits),
        *sorted(message.flags - {"ephemeral"}),
        "PINGS " * bool(message.pings) + " ".join(message.pings),
        "UNFURLS " * bool(message.unfurls) + " ".join(message.unfurls),
    ]
    lines = [f"── bot → {place.name} {' · '.join(filter(None, marks))}"]
    lines += [f"   {line}" for line in message.text.splitlines()]
    pressed = [*message.buttons, *message.options, *message.files]
    lines += [f"   {' '.join(f'[{each}]' for each in pressed)}"] if pressed else []
    return "\n".join(lines)


async def serve(port: int) -> None:
    """Run until the input ends."""
    async with DiscordSimulator(port=port, content_intent=True) as discord:
        write("Put this under `platforms:`, and start the gateway:\n")
        write(discord.config())
        me = discord.person("you")
        hand = Hand(discord, me, discord.dm(me))
        discord.group("general", me)
        write(f"You are {me.id}. Type at the bot; `#general @bot hello` for a channel.\n")
        await talk(hand)


def main(arguments: list[str]) -> None:
    """Start it by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators discord")
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port))
