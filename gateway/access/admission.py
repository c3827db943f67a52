"""Lets in what concerns the bot, from people who may talk to it; reads words as commands.

Decides, before anything is stored: what is dropped without a trace, who is turned away and how
often they are told, and what an incoming thing means. It answers nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.access import ADMITTED, subject_to_allow
from core.amends import asks, differs, newer, older
from core.commands import asked, misread, question, read, wants_all
from core.errors import UsageError, UserError
from core.pairing import MINUTES
from core.policy import depends_on_owner, situation, verdict
from core.recent import Recent
from core.texts import access as told
from core.types import Added, Command, Deleted, Edited, Message, Moved, Press
from gateway.access.loops import BotLoops
from gateway.access.quiet import is_quiet
from gateway.access.scopes import Scopes

if TYPE_CHECKING:
    from collections.abc import Callable

    from core.access import Role
    from core.commands import Words
    from core.frames import Action
    from core.policy import Verdict
    from core.presets import Catalogue
    from core.records import StoredTurn
    from core.storage import Store
    from core.types import Incoming
    from gateway.access.doorkeeper import Doorkeeper
    from gateway.access.places import Places
    from gateway.access.refusals import Refusals

AGAIN_SECONDS = 3600.0
"""How long a chat that was turned away is not told so again."""
MOST_REMEMBERED = 10_000

RETRY_COMMAND = "command"
"""The value of a Retry that was typed: it has no button that shows that it was heard."""


class Admission:
    """What stands before the store."""

    def __init__(
        self,
        places: Places,
        doors: Doorkeeper,
        store: Store,
        catalogue: Callable[[], Catalogue],
        refusals: Refusals,
    ) -> None:
        """Ask `places` who may and what holds, and `store` which threads are ours.

        `doors` gives strangers codes.
        """
        self._places = places
        self._doors = doors
        self._store = store
        self._catalogue = catalogue
        self._refusals = refusals
        self._scopes = Scopes(places=places, store=store)
        self._loops = BotLoops(store, refusals.clock)
        self._owned = Recent[str, None](MOST_REMEMBERED)

    def guards(self, platform: str) -> bool:
        """Tell whether a platform is a messenger."""
        return self._places.guarded(platform)

    async def session(self, incoming: Incoming) -> str:
        """Name the session that something belongs to.

        Raises:
            StoreError: nobody can tell.
        """
        return await self._scopes.session(incoming)

    async def recall(self) -> None:
        """Learn what has to be known of the time before the program started.

        Raises:
            StoreError: it cannot be told.
        """
        await self._loops.recall()

    async def took(self, incoming: Incoming) -> None:
        """Hear that it was stored, for the first time.

        Raises:
            StoreError: that could not be noted.
        """
        if isinstance(incoming, Message | Command | Press):
            await self._loops.took(incoming)

    async def admit(self, incoming: Incoming) -> Incoming | None:
        """Give what is to be taken in, None for what does not concern us.

        Raises:
            UserError: this person is not let in, or asks for a preset that is not there or not
                for them, and should read why.
            StoreError: nobody can tell whose thread it is.
        """
        match incoming:
            case Edited():
                return await self._edited(incoming)
            case Deleted():
                known = await self._store.kept(incoming.address.platform, incoming.of)
                return None if known is None else incoming
            case Moved() | Added():
                return incoming
            case _ if not self.guards(incoming.address.platform):
                return await self._meant(incoming) if isinstance(incoming, Command) else incoming
            case Message():
                return await self._message(incoming)
            case _:
                return await self._request(incoming)

    async def _request(self, incoming: Command | Press) -> Incoming | None:
        if await self._loops.hushed(incoming):
            return None
        role = self._places.role(incoming.author, incoming.address, direct=incoming.direct)
        if role in ADMITTED:
            return await self._meant(incoming)
        # With a handle the platform waits for an answer, and shows it to this person alone.
        first = self._may_tell(incoming)
        if role != "bot" and (first or incoming.handle):
            raise UserError(await self._refusal(role, incoming, first=first))
        return None

    async def _message(self, message: Message) -> Incoming | None:
        if await self._loops.hushed(message):
            return None
        role = self._places.role(message.author, message.address, direct=message.direct)
        said = await self._verdict(message, role)
        if said == "refuse" and self._may_tell(message):
            raise UserError(await self._refusal(role, message, first=True))
        if said != "answer":
            return None
        if message.preset is not None:  # asked by a command that a platform read itself
            self._places.require_choosable(self._catalogue().get(message.preset), message)
            return message
        words = self._words(message)
        if words is None:
            return message
        command = Command(
            event_id=message.event_id,
            address=message.address,
            author=message.author,
            name=words.name,
            args=words.args,
            at=message.at,
            message_id=message.message_id,
            reply_to=message.reply_to,
            direct=message.direct,
        )
        return await self._meant(command)

    async def _edited(self, edited: Edited) -> Incoming | None:
        """Read a change; one that addresses the bot asks, where the message never did before."""
        message = edited.message
        known = await self._store.kept(message.address.platform, message.event_id)
        if known is not None:
            before = known.accepted.incoming
            says = differs(before, message) and not older(before, edited)
            return edited if says or newer(before, edited) else None
        # An older change of it may still be told.
        return await self._message(replace(message, changed=edited.at)) if asks(edited) else None

    def _words(self, message: Message) -> Words | None:
        spoken_to = message.direct or message.addressed
        if not spoken_to or message.attachments:
            return None
        return read(message.text, self._catalogue())

    async def _verdict(self, message: Message, role: Role) -> Verdict:
        place = self._places.at(message.address, message.author.circles, direct=message.direct)
        here = situation(message, role, listen=place.listen, threads=place.threads)
        owned = depends_on_owner(here) and await self._owns(message)
        said = verdict(here, owned=owned)
        quiet = verdict(replace(here, quiet=True), owned=owned)
        return quiet if said != quiet and await is_quiet(self._store, message.address) else said

    async def _owns(self, message: Message) -> bool:
        """Tell whether the root of a thread was accepted; a yes is remembered, it stays one."""
        session, root = message.address.session, message.address.thread or ""
        if session not in self._owned:
            if not await self._store.has_message(session, root):
                return False
            self._owned[session] = None
        return True

    def _may_tell(self, incoming: Message | Command | Press) -> bool:
        """Tell a chat once an hour, and somebody in private as often as codes run out."""
        address = incoming.address
        who = incoming.author.id if incoming.direct else ""
        seconds = MINUTES * 60.0 if incoming.direct else AGAIN_SECONDS
        whose = (f"access {who}", address.platform, address.channel)
        return self._refusals.may_tell(whose, seconds, address)

    async def _meant(self, incoming: Command | Press) -> Incoming:
        """Give what a command stands for: a question, or Retry under the last answer."""
        if not isinstance(incoming, Command):
            return incoming
        if wrong := misread(incoming.name, incoming.args):
            raise UsageError(wrong)
        if incoming.name == "ask":
            return self._question(incoming)
        if incoming.name in {"retry", "undo"}:
            last = await self._last(incoming)
            return incoming if last is None else await self._upon(incoming, last)
        return incoming

    async def _last(self, command: Command) -> StoredTurn | None:
        """Find the turn that `/retry` or `/undo` means: the last one since the session began.

        Where nothing was ever asked it is that of a thread below: not every platform takes
        commands in threads.
        """
        last = await self._store.last_exchange(await self._scopes.session(command))
        if last is None:
            own, author = self._scopes.of_one_person(command), command.author.id
            turn = await self._store.newest_at(command.address, asker=author, own=own)
            last = None if turn is None else await self._store.last_exchange(turn.start.session)
        return None if last is None else await self._store.turn(last)

    async def _upon(self, command: Command, turn: StoredTurn) -> Press:
        """Make the press that a command stands for: which turn is meant, is settled now."""
        seq = turn.start.seq
        question = None if seq is None else await self._store.accepted(seq)
        asked_at = question.incoming if question else None
        replied = asked_at.reply_to if isinstance(asked_at, Message | Press) else None
        return Press(
            event_id=command.event_id,
            address=turn.start.place,
            author=command.author,
            action=_action(command),
            turn_id=turn.start.turn_id,
            at=command.at,
            value=RETRY_COMMAND,
            message_id=command.message_id,
            reply_to=command.reply_to or replied,
            direct=command.direct,
            handle=command.handle,
        )

    def _question(self, command: Command) -> Incoming:
        """Make a question of `/ask`; one that cannot be asked stays a command, to be told so."""
        said = asked(command.args)
        if not said.text or not self._may_ask(said.preset, command):
            return command
        return question(command)

    def _may_ask(self, name: str | None, command: Command) -> bool:
        preset = None if name is None else self._catalogue().find(name)
        return name is None or (preset is not None and self._places.may_choose(preset, command))

    async def _refusal(
        self, role: Role, incoming: Message | Command | Press, *, first: bool
    ) -> str:
        """Say why, and what would let somebody in; who writes in private is given a code.

        `first`: nothing of it was said there for a while.
        """
        if role == "denied":
            return told.DENIED
        author, address = incoming.author, incoming.address
        own = f"{address.platform}:{author.id}"
        if role == "guest":
            return told.GUEST.format(own=own)
        if incoming.direct:
            code = await self._doors.code_for(incoming) if first else None
            prefix = self._places.prefix(address.platform)
            return told.stranger(own, code, prefix)
        subject = subject_to_allow(author, address, direct=False)
        return told.CLOSED_CHAT.format(subject=subject, own=own)


def _action(command: Command) -> Action:
    if command.name == "undo":
        return "undo"
    return "advise" if wants_all(command.args) else "retry"
