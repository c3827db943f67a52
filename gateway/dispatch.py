"""Says what is to be done with something that was accepted: a lane's work, or done at once.

Stop and settings jump the queue; questions and retries go to their session's lane. Answers
nothing itself.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core.errors import ChatError, UnknownPreset
from core.frames import Frame, Notice
from core.types import Address, Command, Message, Press

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.ports import ChatAdapter, Store
    from core.presets import Catalogue
    from core.records import Accepted
    from gateway.sessions import Sessions
    from gateway.turns import TurnRunner

log = structlog.get_logger()

OFF = "off"
DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What can be asked of a chat, apart from the answer itself."""

    store: Store
    sessions: Sessions
    runner: TurnRunner
    chats: Mapping[str, ChatAdapter]
    catalogue: Callable[[], Catalogue]

    async def __call__(self, accepted: Accepted) -> None:
        """Queue it, or do it now; it is in the store already."""
        match accepted.incoming:
            case Message() | Press(action="retry"):
                self.sessions.put(accepted.incoming.address.session, accepted)
                return
            case Press(action="stop") as press:
                self.runner.stop(press.turn_id)
            case Press(action="remove") as press:
                await self._remove(press)
            case Command(name="moa") as command:
                await self._choose(command)
            case other:
                log.info("ignored", incoming=type(other).__name__)
        await self.store.drop(accepted.seq, "done")

    async def _remove(self, press: Press) -> None:
        """Take an exchange out of the history and its messages out of the chat."""
        turn = await self.store.turn(press.turn_id)
        if turn is None or turn.start.session != press.address.session:
            return
        self.runner.stop(press.turn_id)
        await self.store.remove(press.turn_id)
        adapter = self.chats[press.address.platform]
        for posted in turn.outbox:
            if posted.message_id is not None:
                with suppress(ChatError):
                    await adapter.delete(press.address, posted.message_id)

    async def _choose(self, command: Command) -> None:
        """Set the preset of this session (`/moa NAME`); a wrong name changes nothing."""
        name = command.args.strip()
        catalogue = self.catalogue()
        try:
            value = None if name == DEFAULT else OFF if name == OFF else catalogue.get(name).name
        except UnknownPreset as error:
            await self._say(command.address, command.event_id, str(error))
            return
        await self.store.set(
            f"session:{command.address.session}",
            "preset",
            value,
            by=command.author.id,
            at=command.at,
        )

    async def _say(self, address: Address, delivery_id: str, text: str) -> None:
        frame = Frame(key="notice", content=Notice(text=text), final=True)
        with suppress(ChatError):
            await self.chats[address.platform].post(address, frame, delivery_id=delivery_id)
