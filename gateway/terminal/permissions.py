"""Asks the person at the terminal whether a tool may run, while a turn waits for it.

Decides what counts as yes and no; where nobody can be heard, the answer is no. One question after
the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from core.errors import StoreError, UserError

if TYPE_CHECKING:
    from adapters.chat.console.adapter import ConsoleChat
    from adapters.chat.console.normalise import Typed
    from adapters.chat.console.screen import Screen

ALLOW: Final = "Allow it? Type y or n."
_ANSWERS: Final = {"y": True, "yes": True, "n": False, "no": False}


class Permissions:
    """`listens`: what is typed while a turn runs is heard."""

    def __init__(self, chat: ConsoleChat, screen: Screen, typed: Callable[[], Typed]) -> None:
        """Ask on `screen`; `typed` dates an answer."""
        self.listens = False
        self._chat = chat
        self._screen = screen
        self._typed = typed
        self._answer: asyncio.Future[bool] | None = None

    def hear(self, line: str) -> bool:
        """Take a line for the answer, if something is asked and it is one."""
        said = _ANSWERS.get(line.strip().lower())
        if said is None or self._answer is None or self._answer.done():
            return False
        self._answer.set_result(said)
        return True

    async def run(self) -> None:
        """Ask whatever comes, until cancelled."""
        while True:
            asked = await self._chat.permission()
            action = "approve" if await self._allowed() else "refuse"
            try:
                await self._chat.decide(self._typed().press(action, asked.turn_id, asked.value))
            except (UserError, StoreError) as error:
                self._screen.say(str(error))

    async def _allowed(self) -> bool:
        if not self.listens:
            return False
        self._screen.say(ALLOW)
        self._answer = asyncio.get_running_loop().create_future()
        try:
            return await self._answer
        finally:
            self._answer = None
