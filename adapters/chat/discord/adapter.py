"""Discord as a chat platform: the port that delivery speaks to.

Decides nothing about what is said: it carries out frames, and hands on what comes in. What goes
out needs no open gateway, so it works before `run` has begun and after it has ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final

from aiohttp import web
from typing_extensions import override

from adapters.chat.discord import files, render, routes
from adapters.chat.discord.failures import UNKNOWN_GUILD, UNKNOWN_MEMBER, UNKNOWN_USER, Refusal
from adapters.chat.discord.listener import Listener
from adapters.chat.discord.messages import Messages
from adapters.chat.discord.options import DiscordOptions
from adapters.chat.discord.places import Places
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.rooms import Rooms
from core.errors import ChatClosed, ChatError
from core.frames import Frame
from core.ports import Capabilities, ChatAdapter, Clock, Intake
from core.recent import Recent
from core.storage import Gaps
from core.types import Added, Address, Attachment, Command, Message, Press, Said

_REMEMBERED: Final = 2000
_ASKED: Final = 20
"""Of so many people it is asked whether they are in a server."""
_PATIENCE: Final = 5.0

Hook = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class DiscordChat(ChatAdapter):
    """One bot account."""

    hooks: ClassVar[Mapping[str, Hook]] = MappingProxyType({})

    def __init__(self, options: DiscordOptions, *, clock: Clock, gaps: Gaps) -> None:
        """Make it; `gaps` knows how far it has listened."""
        self._options = options
        self._rest = Rest(options.token, options.api_base)
        self._places = Places()
        self._rooms = Rooms(self._rest, self._places, options.threads)
        self._messages = Messages(self._rest, self._places, self._rooms)
        self._listener = Listener(options, self._rest, self._places, clock=clock, gaps=gaps)
        self._unseeing = Recent[str, None](_REMEMBERED)  # channels that take no reactions

    @property
    @override
    def platform(self) -> str:
        return self._options.platform

    @override
    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(
            limit=render.LIMIT,
            repeatable=True,
            rate=40.0,
            advice="buttons",
            files=True,
            paced="thread",  # which is a channel of its own
            whispers=True,
            lasting=True,
        )

    @override
    async def run(self, intake: Intake) -> None:
        await self._listener.run(intake, self._rooms.asked)

    @override
    async def acknowledge(self, message: Message) -> None:
        room = self._rooms.of_question(message)
        signs = [routes.typing(room)]
        if message.message_id is not None and room not in self._unseeing:
            signs.insert(0, routes.eyes(room, message.message_id))
        for sign in signs:
            try:
                await self._rest.sign(sign)
            except ChatClosed:  # no reactions there: asking every time would count against us
                self._unseeing[room] = None
            except ChatError as error:
                log.debug("Discord: a question was not acknowledged: %s", error)

    @override
    def fetch(
        self, file: Attachment
    ) -> contextlib.AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return files.fetched(file, self._options.api_base)

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        return await self._messages.post(address, frame, delivery_id, reply_to)

    @override
    async def find(
        self,
        address: Address,
        delivery_id: str,
        *,
        since: int,
        reply_to: str | None = None,
        frame: Frame | None = None,
    ) -> str | None:
        return await self._messages.find(address, delivery_id, since=since, frame=frame)

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        await self._messages.edit(address, message_id, frame, delivery_id)

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        await self._messages.delete(address, message_id)

    @override
    async def earlier(self, message: Message, *, after: str | None) -> Sequence[Said]:
        return await self._messages.earlier(message, after=after)

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        if await self._listener.replies.whisper(to, frame):
            return
        if to.handle and not to.direct:
            raise ChatError("the interaction is over, and its answer is for nobody else to read")
        said = f"{to.event_id}\0{frame!r}".encode("utf-8", "replace")
        once = hashlib.blake2b(said, digest_size=12).hexdigest()
        await self.post(to.address, frame, delivery_id=once, reply_to=to.reply_to)

    @override
    async def present(self, added: Added, people: Collection[str]) -> bool:
        for each in sorted(people)[:_ASKED]:
            try:
                await self._rest.call(routes.member(added.place, each), patience=_PATIENCE)
            except Refusal as error:
                if error.code not in {UNKNOWN_MEMBER, UNKNOWN_USER}:
                    raise
            else:
                return True
        return False

    @override
    async def leave(self, added: Added) -> None:
        try:
            await self._rest.call(routes.guild(added.place), patience=_PATIENCE)
        except Refusal as error:
            if error.code != UNKNOWN_GUILD:
                raise

    @override
    async def hand(self, to: Command | Press, frame: Frame) -> bool:
        if await self._listener.replies.whisper(to, frame):
            return False
        address = to.address
        if not to.direct:
            room = await self._messages.private(to.author.id)
            address = Address(platform=self.platform, channel=room)
        await self.post(address, frame, delivery_id=to.event_id)
        return not to.direct
