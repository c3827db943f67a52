"""The gateway: one session that outlives its connections. discord.py speaks the protocol.

Decides when to connect again and with which session; hands every dispatch on, in order. It reads
no message and keeps none: the library's own caches and parsers are left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import zlib
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Final, NoReturn

import aiohttp
import discord
import msgspec
import yarl
from discord.gateway import DiscordWebSocket, ReconnectWebSocket
from discord.state import ConnectionState
from typing_extensions import override

from adapters.chat.discord.rest import Rest
from core.errors import ChatRefused

EVENTS: Final = (
    "READY",
    "RESUMED",
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "INTERACTION_CREATE",
    "GUILD_CREATE",
    "GUILD_DELETE",
    "GUILD_ROLE_CREATE",
    "GUILD_ROLE_UPDATE",
    "GUILD_ROLE_DELETE",
    "CHANNEL_CREATE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "THREAD_LIST_SYNC",
)
"""What is looked at; everything else that Discord sends is dropped unread."""

_OPENING: Final = 20.0
_CLOSING: Final = 1.0
_STEADY: Final = 30.0
_LONGEST: Final = 60.0
_TRIES: Final = 4
_TOKEN_CODE: Final = 4004
_INTENT_CODES: Final = frozenset({4013, 4014})

Receive = Callable[[str, object], Awaitable[None]]

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Session:
    """What a RESUME needs; blank where there is nothing to resume."""

    gateway: yarl.URL | None = None
    id: str | None = None
    sequence: int | None = None


class _Socket(DiscordWebSocket):
    """The library's socket, stricter with heartbeats and milder with READY."""

    _acknowledged: float | None = None

    @override
    async def send_heartbeat(self, data: object) -> None:
        """Send one; if none was acknowledged since the last one, nobody is there any more."""
        beating, before = self._keep_alive, self._acknowledged
        if beating is None:
            return
        self._acknowledged = beating._last_ack  # noqa: SLF001 - the library tells it nowhere else
        if self.latency == inf or self._acknowledged == before:
            await self.close(4000)
        else:
            await super().send_heartbeat(data)

    @override
    async def received_message(self, msg: str | bytes, /) -> None:
        """Take in a frame; a READY that does not say where to resume means here."""
        whole = self._decompressor.decompress(msg) if isinstance(msg, bytes) else msg
        if whole is None:
            return
        try:
            await super().received_message(whole)
        except (KeyError, TypeError):
            told = msgspec.json.decode(whole)
            if told.get("t") != "READY" or not isinstance(told["d"], dict):
                raise
            told["d"]["resume_gateway_url"] = str(self.gateway)
            await super().received_message(msgspec.json.encode(told).decode())


class _State(ConnectionState["Connection"]):
    """The library's state, with no cache and none of its parsers; it knows the open socket."""

    socket: DiscordWebSocket | None = None

    @override
    def _update_references(self, ws: DiscordWebSocket) -> None:
        self.socket = ws


class _Failures:
    """Failures in a row; what stays as it is, is said once."""

    def __init__(self) -> None:
        self._count = 0
        self._told = ""

    @property
    def many(self) -> bool:
        return self._count > _TRIES

    async def met(self, reason: str, *, lasted: float) -> None:
        """Count one, after a connection that `lasted` so many seconds, and wait ever longer."""
        self._count = 0 if lasted > _STEADY else self._count + 1
        if self._count < 2:
            self._told = ""
            return
        wait = min(_LONGEST, 2.0 ** (self._count - 2)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
        if reason != self._told:
            log.warning("connecting to Discord again in %.1f s: %s", wait, reason)
        self._told = reason
        await asyncio.sleep(wait)


class Connection(discord.Client):
    """Listens until cancelled."""

    _state: _State

    def __init__(self, rest: Rest, gateway: yarl.URL, *, content: bool) -> None:
        """Connect to `gateway`; `content` asks to read what is not addressed to the bot."""
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        intents = discord.Intents(
            guilds=True, guild_messages=True, dm_messages=True, message_content=content
        )
        super().__init__(
            intents=intents,
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self.http = self._connection.http = rest
        self._gateway = gateway
        self._arrived: deque[tuple[str, object]] = deque()
        self._connection.parsers = {event: partial(self._keep, event) for event in EVENTS}

    @override
    def _get_state(self, **options: object) -> _State:
        self._state = _State(
            dispatch=self.dispatch,
            handlers=self._handlers,
            hooks=self._hooks,
            http=self.http,
            **options,
        )
        return self._state

    @override
    def dispatch(self, event: str, /, *_args: object, **_kwargs: object) -> None:
        """Leave out the library's own events: nobody listens to them."""

    def _keep(self, event: str, data: object) -> None:
        self._arrived.append((event, data))

    async def listen(self, receive: Receive) -> None:
        """Hand every dispatch to `receive`, one after the other, over all connections.

        Raises:
            ChatRefused: Discord does not let the bot in.
        """
        self.loop = loop = asyncio.get_running_loop()
        session, failures, first = Session(), _Failures(), True
        while True:
            began, elsewhere = loop.time(), session.gateway is not None
            session, reason = await self._connected(session, receive, initial=first)
            first = False
            if elsewhere and session.gateway is None and session.id is not None:
                continue  # where it is to be resumed cannot be reached; where it began may be
            await failures.met(reason, lasted=loop.time() - began)
            if failures.many:
                session = Session()  # it may be what cannot be had

    async def _connected(
        self, session: Session, receive: Receive, *, initial: bool
    ) -> tuple[Session, str]:
        """Hold one connection until it ends; give what can be resumed, and why it ended."""
        socket: DiscordWebSocket | None = None
        code = 4000
        try:
            socket = await self._opened(session, initial=initial)
            await self._hear(socket, receive)
        except ReconnectWebSocket as ended:
            if not ended.resume:
                return Session(), "the session is over"
            return _session(socket, session), "asked to"
        except discord.ConnectionClosed as closed:
            if closed.code != 1000:
                raise _refused(closed.code) from None
            return Session(), "closed"
        except (OSError, aiohttp.ClientError, TimeoutError, zlib.error) as error:
            return _session(socket, session), str(error) or type(error).__name__
        except asyncio.CancelledError:
            code = 1000  # for good: the bot is shown as away at once
            raise
        finally:
            await self._drop(code)

    async def _opened(self, session: Session, *, initial: bool) -> DiscordWebSocket:
        async with asyncio.timeout(_OPENING):
            return await _Socket.from_client(
                self,
                initial=initial,
                gateway=session.gateway or self._gateway,
                session=session.id,
                sequence=session.sequence,
                resume=session.id is not None,
            )

    async def _hear(self, socket: DiscordWebSocket, receive: Receive) -> NoReturn:
        while True:
            await self._poll(socket)
            while self._arrived:
                await receive(*self._arrived.popleft())

    async def _poll(self, socket: DiscordWebSocket) -> None:
        try:
            await socket.poll_event()
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            log.warning("Discord sent something unreadable (%s); going on", type(error).__name__)

    async def _drop(self, code: int) -> None:
        """Close the socket, whatever it is doing, and stop its heartbeat."""
        socket, self._state.socket = self._state.socket, None
        if socket is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await socket.close(code=code)


def _session(socket: DiscordWebSocket | None, before: Session) -> Session:
    if socket is None:  # it was not opened
        return Session(None, before.id, before.sequence)
    if socket.session_id is None:
        return before
    return Session(socket.gateway, socket.session_id, socket.sequence)


def _refused(code: int) -> ChatRefused:
    if code == _TOKEN_CODE:
        return ChatRefused(NO_ENTRY)
    if code in _INTENT_CODES:
        return ChatRefused(NO_INTENT)
    return ChatRefused(f"Discord closed the connection for good (code {code}).")


NO_ENTRY: Final = (
    "Discord does not accept the bot token: in the Developer Portal open your application, "
    "Bot, Reset Token, and put the new one into the configuration."
)
NO_INTENT: Final = (
    "Discord refuses the Message Content intent, which `listen: all` needs: in the Developer "
    "Portal open your application, Bot, Privileged Gateway Intents, and switch on Message "
    "Content Intent; or set `listen: mention`."
)
