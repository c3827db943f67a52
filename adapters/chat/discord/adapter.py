"""Discord as a chat platform: the port that delivery speaks to.

Decides nothing about what is said: it carries out frames, and hands on what comes in. What goes
out needs no open gateway, so it works before `run` has begun and after it has ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Mapping,
    Sequence,
)
from types import MappingProxyType
from typing import ClassVar, Final, TypeVar

from aiohttp import web
from typing_extensions import override

from adapters.chat.discord import files, quotes, render, routes, shapes
from adapters.chat.discord.failures import (
    ARCHIVED,
    UNFIT,
    UNKNOWN_CHANNEL,
    UNKNOWN_GUILD,
    UNKNOWN_MEMBER,
    UNKNOWN_USER,
    Refusal,
    code_of,
)
from adapters.chat.discord.listener import Listener
from adapters.chat.discord.options import DiscordOptions
from adapters.chat.discord.places import Places
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.rooms import Rooms
from adapters.chat.discord.search import PAGE, carrying, messages_in, ours
from adapters.chat.discord.shapes import JsonObject
from core.errors import ChatAway, ChatClosed, ChatError, ChatUnknown, MessageGone
from core.frames import Frame, Panel
from core.ports import Capabilities, ChatAdapter, Clock, Intake
from core.recent import Recent
from core.storage import Gaps
from core.types import Added, Address, Attachment, Command, Message, Press, Said

_REMEMBERED: Final = 2000
_ASKED: Final = 20
"""Of so many people it is asked whether they are in a server."""
_PATIENCE: Final = 5.0
_EPOCH_MS: Final = 1_420_070_400_000

T = TypeVar("T")
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
        self._listener = Listener(options, self._rest, self._places, clock=clock, gaps=gaps)
        self._deliveries = Recent[str, str](_REMEMBERED)
        self._plain = Recent[str, None](_REMEMBERED)  # messages that were posted without layout
        self._unseeing = Recent[str, None](_REMEMBERED)  # channels that take no reactions
        self._layout = True

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
        room = await self._rooms.for_post(address)
        unthreaded = address.thread is not None and room == address.channel
        if unthreaded:
            reply_to = address.thread  # no thread could be made: the root tells what it belongs to
        elif reply_to == address.thread:
            reply_to = None  # that message stands outside the thread that it opened

        async def call(layout: bool) -> object:  # noqa: FBT001 - private
            body = render.post_body(
                frame, delivery_id=delivery_id, reply_to=reply_to, layout=layout
            )
            return await self._rooms.awake(room, lambda there: self._twice(there, body))

        try:
            data, plain = await self._with_layout(frame, call, layout=self._layout)
        except ChatError as error:
            if code_of(error) == UNKNOWN_CHANNEL:
                self._places.delete(room)
            raise
        message_id = _id(data)
        if plain:
            self._layout = False
            self._plain[message_id] = None
        if unthreaded and address.thread:
            self._places.rooted(message_id, address.thread)
        self._deliveries[message_id] = delivery_id
        return message_id

    async def _twice(self, room: str, body: render.Body) -> object:
        """Post again where nobody can tell: with the same nonce Discord posts it once."""
        try:
            return await self._rest.call(routes.messages("POST", room), body)
        except ChatUnknown:
            return await self._rest.call(routes.messages("POST", room), body)

    async def _with_layout(
        self, frame: Frame, call: Callable[[bool], Awaitable[T]], *, layout: bool
    ) -> tuple[T, bool]:
        """Call with components, else in plain text; the truth says that it took plain text."""
        if not isinstance(frame.content, Panel):
            return await call(True), False
        try:
            return await call(layout), not layout
        except ChatError as error:
            if code_of(error) not in UNFIT:
                raise
            log.info("Discord: a panel was refused (%s); showing it the other way", error)
            return await call(not layout), layout

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
        me, begun = await self._me(), max(0, since - _EPOCH_MS) << 22

        async def call(room: str) -> Sequence[shapes.Message]:
            async def ask(after: int) -> object:
                params: dict[str, str | int] = {"after": str(after), "limit": PAGE}
                route = routes.messages("GET", room)
                return await self._rest.call(route, params=params, patience=_PATIENCE)

            return await ours(ask, begun, me=me, delivery_id=delivery_id[:25])

        body = render.edit_body(frame, layout=self._layout) if frame else None
        found = await self._rooms.anywhere(address, call, found=False)
        message_id = carrying(found, delivery_id[:25], body)
        if message_id is not None:
            self._deliveries[message_id] = delivery_id
        return message_id

    @override
    async def earlier(self, message: Message, *, after: str | None) -> Sequence[Said]:
        thread = message.address.thread or message.address.channel
        params: dict[str, str | int] = {"before": message.message_id or "", "limit": quotes.PAGE}
        route = routes.messages("GET", thread)
        data = await self._rest.call(route, params=params, patience=_PATIENCE)
        return quotes.told(messages_in(data), await self._me(), after=after)

    async def _me(self) -> str:
        """Give our own id; messages are looked for before anything was heard, too."""
        if not self._places.me:
            who = await self._rest.call(routes.me(), patience=_PATIENCE)
            self._places.me = _id(who)
        return self._places.me

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
            who: JsonObject = {"recipient_id": to.author.id}
            room = _id(await self._rest.call(routes.direct(), json=who, patience=_PATIENCE))
            address = Address(platform=self.platform, channel=room)
        await self.post(address, frame, delivery_id=to.event_id)
        return not to.direct

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        mark = self._deliveries.get(message_id) or delivery_id or None

        async def call(layout: bool) -> object:  # noqa: FBT001 - private
            body = render.edit_body(frame, delivery_id=mark, layout=layout)

            async def there(room: str) -> object:
                return await self._rest.call(routes.message("PATCH", room, message_id), body)

            return await self._rooms.anywhere(address, there)

        known = message_id not in self._plain
        try:
            _, plain = await self._with_layout(frame, call, layout=known)
        except ChatUnknown as error:  # doing it twice is doing it once
            raise ChatAway(str(error)) from error
        except ChatError as error:
            if code_of(error) == ARCHIVED:  # it stays away; a new message brings the thread back
                raise MessageGone(str(error)) from error
            raise
        if plain:
            self._plain[message_id] = None

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        async def call(room: str) -> object:
            return await self._rest.call(
                routes.message("DELETE", room, message_id), patience=_PATIENCE
            )

        with contextlib.suppress(MessageGone):
            await self._rooms.anywhere(address, call)


def _id(data: object) -> str:
    try:
        return shapes.read(data, shapes.Posted).id
    except ValueError as error:
        raise ChatUnknown(f"Discord's answer could not be read: {error}") from None
