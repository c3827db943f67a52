"""`moa-gateway chat`: a whole gateway for one person at one terminal.

Decides whether there is a live region or plain text, what Ctrl-C does, and what becomes of
conversations that an earlier start left in the middle.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TYPE_CHECKING, Final

from rich.console import Console

from adapters.chat.console.adapter import ConsoleChat
from adapters.chat.console.normalise import PLATFORM
from adapters.chat.console.screen import LiveScreen, PlainScreen
from gateway import logs
from gateway.clock import SystemClock
from gateway.program.app import serve
from gateway.program.faces import Faces
from gateway.signals import taken
from gateway.terminal.dialogue import Dialogue
from gateway.terminal.keyboard import Keyboard
from gateway.turn.turns import unanswered

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adapters.chat.console.screen import Screen
    from core.storage import Store
    from gateway.config import Config
    from gateway.program.assembly import Gateway

EVERYTHING: Final = "-"
"""The message that stands for all of standard input."""


async def run_chat(
    config: Config, *, preset: str | None, message: str | None, plain: bool = False
) -> bool:
    """Talk in the terminal until the person leaves, or answer the one `message`.

    Returns:
        Whether every question had its answer. A person at a terminal has seen what failed, so
        then it is always true.

    Raises:
        UnknownPreset: there is no such preset.
        UserError: the message cannot be asked.
        ConfigError, StoreError: the operator has to mend something first. StoreBusy: another
            process owns the data.
    """
    wanted = None if preset is None else config.catalogue.get(preset).name
    logs.set_up(config.secrets)
    logging.getLogger().setLevel(logging.ERROR)  # what goes wrong in a turn is shown with it
    live = not plain and _draws(os.environ)
    screen = _screen(live=live)
    talk = _Talk(config, screen, Keyboard(drawn=live))
    try:
        return await talk.run(wanted, message)
    finally:
        screen.clear()
        _let_go()


class _Talk:
    """A gateway and a dialogue, side by side."""

    def __init__(self, config: Config, screen: Screen, keyboard: Keyboard) -> None:
        self._config = config
        self._keyboard = keyboard
        self._chat = ConsoleChat(screen)
        self._dialogue = Dialogue(self._chat, screen, keyboard)

    async def run(self, preset: str | None, message: str | None) -> bool:
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            gateway = serve(self._config, self._open, clock=SystemClock(), stop=stop)
            group.create_task(gateway, name="gateway")
            await self._chat.started.wait()
            talking = group.create_task(self._talk(preset, message), name="dialogue")
            with self._signals(talking):
                await asyncio.wait([talking])
            stop.set()
        seen = self._keyboard.interactive and message is None
        return seen or not (talking.cancelled() or self._dialogue.failed)

    async def _open(self, gateway: Gateway) -> Faces:
        await _abandon(gateway.store)
        self._dialogue.meet(gateway)
        return Faces(chats=(self._chat,))

    async def _talk(self, preset: str | None, message: str | None) -> None:
        if preset is not None:
            await self._dialogue.prefer(preset)
        if message is None:
            self._dialogue.permissions.listens = self._keyboard.interactive
            self._keyboard.start(self._dialogue.urgent)
            await self._dialogue.talk()
            return
        if message == EVERYTHING:
            self._keyboard.start()
            message = await self._keyboard.everything()
        await self._dialogue.ask(message)

    @contextmanager
    def _signals(self, talking: asyncio.Task[None]) -> Iterator[None]:
        """Let Ctrl-C stop what runs, and leave if nothing does; SIGTERM does both."""

        def interrupted() -> None:
            if not self._dialogue.stop():
                talking.cancel()

        def told_to_end() -> None:
            self._dialogue.stop()
            talking.cancel()

        loop = asyncio.get_running_loop()

        def told(number: int, _frame: object) -> None:
            loop.call_soon_threadsafe(interrupted if number == signal.SIGINT else told_to_end)

        with taken(told):
            yield


def _draws(environ: Mapping[str, str]) -> bool:
    """Tell whether standard output is a terminal that wants more than plain text."""
    able = environ.get("TERM", "dumb") != "dumb" and not environ.get("NO_COLOR")
    return able and sys.stdout.isatty()


def _screen(*, live: bool) -> Screen:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal may not know every character
    if not live:
        return PlainScreen(sys.stdout, sys.stderr)
    return LiveScreen(Console(file=sys.stdout, highlight=False, markup=False, emoji=False))


def _let_go() -> None:
    """Keep the interpreter's last flush from failing on a pipe that nobody reads any more."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


async def _abandon(store: Store) -> None:
    """End what an earlier start was cut in: its terminal is gone, nobody waits for an answer."""
    for turn in await store.unfinished():
        if turn.start.place.platform == PLATFORM:
            await store.attempt(turn.start.turn_id)
            if turn.end is None:
                await store.finish(unanswered(turn, "stopped"))
            await store.delivered(turn.start.turn_id)
    for accepted in await store.waiting():
        if accepted.incoming.address.platform == PLATFORM:
            await store.drop(accepted.seq, "its terminal is gone")
