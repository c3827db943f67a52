"""Slack by hand: `python -m tests.simulators slack --port 9004`, then type as `HELP` says."""

from __future__ import annotations

import argparse
import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

from tests.simulators.slack.marks import elements, labels, readable, rows
from tests.simulators.slack.model import Person, Place
from tests.simulators.slack.shown import Shown
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.typed import talk, write

HELP = """
hello                 says it to the bot directly; an answer goes on in your thread
#general @bot hello   mentions it in a channel, which is made if need be
> and then?           says it in the thread that was answered last
/press Retry          presses the last button, or chooses the last option, with this word
/stop                 presses Slack's own Stop where something is processing
/home                 opens the App Home
/moa …                gives the command, where you last wrote
"""


@dataclass(slots=True)
class Hand:
    """One person at a terminal. `last` is the message seen last."""

    slack: SlackSimulator
    me: Person
    place: Place
    thread: str | None = None
    seen: dict[str, Shown] = field(default_factory=dict)
    status: str = ""

    async def type(self, line: str) -> str:
        """Do what a line says; what there is to tell of it."""
        word, _, rest = line.partition(" ")
        if line.startswith("#"):
            return await self._in_channel(word[1:], rest)
        if word == ">":
            self.thread = await self._say(rest, thread=self.thread)
        elif word == "/press":
            return await self._press(rest)
        elif word == "/stop":
            await self.slack.native_stop(self.place, self.me, self.thread or "")
        elif word == "/home":
            view = await self.slack.open_home(self.me, seconds=5)
            return "\n".join(filter(None, map(readable, view["blocks"])))
        elif word.startswith("/"):
            return await self.slack.command(self.place, self.me, word[1:], rest)
        else:
            self.place = self.slack.dm(self.me)
            self.thread = await self._say(line)
        return ""

    async def _say(self, text: str, *, thread: str | None = None) -> str:
        mention = text.startswith("@bot")
        said = text.removeprefix("@bot").strip()
        ts = await self.slack.say(self.place, self.me, said, mention=mention, thread=thread)
        return thread or ts

    async def _in_channel(self, name: str, text: str) -> str:
        known = {place.name: place for place in self.slack.space.places.values()}
        self.place = known.get(name) or self.slack.group(name, self.me)
        self.thread = await self._say(text)
        return ""

    async def _press(self, label: str) -> str:
        for message in reversed(self.slack.shown(self.place)):
            for _, each in elements(message.blocks):
                for option in (row["text"]["text"] for row in rows(each)):
                    if label in option:
                        return await self.slack.select(self.place, self.me, message.id, option)
                for whole in labels(each):
                    if label in whole:
                        return await self.slack.press(self.place, self.me, message.id, whole)
        return f"there is no {label!r} to press"

    def news(self) -> list[str]:
        """Tell what has changed since it was asked last."""
        told = []
        status = self.slack.status(self.place, self.thread or "")
        if status not in {"", self.status}:
            told.append(f"── bot {status}")
        self.status = status
        for place in self.slack.space.places.values():
            for message in self.slack.shown(place):
                if self.seen.get(message.id) != message:
                    told.append(_drawn(place, message))
                    self.seen[message.id] = message
        return told


def _drawn(place: Place, message: Shown) -> str:
    where = "you" if place.kind == "im" else f"#{place.name}"
    marks = [
        "streaming" * message.streaming,
        "only you" * bool(message.whispered_to),
        f"version {message.edits + 1}" * bool(message.edits),
        "PINGS " * bool(message.pings) + " ".join(sorted(message.pings)),
    ]
    lines = [f"── bot → {where} {' · '.join(filter(None, marks))}"]
    if message.plan or message.tasks:
        lines += [f"   ▸ {message.plan}"]
        lines += [f"     {each.status:<11} {each.title}  {each.output}" for each in message.tasks]
    lines += [f"   {line}" for line in message.text.splitlines()]
    pressed = [*message.buttons, *message.files]
    lines += [f"   {' '.join(f'[{each}]' for each in pressed)}"] if pressed else []
    return "\n".join(lines)


async def serve(port: int, mode: Literal["socket", "http"], events: str) -> None:
    """Run until the input ends."""
    async with SlackSimulator(port=port, mode=mode) as slack:
        write("Put this under `platforms:`, and start the gateway:\n")
        write(slack.config())
        slack.posts.url = events
        me = slack.person("you", admin=True)
        hand = Hand(slack, me, slack.dm(me))
        write(f"You are {me.id}. Type at the bot:\n{HELP}")
        await talk(hand)


def main(arguments: list[str]) -> None:
    """Start it by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators slack")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mode", choices=["socket", "http"], default="socket")
    parser.add_argument("--events", default="", help="where HTTP mode sends events")
    given = parser.parse_args(arguments)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(given.port, given.mode, given.events))
