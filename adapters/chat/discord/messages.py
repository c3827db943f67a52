"""The messages of one bot account: posted, found again, edited and taken away.

Decides how a panel is shown where its layout is refused, and what becomes of a post that nobody can
tell of. In which channel they stand, `rooms` says.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from adapters.chat.discord import quotes, render, routes, shapes
from adapters.chat.discord.failures import ARCHIVED, UNFIT, UNKNOWN_CHANNEL, code_of
from adapters.chat.discord.places import Places
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.rooms import Rooms
from adapters.chat.discord.search import PAGE, carrying, messages_in, ours
from adapters.chat.discord.shapes import JsonObject
from core.errors import ChatAway, ChatError, ChatUnknown, MessageGone
from core.frames import Frame, Panel
from core.recent import Recent
from core.types import Address, Message, Said

_REMEMBERED: Final = 2000
_PATIENCE: Final = 5.0
_EPOCH_MS: Final = 1_420_070_400_000

T = TypeVar("T")

log = logging.getLogger(__name__)


class Messages:
    """What is remembered of them is what they were posted as."""

    def __init__(self, rest: Rest, places: Places, rooms: Rooms) -> None:
        """Begin with none, and with the layout that panels have where it is taken."""
        self._rest = rest
        self._places = places
        self._rooms = rooms
        self._deliveries = Recent[str, str](_REMEMBERED)
        self._plain = Recent[str, None](_REMEMBERED)  # messages that were posted without layout
        self._layout = True

    async def post(
        self, address: Address, frame: Frame, delivery_id: str, reply_to: str | None
    ) -> str:
        """Post it where its conversation is, and give its id. Raises as `ChatAdapter.post`."""
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

    async def find(
        self, address: Address, delivery_id: str, *, since: int, frame: Frame | None
    ) -> str | None:
        """Look for one that was perhaps posted after `since` (ms). Raises as `ChatAdapter.find`."""
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

    async def earlier(self, message: Message, *, after: str | None) -> Sequence[Said]:
        """Read what stands before it in its thread. Raises as `ChatAdapter.earlier`."""
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

    async def private(self, user: str) -> str:
        """Give the channel in which somebody is written to alone."""
        who: JsonObject = {"recipient_id": user}
        return _id(await self._rest.call(routes.direct(), json=who, patience=_PATIENCE))

    async def edit(self, address: Address, message_id: str, frame: Frame, delivery_id: str) -> None:
        """Make it what the frame says. Raises as `ChatAdapter.edit`."""
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

    async def delete(self, address: Address, message_id: str) -> None:
        """Take it away; one that is gone already is no failure."""

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
