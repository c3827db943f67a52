"""Slack as a chat platform: the port that delivery speaks to.

Decides nothing about what is said, and little about how: `writer` does. It knows who it is in
its workspace, and lets in what arrives.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, TypeAlias

from aiohttp import web
from typing_extensions import override

from adapters.chat.slack import socket
from adapters.chat.slack.actions import of_words
from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.client import Api, ts_of
from adapters.chat.slack.door import Door
from adapters.chat.slack.earlier import Threads
from adapters.chat.slack.files import fetched
from adapters.chat.slack.groups import UserGroups
from adapters.chat.slack.home import HomeOf, view
from adapters.chat.slack.manner import Manners
from adapters.chat.slack.normalise import circles_of
from adapters.chat.slack.options import SCOPES, SlackOptions
from adapters.chat.slack.people import People
from adapters.chat.slack.receive import Receiver, Surroundings
from adapters.chat.slack.render import quote
from adapters.chat.slack.search import Search, unmarked
from adapters.chat.slack.status import Sessions
from adapters.chat.slack.stream import Streams
from adapters.chat.slack.whispers import Whispers
from adapters.chat.slack.wire import Handle, Kind, Me, Place
from adapters.chat.slack.writer import Writer
from core import commands
from core.errors import ChatClosed, ChatError, ChatRefused, StoreError
from core.frames import Frame, Notice
from core.ports import Capabilities, ChatAdapter, Clock, Intake
from core.types import Added, Address, Attachment, Command, Message, Press, Said

LIMIT: Final = 11_000
"""Characters of an answer's part: a message takes 12,000, and what stands below counts."""

Hook: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class SlackChat(ChatAdapter):
    """One Slack workspace."""

    def __init__(self, options: SlackOptions, *, clock: Clock, home: HomeOf) -> None:
        """Make it; nothing is connected before `run`."""
        self._options = options
        self._clock = clock
        self._home = home
        where = f"platforms.{options.platform}"
        self._api = Api(options.bot_token, options.api_base, what=f"{where}.bot_token")
        self._apps = Api(options.app_token or "", options.api_base, what=f"{where}.app_token")
        budgets = Budgets(clock)
        self._streams = Streams(self._api, budgets, clock)
        self._sessions = Sessions(self._api, budgets)
        manners = Manners()
        self._writer = Writer(self._api, self._streams, self._sessions, budgets, manners)
        self._whispers = Whispers(self._api, manners)
        groups = UserGroups(self._api, clock, options.groups)
        self._people = People(self._api, budgets, clock, groups)
        self._threads = Threads(self._api, self._people, budgets)
        self._me: Me | None = None
        self._receiver: Receiver | None = None
        secret = options.signing_secret
        self._door = Door(options.platform, self._api.web, secret, self._receive, clock)
        self.hooks: Mapping[str, Hook] = {}
        if options.mode == "http" and secret:
            self.hooks = {f"/{options.platform}/events": self._door.answer}

    @property
    @override
    def platform(self) -> str:
        return self._options.platform

    @override
    def capabilities(self, address: Address) -> Capabilities:
        return Capabilities(
            limit=LIMIT,
            pace=1.2,
            rate=5.0,
            panel="inside",
            stream="append",
            advice="shown",
            files=True,
            whispers=True,
            lasting=True,
        )

    # --- receiving ---------------------------------------------------------------------------

    @override
    async def run(self, intake: Intake) -> None:
        self._require_secrets()
        async with self._api, self._apps:
            me = self._me = await self._identify()
            self._require_scopes()
            try:
                async with asyncio.TaskGroup() as group:
                    self._receiver = Receiver(self.platform, me, self._surroundings(intake, group))
                    await self._listen()
            except* ChatError as failed:
                raise failed.exceptions[0] from None
            finally:
                self._receiver = None

    async def _listen(self) -> None:
        if self._options.mode == "socket":
            token = self._options.app_token or ""
            await socket.serve(self._apps, token, self._door, clock=self._clock)
        else:
            await asyncio.Event().wait()

    def _require_secrets(self) -> None:
        where = f"platforms.{self.platform}"
        if self._options.mode == "socket" and not self._options.app_token:
            raise ChatRefused(f"{where}.app_token is missing: Socket Mode needs one (xapp-…)")
        if self._options.mode == "http" and not self._options.signing_secret:
            raise ChatRefused(f"{where}.signing_secret is missing: HTTP mode needs it")

    def _require_scopes(self) -> None:
        """Say in one line what the app lacks; without any, it could not even write."""
        if not self._api.scopes:
            return
        wanted = SCOPES | ({"usergroups:read"} if self._options.groups() else set())
        lacking = ", ".join(sorted(wanted - self._api.scopes))
        mend = "add them under OAuth & Permissions (slack-manifest.yaml), then reinstall the app"
        if not self._api.scopes & {"chat:write", "bot"}:
            raise ChatRefused(f"{self._api.what} lacks the scopes {lacking}: {mend}")
        if lacking:
            log.warning("%s lacks the scopes %s: %s", self._api.what, lacking, mend)

    def _surroundings(self, intake: Intake, group: asyncio.TaskGroup) -> Surroundings:
        return Surroundings(
            intake=intake,
            people=self._people,
            streams=self._streams,
            turn_in=self._sessions.turn,
            clock=self._clock,
            quote=self._quote,
            unquote=self._unquote,
            home=self._show_home,
            whisper=self.whisper,
            aside=group.create_task,
        )

    async def _identify(self) -> Me:
        """Ask who we are.

        Raises:
            ChatRefused: the token is not accepted. ChatError: Slack cannot be asked now.
        """
        told = await self._api.ask(self._api.web.auth_test())
        return Me(
            user=str(told.get("user_id") or ""),
            bot=str(told.get("bot_id") or ""),
            team=str(told.get("team_id") or ""),
            enterprise=str(told.get("enterprise_id") or ""),
            name=str(told.get("user") or ""),
        )

    async def _receive(self, kind: Kind, payload: object, again: int) -> None:
        if self._receiver is None:
            raise StoreError("Slack is not taken in from at the moment")
        await self._receiver(kind, payload, again)

    async def _quote(self, command: Command) -> str:
        body = quote(command.author.name, commands.asked(command.args).text)
        channel = command.address.channel
        answer = await self._writer.send(channel, "", body, command.event_id)
        ts = ts_of(answer)
        self._streams.settle(channel, ts)
        return ts

    async def _unquote(self, message: Message) -> None:
        try:
            await self.delete(message.address, message.message_id or "")
        except ChatError as error:
            log.info("%s: a quote stays: %s", self.platform, error)

    async def _show_home(self, user: str, notice: str = "") -> None:
        """Show somebody's App Home; best effort."""
        try:
            me = self._me or await self._identify()
            people = await self._people.of([user])
            home = view(await self._home(user, circles_of(user, me, people)), notice)
            await self._api.ask(self._api.web.views_publish(user_id=user, view=home))
        except (ChatError, StoreError) as error:
            log.info("%s: the App Home is not shown: %s", self.platform, error)

    # --- sending -----------------------------------------------------------------------------

    @override
    async def acknowledge(self, message: Message) -> None:
        place = Place.of(message.reply_to, message.address.thread)
        await self._sessions.seen(
            message.address.channel,
            place.thread,
            place.user,
            message.message_id or "",
            message.text,
        )

    @override
    def fetch(self, file: Attachment) -> AbstractAsyncContextManager[AsyncIterator[bytes]]:
        return fetched(file, self._api, self._options.api_base)

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        place = Place.of(reply_to, address.thread)
        return await self._writer.post(address.channel, place, frame, delivery_id)

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
        me = self._me or await self._identify()
        search = Search(self._api, me, self._streams.knows)
        thread = Place.of(reply_to, address.thread).thread
        return await search.find(
            address.channel, thread, delivery_id, since=since, kind=unmarked(frame)
        )

    @override
    async def earlier(self, message: Message, *, after: str | None) -> Sequence[Said]:
        return await self._threads.before(message, self._me or await self._identify(), after)

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        handle = Handle.read(to.handle) if to.handle else of_words(to)
        if handle.channel:
            await self._whispers.tell(handle, frame)
        else:
            text = frame.content.text if isinstance(frame.content, Notice) else ""
            await self._show_home(handle.user, text)

    @override
    async def leave(self, added: Added) -> None:
        with contextlib.suppress(ChatClosed):  # it is out of it already
            await self._api.ask(self._api.web.conversations_leave(channel=added.address.channel))

    @override
    async def hand(self, to: Command | Press, frame: Frame) -> bool:
        place = Place.of(to.reply_to, to.address.thread) if to.direct else Place(thread="")
        direct = to.address.channel if to.direct else await self._whispers.private(to.author.id)
        await self._writer.post(direct, place, frame, to.event_id)
        return not to.direct

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        await self._writer.edit(address, message_id, frame, delivery_id)

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        await self._writer.delete(address.channel, message_id)
