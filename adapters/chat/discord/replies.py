"""Answers to commands and presses: in time to Discord, then to the person alone.

Decides how an interaction is acknowledged, and where an answer goes that came too late.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from adapters.chat.discord import routes, shapes
from adapters.chat.discord.failures import ACKNOWLEDGED, EXPIRED, code_of
from adapters.chat.discord.handles import Handle
from adapters.chat.discord.render import (
    EPHEMERAL,
    SUPPRESS_EMBEDS,
    Body,
    allowed,
    quoting,
    whisper_bodies,
)
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.shapes import JsonObject
from core.errors import ChatError, ChatUnknown
from core.frames import Frame
from core.recent import Recent
from core.types import Command, Press

_REMEMBERED: Final = 2000
_MESSAGE, _DEFERRED, _DEFERRED_UPDATE = 4, 5, 6
_PATIENCE: Final = 5.0
_MOMENT: Final = 1.0

log = logging.getLogger(__name__)


class Replies:
    """The interactions of one account."""

    def __init__(self, rest: Rest) -> None:
        """Answer through `rest`."""
        self._rest = rest
        self._answered = Recent[str, bool](_REMEMBERED)  # by handle; False: it cannot be
        self._awaited: dict[str, asyncio.Event] = {}

    @contextlib.contextmanager
    def taking_in(self, handle: str) -> Iterator[None]:
        """Hold back answers to it until it is acknowledged: Discord knows of none before."""
        taken_in = self._awaited[handle] = asyncio.Event()
        try:
            yield
        finally:
            self._awaited.pop(handle, None)
            taken_in.set()

    async def acknowledge(self, interaction: shapes.Interaction, to: Command | Press) -> None:
        """Tell Discord within three seconds that it was taken in; best effort."""
        body: JsonObject = {"type": _DEFERRED, "data": {"flags": EPHEMERAL}}
        if isinstance(to, Press):
            body = {"type": _DEFERRED_UPDATE}
        elif to.name == "ask":
            body = {"type": _MESSAGE, "data": quoting(_question(interaction))}
            self._answered[to.handle] = True
        await self.call_back(interaction, body)

    async def refuse(self, interaction: shapes.Interaction, text: str) -> None:
        """Tell whoever gave it that it was not taken in, and why; best effort."""
        data: JsonObject = {
            "content": text,
            "flags": EPHEMERAL | SUPPRESS_EMBEDS,
            "allowed_mentions": allowed(None),
        }
        await self.call_back(interaction, {"type": _MESSAGE, "data": data})

    async def call_back(self, interaction: shapes.Interaction, body: JsonObject) -> None:
        """Give the first answer, once more if it was perhaps lost; best effort."""
        route = routes.callback(interaction.id, interaction.token)
        try:
            try:
                await self._rest.call(route, json=body, patience=_MOMENT)
            except ChatUnknown:
                await self._rest.call(route, json=body, patience=_MOMENT)
        except ChatError as error:
            if code_of(error) != ACKNOWLEDGED:
                log.info("Discord: interaction %s was not acknowledged: %s", interaction.id, error)

    async def whisper(self, to: Command | Press, frame: Frame) -> bool:
        """Answer the person alone; False if the interaction can no longer be answered.

        Raises:
            ChatError: it did not work, and not because of the interaction.
        """
        handle = Handle.of(to.handle)
        awaited = self._awaited.get(to.handle)
        if awaited is not None:
            await awaited.wait()
        if handle is None or self._answered.get(to.handle) is False:
            return False
        try:
            for body in whisper_bodies(frame):
                await self._send(handle, to.handle, body)
        except ChatError as error:
            if code_of(error) not in EXPIRED:
                raise
            self._answered[to.handle] = False
            return False
        return True

    async def _send(self, handle: Handle, key: str, body: Body) -> None:
        """Replace what is there already, the first time; add to it from then on."""
        if handle.own and key not in self._answered:
            route = routes.original(handle.application, handle.token)
            await self._rest.call(route, _as_edit(body), patience=_PATIENCE)
            self._answered[key] = True
            return
        route = routes.follow_up(handle.application, handle.token)
        await self._rest.call(route, body, patience=_PATIENCE)


def _as_edit(body: Body) -> Body:
    """Leave out what only a new message may say: who sees one was settled when it was made."""
    flags = body.json.get("flags")
    kept = flags & ~EPHEMERAL if isinstance(flags, int) else 0
    return replace(body, json={**body.json, "flags": kept})


def _question(interaction: shapes.Interaction) -> str:
    values = {each.name: each.value for each in interaction.data.options}
    return str(values.get("question") or "")
