"""Socket Mode: receives over a WebSocket that Slack closes now and then.

Decides when the client library's reconnecting is not enough. An envelope is acknowledged only
once it is stored; what is not acknowledged, Slack sends again.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

import aiohttp
from slack_bolt.adapter.socket_mode.async_internals import (
    run_async_bolt_app,
    send_async_response,
)
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.async_client import AsyncBaseSocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from typing_extensions import override

from adapters.bounded import Closing, staying
from adapters.chat.slack.client import Api, silent
from adapters.chat.slack.door import UNREADABLE, Door
from core.crashpoints import crashpoint
from core.errors import ChatError, ChatRefused
from core.ports import Clock

OPENING: Final = 20.0
"""Seconds for a connection to stand."""
DOWN: Final = 15.0
"""Seconds without a connection after which everything is begun anew: the library tries an
address again and again that is good for once."""
CHECK: Final = 5.0
PING: Final = 5.0
"""Seconds between two pings; a connection that answers none is given up by the library."""
CLOSING: Final = 2.0

log = logging.getLogger(__name__)


class _Socket(SocketModeClient):
    """The library's client, with our errors and our proxies."""

    def __init__(self, api: Api, app_token: str) -> None:
        super().__init__(
            app_token,
            logger=silent,
            web_client=api.web,
            auto_reconnect_enabled=True,
            ping_interval=PING,
        )
        self.proxy = None
        self.api = api
        self._told = ""
        self.arrived: asyncio.Queue[SocketModeRequest | ChatRefused] = asyncio.Queue()
        self.socket_mode_request_listeners.append(self._arrive)

    async def open(self) -> None:
        """Connect for the first time.

        Raises:
            ChatRefused: Slack does not let us in. ChatError: it cannot be reached now.
        """
        await self.aiohttp_client_session.close()
        self.aiohttp_client_session = aiohttp.ClientSession(
            trust_env=True, ws_response_class=Closing, trace_configs=[staying()]
        )
        try:
            async with asyncio.timeout(OPENING):
                self.wss_uri = await self.issue_new_wss_url()
                await self.connect()  # type: ignore[no-untyped-call]
        except TimeoutError:
            raise ChatError("Slack's socket does not open") from None

    @override
    async def issue_new_wss_url(self) -> str:
        try:
            answer = await self.api.ask(
                self.api.web.apps_connections_open(app_token=self.app_token)
            )
        except ChatRefused as refused:
            self.arrived.put_nowait(refused)
            raise
        except ChatError as error:
            if str(error) != self._told:  # the library asks again every few seconds
                log.warning("Slack's socket is not open: %s", error)
            self._told = str(error)
            raise
        self._told = ""
        return str(answer.get("url") or "")

    async def _arrive(self, _client: AsyncBaseSocketModeClient, request: SocketModeRequest) -> None:
        self.arrived.put_nowait(request)


async def serve(api: Api, app_token: str, door: Door, *, clock: Clock) -> None:
    """Receive until cancelled.

    Raises:
        ChatRefused: the operator must act. ChatError: the connection is gone for good.
    """
    socket = _Socket(api, app_token)
    try:
        await socket.open()
        log.info("%s: listening over Slack's socket", api.what.rpartition(".")[0])
        async with asyncio.TaskGroup() as group:
            while True:
                request = await _next(socket, clock)
                group.create_task(_take(socket, request, door))
    except* ChatError as failed:
        raise failed.exceptions[0] from None
    finally:
        await _close(socket)


async def _next(socket: _Socket, clock: Clock) -> SocketModeRequest:
    """Wait for an envelope, looking now and then whether any can come."""
    alive = clock.monotonic()
    while True:
        try:
            async with asyncio.timeout(CHECK):
                arrived = await socket.arrived.get()
        except TimeoutError:
            if await socket.is_connected():
                alive = clock.monotonic()
            elif clock.monotonic() - alive > DOWN:
                raise ChatError("Slack's socket stays closed") from None
            continue
        if isinstance(arrived, ChatRefused):
            raise arrived
        return arrived


async def _take(socket: _Socket, request: SocketModeRequest, door: Door) -> None:
    """Store an envelope, then acknowledge it; what is not stored comes again."""
    try:
        response = await run_async_bolt_app(door.app, request)
    except UNREADABLE as error:
        log.info("Bolt cannot look at an envelope (%s): %r", request.type, error)
        again = request.retry_attempt
        response = await door.take(request.payload, again if isinstance(again, int) else 0)
    try:
        await send_async_response(socket, request, response, 0.0)
        crashpoint("slack.acknowledged")
    except (aiohttp.ClientError, OSError, AttributeError) as error:
        log.info("an acknowledgement was lost, so it will come again: %s", type(error).__name__)


async def _close(socket: _Socket) -> None:
    """Let go of it, and of what the library may just be connecting."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await socket.close()  # type: ignore[no-untyped-call]
    finally:  # it may be cancelled in the middle of that
        working = (
            socket.message_receiver,
            socket.current_session_monitor,
            socket.message_processor,
        )
        left = [each for each in working if each is not None]
        for each in left:
            each.cancel()
        await socket.aiohttp_client_session.close()
    if left:  # they are cancelled, and have their sockets to close
        await asyncio.wait(left, timeout=CLOSING)
