"""Says what is to be done with something that was accepted: at once, or by its session's lane.

Stop and settings jump the queue; questions and retries stand in it; a removal comes right after
the turn that runs, so that nothing is shown again of what was removed. Answers nothing itself.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core.errors import ChatError, UnknownPreset
from core.records import Accepted, StoredTurn
from core.types import Command, Message, Press

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.presets import Catalogue
    from gateway.exchange import Exchange
    from gateway.patience import PatientStore
    from gateway.sessions import Sessions, Work
    from gateway.turns import TurnRunner

OFF = "off"
DEFAULT = "default"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """What can be asked of a chat, apart from the answer itself."""

    sessions: Sessions
    exchange: Exchange
    keep: PatientStore
    runner: TurnRunner
    catalogue: Callable[[], Catalogue]

    async def __call__(self, accepted: Accepted) -> None:
        """Queue it, or do it now; it is in the store already."""
        session = accepted.incoming.address.session
        match accepted.incoming:
            case Message() | Press(action="retry"):
                self.sessions.put(session, accepted)
            case Press(action="remove") as press:
                if await self._own(press) is not None:
                    self.runner.stop(press.turn_id)
                self.sessions.put(session, accepted, ahead=True)
            case _:
                await self._act(accepted)

    async def perform(self, work: Work) -> None:
        """Do a lane's piece of work to its end."""
        match work:
            case StoredTurn() | Accepted(incoming=Message() | Press(action="retry")):
                await self.exchange.perform(work)
            case _:
                await self._act(work)

    async def _act(self, accepted: Accepted) -> None:
        match accepted.incoming:
            case Press(action="stop") as press:
                if await self._own(press) is not None:
                    self.runner.stop(press.turn_id)
            case Press(action="remove") as press:
                await self._remove(press)
            case Command(name="moa" | "preset") as command:
                await self._choose(command)
            case other:
                log.info("ignored", incoming=type(other).__name__)
        await self.keep.drop(accepted.seq, "done")

    async def _own(self, press: Press) -> StoredTurn | None:
        """Find the turn of a press, if it belongs to the conversation that it came from."""
        turn = await self.keep.turn(press.turn_id)
        return turn if turn and turn.start.session == press.address.session else None

    async def _remove(self, press: Press) -> None:
        """Take an exchange out of the history and its messages out of the chat."""
        turn = await self._own(press)
        if turn is None:
            return
        await self.keep.remove(press.turn_id)
        adapter = self.exchange.chats[press.address.platform]
        for posted in turn.outbox:
            if posted.message_id is not None:
                with suppress(ChatError):
                    await adapter.delete(press.address, posted.message_id)

    async def _choose(self, command: Command) -> None:
        """Set the preset of this session (`/moa NAME`), or say it; a wrong name changes nothing."""
        name = command.args.strip()
        catalogue = self.catalogue()
        if not name:
            here = await self.exchange.preset(command.address.session)
            text = f"The preset here is {here.name}. There are: {', '.join(catalogue.presets)}."
            await self.exchange.say(command.address, text, delivery_id=command.event_id)
            return
        try:
            value = None if name == DEFAULT else OFF if name == OFF else catalogue.get(name).key
        except UnknownPreset as error:
            await self.exchange.say(command.address, str(error), delivery_id=command.event_id)
            return
        await self.keep.set(
            f"session:{command.address.session}",
            "preset",
            value,
            by=command.author.id,
            at=command.at,
        )
