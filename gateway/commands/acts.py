"""Does what commands and presses ask for, apart from answers, and says what became of it.

Decides who is told what when something breaks. What is asked in a lane is not its matter, nor who
is let in; what each of them comes to stands in `gateway.commands`.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from core import whispers
from core.errors import ChatError, StoreError, UserError
from core.texts import commands as said
from core.texts.turns import BROKEN
from core.types import Command, Message, Press
from core.wording import error_text
from gateway.commands.gate import refusal
from gateway.commands.table import COMMANDS, PRESSES, UNKNOWN_COMMAND, UNKNOWN_PRESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Frame
    from gateway.commands.desk import Desk
    from gateway.turn.exchange import Exchange

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What can be asked of a chat, apart from an answer."""

    desk: Desk

    @property
    def exchange(self) -> Exchange:
        """Give what answers."""
        return self.desk.exchange

    async def act(self, request: Command | Press) -> None:
        """Do it. A command is always answered; whatever breaks is told to whoever gave it."""
        try:
            told = await self._done(request)
        except UserError as error:
            told = [whispers.notice(str(error))]
        except StoreError as error:
            log.warning("not_done", request=type(request).__name__, error=str(error))
            told = [whispers.notice(said.UNSTORED)]
        except Exception:
            id_ = secrets.token_hex(4)
            log.exception("act_failed", id=id_)
            told = [whispers.notice(error_text(BROKEN, id_))]
        await self.tell(request, told)

    async def _done(self, request: Command | Press) -> Sequence[Frame]:
        if refused := await refusal(self.desk, request):
            return [whispers.notice(refused)]
        if isinstance(request, Command):
            return await COMMANDS.get(request.name, UNKNOWN_COMMAND)(self.desk, request)
        return await PRESSES.get(request.action, UNKNOWN_PRESS)(self.desk, request)

    async def tell(self, request: Command | Press, frames: Sequence[Frame]) -> None:
        """Say something to this person alone; where only one person reads, into the chat."""
        if not frames:
            return
        if self.desk.places.guarded(request.address.platform):
            self.desk.asides.whisper(request, frames)
            return
        for frame in frames:
            with suppress(ChatError):
                adapter = self.exchange.chats[request.address.platform]
                await adapter.post(request.address, frame, delivery_id=request.event_id)

    async def refuses(self, press: Press) -> bool:
        """Tell whether this cannot be done, or not by this person, and say so to them."""
        if refused := await refusal(self.desk, press):
            await self.tell(press, [whispers.notice(refused)])
            return True
        turn = await self.desk.own(press)
        if press.action in {"remove", "undo"}:
            return False
        if turn is not None and not await self.exchange.questions.went_on(turn):
            return False
        text = said.FORGOTTEN if turn is None else said.ASKED_ALREADY
        await self.tell(press, self.desk.aloud(press, text))
        return True

    def seen(self, message: Message, *, more: bool) -> None:
        """Show that a question was seen; whatever has a page of ours shows it itself.

        `more`: of theirs one runs or waits already.
        """
        if self.desk.places.guarded(message.address.platform):
            self.desk.asides.acknowledge(message, more=more)

    async def stop(self, press: Press) -> None:
        """Stop a turn that is to be removed."""
        if await self.desk.own(press) is not None:
            self.exchange.runner.stop(press.turn_id)
