"""One update on its way in: read it, have it stored, and only then answer its press.

Decides that an update which cannot be read is passed over with one line, so that the others go
on. Whether an update may come again is decided by whoever brings it (polling, webhook).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.admins import Admins
from adapters.chat.telegram.arrivals import Setting, removed_from
from adapters.chat.telegram.client import Client
from adapters.chat.telegram.normalise import joined, normalise
from adapters.chat.telegram.presses import Presses
from adapters.chat.telegram.reading import UNREADABLE, read, typed
from core.errors import ChatError, StoreError, UserError
from core.frames import Frame, Notice
from core.ports import Clock, Intake
from core.types import Added, Command, Deleted, Edited, Incoming, Message, Moved, Press

MOST_NAMES: Final = 2000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Where updates come in. `group` runs what must not hold up the next update."""

    client: Client
    me: Me
    platform: str
    clock: Clock
    intake: Intake
    presses: Presses
    admins: Admins
    group: asyncio.TaskGroup
    names: dict[str, str] = field(default_factory=dict)

    async def take(self, raws: Sequence[Mapping[str, object]]) -> None:
        """Take an update in, or the parts of an album; once this returns they need not come again.

        Raises:
            StoreError: it was not stored, and should come again.
        """
        found = [each for raw in raws if (each := self._read(raw)) is not None]
        for incoming in joined(found):
            await self._take(incoming)

    def _read(self, raw: Mapping[str, object]) -> Incoming | None:
        try:
            update = read(raw)
            now = int(self.clock.now().timestamp() * 1000)
            setting = Setting(platform=self.platform, me=self.me, now=now)
            incoming = normalise(update, setting)
            incoming = None if incoming is None else typed(incoming)
            chat = removed_from(update)
        except UNREADABLE as error:
            number = raw.get("update_id")
            log.warning(
                "%s: update %s is malformed and passed over: %r", self.platform, number, error
            )
            return None
        if chat:
            log.info("%s: the bot was removed from %s", self.platform, chat)
        if incoming is None and update.callback_query is not None:
            self._settle(update.callback_query.id)
        return incoming

    async def _take(self, incoming: Incoming) -> None:
        if isinstance(incoming, Moved | Deleted | Added):  # of what is deleted, bots are not told
            await self.intake(incoming)
            return
        self._remember(incoming.author.id, incoming.author.name)
        if isinstance(incoming, Edited):
            await self._edited(incoming)
            return
        if not isinstance(incoming, Message) or incoming.addressed:
            incoming = await self.admins.mark(incoming)
        if isinstance(incoming, Press) and incoming.handle:
            await self._press(incoming)
            return
        try:
            await self.intake(incoming)
        except UserError as error:
            self.group.create_task(self._refuse(incoming, str(error)))

    async def _edited(self, edited: Edited) -> None:
        """Take in a change; that of what was not asked may ask it."""
        message = edited.message
        if message.addressed:
            message = await self.admins.mark(message)
        try:
            await self.intake(replace(edited, author=message.author, message=message))
        except UserError as error:
            self.group.create_task(self._refuse(message, str(error)))

    async def _press(self, press: Press) -> None:
        """Take a press in; its answer waits a moment for what the gateway says to it."""
        self.presses.hold(press.handle)
        try:
            new = await self.intake(press)
        except UserError as error:
            self._settle(press.handle, str(error))
        except StoreError:
            self.presses.release(press.handle)
            raise
        else:
            self._settle(press.handle, wait=new)

    def _settle(self, handle: str, text: str = "", *, wait: bool = False) -> None:
        self.group.create_task(self.presses.settle(handle, text, wait=wait))

    def _remember(self, user: str, name: str) -> None:
        if len(self.names) >= MOST_NAMES:
            self.names.clear()
        self.names[user] = name

    async def _refuse(self, incoming: Message | Command | Press, text: str) -> None:
        """Tell whoever sent it why it is refused; best effort."""
        frame = Frame(key="notice", content=Notice(text=text))
        try:
            await self.client.post(incoming.address, frame, reply_to=incoming.reply_to)
        except ChatError as error:
            log.info("%s: a refusal was not told: %s", self.platform, error)
