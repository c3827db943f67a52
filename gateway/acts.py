"""Does what commands and presses ask for, apart from answers: settings, Stop, removal, looks.

Decides what each of them comes to. What is asked in a lane is not its matter, nor who is let in;
what is said goes to the one who asked.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core import whispers
from core.authority import may_decide
from core.commands import asked, choice
from core.errors import ChatError, StoreError, UnknownPreset, UserError
from core.policy import may_change
from core.reply import figures
from core.types import Address, Command, Message, Press
from core.wording import error_text
from gateway.asides import SECONDS
from gateway.pacing import once_free
from gateway.turns import BROKEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.commands import Scope
    from core.frames import Frame
    from core.presets import Preset
    from core.records import StoredTurn, Vote
    from core.types import Author
    from gateway.accounts import Accounts
    from gateway.asides import Asides
    from gateway.choices import Choices
    from gateway.exchange import Exchange
    from gateway.places import Places

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """What can be asked of a chat, apart from an answer."""

    exchange: Exchange
    choices: Choices
    places: Places
    asides: Asides
    accounts: Accounts
    unavailable: Callable[[Preset], str]

    async def act(self, request: Command | Press) -> None:
        """Do it. A command is always answered; whatever breaks is told to whoever gave it."""
        try:
            told = await self._done(request)
        except UserError as error:
            told = [whispers.notice(str(error))]
        except StoreError as error:
            log.warning("not_done", request=type(request).__name__, error=str(error))
            told = [whispers.notice(whispers.UNSTORED)]
        except Exception:
            id_ = secrets.token_hex(4)
            log.exception("act_failed", id=id_)
            told = [whispers.notice(error_text(BROKEN, id_))]
        await self.tell(request, told)

    async def tell(self, request: Command | Press, frames: Sequence[Frame]) -> None:
        """Say something to this person alone; where only one person reads, into the chat."""
        if not frames:
            return
        if self.places.guarded(request.address.platform):
            self.asides.whisper(request, frames)
            return
        for frame in frames:
            with suppress(ChatError):
                adapter = self.exchange.chats[request.address.platform]
                await adapter.post(request.address, frame, delivery_id=request.event_id)

    async def refuses(self, press: Press) -> bool:
        """Tell whether this cannot be done, or not by this person, and say so to them."""
        turn = await self._own(press)
        if turn is not None and not self._may(press, turn.start.asker):
            await self.tell(press, [whispers.notice(whispers.NOT_YOURS)])
            return True
        if press.action == "remove":
            return False
        if turn is not None and not await self.exchange.went_on(turn):
            return False
        text = whispers.FORGOTTEN if turn is None else whispers.ASKED_ALREADY
        await self.tell(press, self._aloud(press, text))
        return True

    def seen(self, message: Message) -> None:
        """Show that a question was seen; whatever has a page of ours shows it itself."""
        if self.places.guarded(message.address.platform):
            self.asides.acknowledge(message)

    async def stop(self, press: Press) -> None:
        """Stop a turn that is to be removed."""
        if await self._own(press) is not None:
            self.exchange.runner.stop(press.turn_id)

    async def _done(self, request: Command | Press) -> Sequence[Frame]:
        match request:
            case Command(name="stop") | Press(action="stop"):
                return await self._stop(request)
            case Command(name="moa" | "preset"):
                return await self._moa(request)
            case Command():
                return await self._command(request)
            case Press(action="remove"):
                return await self._remove(request)
            case Press(action="preset"):
                return [await self._picker(request)]
            case Press(action="pick"):
                return await self._pick(request)
            case Press(action="approve" | "refuse"):
                return await self._decide(request)
            case _:
                return await self._look(request)

    # --- commands ---------------------------------------------------------------------------

    async def _command(self, command: Command) -> Sequence[Frame]:
        prefix = self.places.prefix(command.address.platform)
        match command.name:
            case "help" | "start":
                text = whispers.help_text(prefix)
            case "cost":
                here, own = await self.accounts.spent(command.address, command.author)
                left = await self.accounts.left(command.address, command.author)
                text = whispers.cost_text(here, own, left)
            case "retry":
                text = whispers.NOTHING_ASKED
            case "ask":
                text = self._unasked(command)
            case name:
                text = whispers.unknown_command(name, prefix)
        return [whispers.notice(text)]

    def _unasked(self, command: Command) -> str:
        """Say why `/ask` asked nothing."""
        wanted = asked(command.args).preset
        if wanted is not None:
            self.places.require_choosable(self.choices.catalogue().get(wanted), command)
        return "Write your question behind the command: /ask QUESTION"

    async def _moa(self, command: Command) -> Sequence[Frame]:
        name, scope = choice(command.args, self.choices.catalogue())
        if not name:
            return [await self._picker(command)]
        try:
            return await self._choose(command, name, scope)
        except UnknownPreset as error:
            if not self.places.guarded(command.address.platform):
                raise
            return [whispers.notice(whispers.unknown_text(error, name))]

    async def _choose(
        self, request: Command | Press, name: str, scope: Scope = "here"
    ) -> Sequence[Frame]:
        address, author = request.address, request.author
        level = await self.choices.choose(name, scope, request=request)
        if not self.places.guarded(address.platform):
            return []
        there = await self.choices.there(address, author)
        return [whispers.notice(whispers.chosen_text(name, there.preset, level))]

    async def _picker(self, request: Command | Press) -> Frame:
        catalogue = self.choices.catalogue()
        there = await self.choices.there(request.address, request.author)
        if not self.places.guarded(request.address.platform):
            names = ", ".join(catalogue.presets)
            return whispers.notice(f"The preset here is {there.preset.name}. There are: {names}.")
        unavailable = [each.name for each in catalogue.presets.values() if self.unavailable(each)]
        return whispers.picker(
            (there.preset, there.level), catalogue, unavailable=unavailable, file=there.file
        )

    # --- presses ----------------------------------------------------------------------------

    async def _pick(self, press: Press) -> Sequence[Frame]:
        name = whispers.picked(press.value, self.choices.catalogue())
        if name is None:
            return [whispers.notice("There is no such preset any more.")]
        return await self._choose(press, name)

    async def _decide(self, press: Press) -> Sequence[Frame]:
        """Allow or refuse a call of a tool, for whoever may."""
        turn = await self._own(press)
        if turn is None:
            return self._aloud(press, whispers.FORGOTTEN)
        role = self.places.role(press.author, press.address, direct=press.direct)
        asker = turn.start.asker
        if not may_decide(role, asker=asker, author=press.author, direct=press.direct):
            return [whispers.notice(whispers.NOT_YOURS_TO_ALLOW)]
        exchange = self.exchange
        decided = await exchange.tooling.approvals.press(press, turn, exchange.keep)
        return [] if decided else self._aloud(press, whispers.DECIDED_ALREADY)

    async def _stop(self, request: Command | Press) -> Sequence[Frame]:
        """Stop a turn, or whatever runs here where none is named (MOA-11)."""
        named = await self._own(request) if isinstance(request, Press) else None
        if named is not None and named.state != "running":
            return self._aloud(request, whispers.ENDED)
        known = self._at_work(request, named)
        if known is None:
            return self._aloud(request, whispers.NOTHING_RUNS)
        turn_id, asker = known
        if not self._may(request, asker):
            return [whispers.notice(whispers.NOT_YOURS)]
        self.exchange.runner.stop_soon(turn_id)
        return [whispers.notice(whispers.STOPPING)] if isinstance(request, Command) else []

    def _at_work(
        self, request: Command | Press, named: StoredTurn | None
    ) -> tuple[str, str] | None:
        """Give the turn that is meant, and its asker."""
        if named is not None:
            return named.start.turn_id, named.start.asker
        if isinstance(request, Press) and request.turn_id:
            return None
        return self.exchange.running.find(request.address, request.author.id)

    def _aloud(self, request: Command | Press, text: str) -> Sequence[Frame]:
        """Say it where somebody is looking: a page shows by itself that nothing runs."""
        return [whispers.notice(text)] if self.places.guarded(request.address.platform) else []

    async def _remove(self, press: Press) -> Sequence[Frame]:
        """Take an exchange out of the history and its messages out of the chat."""
        turn = await self._own(press)
        if turn is None:
            return self._aloud(press, whispers.FORGOTTEN)
        await self.exchange.keep.remove(press.turn_id)
        address = Address.of(turn.start.session)
        delete = self.exchange.chats[address.platform].delete
        for posted in turn.outbox:
            if posted.message_id is not None:
                with suppress(ChatError, TimeoutError):
                    async with asyncio.timeout(SECONDS):
                        await once_free(partial(delete, address, posted.message_id))
        return []

    async def _look(self, press: Press) -> Sequence[Frame]:
        """Show advice or figures of a turn, or take a vote."""
        turn = await self._own(press)
        if turn is None:
            return self._aloud(press, whispers.FORGOTTEN)
        match press.action:
            case "advisors":
                adapter = self.exchange.chats[press.address.platform]
                can = adapter.capabilities(press.address)
                return whispers.advice_frames(turn, press.value, can)
            case "info":
                return [whispers.notice(figures(turn) or "It is not over yet.")]
            case "up" | "down" as vote:
                return await self._vote(press, vote)
            case _:
                log.info("ignored", action=press.action)
                return []

    async def _vote(self, press: Press, vote: Vote) -> Sequence[Frame]:
        """Keep a vote; a page shows by itself what was pressed."""
        await self.exchange.keep.vote(press.turn_id, press.author.id, vote, at=press.at)
        return self._aloud(press, whispers.THANKS)

    async def _own(self, press: Press) -> StoredTurn | None:
        """Find the turn of a press, if it belongs to the place that the press came from."""
        turn = await self.exchange.keep.turn(press.turn_id) if press.turn_id else None
        if turn is None:
            return None
        there, here = Address.of(turn.start.session), press.address
        # An answer whose thread could not be opened stands in the channel itself.
        same = here in {there, replace(there, thread=None)}
        return turn if same else None

    def _may(self, request: Command | Press, asker: str) -> bool:
        author: Author = request.author
        role = self.places.role(author, request.address, direct=request.direct)
        return may_change(role, asker=asker, author=author)
