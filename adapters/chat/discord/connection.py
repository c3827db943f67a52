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
from typing import Final, NoReturn

import aiohttp
import discord
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

_OPENING: Final = 60.0
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


class _State(ConnectionState["Connection"]):
    """The library's state, with no cache and none of its parsers; it knows the open socket."""

    socket: DiscordWebSocket | None = None

    @override
    def _update_references(self, ws: DiscordWebSocket) -> None:
        self.socket = ws


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
        session, failures, first = Session(), 0, True
        while True:
            began = loop.time()
            session, reason = await self._connected(session, receive, initial=first)
            first = False
            failures = 0 if loop.time() - began > _STEADY else failures + 1
            if failures > _TRIES:
                session = Session()  # where it is resumed may be what cannot be reached
            if failures > 1:
                wait = min(_LONGEST, 2.0 ** (failures - 2)) * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
                log.warning("connecting to Discord again in %.1f s: %s", wait, reason)
                await asyncio.sleep(wait)

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
            return _session(socket or self._state.socket, session), "asked to"
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
            return await DiscordWebSocket.from_client(
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
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            log.warning("Discord sent something unreadable (%s); going on", type(error).__name__)

    async def _drop(self, code: int) -> None:
        """Close the socket, whatever it is doing, and stop its heartbeat."""
        socket, self._state.socket = self._state.socket, None
        if socket is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSING):
                    await socket.close(code=code)


def _session(socket: DiscordWebSocket | None, before: Session) -> Session:
    if socket is None or socket.session_id is None:
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
