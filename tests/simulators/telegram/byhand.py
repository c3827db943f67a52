"""Lets a person talk to the bot without an account: `python -m tests.simulators telegram`.

Prints what to put into the configuration, then reads lines: a text goes to the bot in private,
`#team text` to the group of that name. Messages are printed as they come and, on a terminal,
redrawn where they stand if they are the last thing on it; elsewhere their end is printed anew.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress

from tests.simulators.telegram.screen import Screen
from tests.simulators.telegram.simulator import TOKEN, TelegramSimulator
from tests.simulators.telegram.state import Person, Place
from tests.simulators.typed import lines

HELP = """\
  TEXT            say it to the bot in private
  #NAME TEXT      say it in the group NAME (a new one is made); @{bot} means the bot
  /ask …          a command; in a group `#NAME /ask …`
  /press LABEL    press the button with this label, or one that contains it
  /stop           press the Stop of the draft that is shown, else send the command
  Ctrl-D, Ctrl-C  leave
"""


class Keyboard:
    """What a typed line does."""

    def __init__(self, simulator: TelegramSimulator, screen: Screen, you: Person) -> None:
        self._simulator = simulator
        self._screen = screen
        self._you = you
        self._groups: dict[str, Place] = {}

    async def typed(self, line: str) -> None:
        place, text = self._place(line.strip())
        if text.startswith("/press "):
            await self._press(text.removeprefix("/press ").strip())
        elif text == "/stop" and self._stoppable(place):
            await self._simulator.native_stop(place, self._you)
        elif text:
            await self._simulator.say(place, self._you, text)

    def _place(self, line: str) -> tuple[Place, str]:
        if not line.startswith("#"):
            return self._simulator.dm(self._you), line
        name, _, text = line[1:].partition(" ")
        if name not in self._groups:
            self._groups[name] = self._simulator.group(name, self._you)
        return self._groups[name], text.strip()

    def _stoppable(self, place: Place) -> bool:
        drafts = self._simulator.drafts(place)
        return any(each.can_stop and not each.stopped for each in drafts)

    async def _press(self, label: str) -> None:
        """Press the last button of that label, wherever it is."""
        chats = self._simulator.world.chats.values()
        shown = [(chat.place, each) for chat in chats for each in self._simulator.shown(chat.place)]
        shown.sort(key=lambda pair: pair[1].at)
        for place, each in reversed(shown):
            if any(label in button for button in each.buttons):
                with suppress(TimeoutError):
                    said = await self._simulator.press(place, self._you, each.id, label)
                    self._screen.tell(f"({said})" if said else "(pressed)")
                return
        self._screen.tell(f"(no button {label!r})")


async def serve(simulator: TelegramSimulator) -> None:
    """Run until nothing more can be typed."""
    async with simulator:
        you = simulator.person("You")
        sys.stdout.write("\n".join(_greeting(simulator, you)) + "\n")
        sys.stdout.flush()
        screen = Screen(simulator, terminal=sys.stdout.isatty())
        keyboard = Keyboard(simulator, screen, you)
        async with asyncio.TaskGroup() as tasks:
            drawing = tasks.create_task(screen.run())
            async for line in lines():
                screen.typed()
                tasks.create_task(keyboard.typed(line))
            drawing.cancel()


def _greeting(simulator: TelegramSimulator, you: Person) -> Iterator[str]:
    yield "platforms:"
    yield simulator.config().rstrip()
    yield "access:"
    yield f'  owners: ["telegram:{you.id}"]'
    yield ""
    yield f"The bot is @{simulator.world.bot.username}, you are @{you.username}."
    yield HELP.format(bot=simulator.world.bot.username)


def main(arguments: list[str]) -> None:
    """Start it by hand."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulators telegram")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    parser.add_argument("--privacy", action="store_true", help="turn the privacy mode on")
    given = parser.parse_args(arguments)
    simulator = TelegramSimulator(port=given.port, token=given.token, privacy=given.privacy)
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(simulator))
