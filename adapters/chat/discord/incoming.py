"""One message or interaction → intake: its place is found, it is stored, then acknowledged.

Decides how long it is held where it cannot be stored. It never answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from adapters.chat.discord import routes, servers, shapes
from adapters.chat.discord.arrivals import added
from adapters.chat.discord.backfill import Seen
from adapters.chat.discord.changes import Gone, deleted_of, edited_of
from adapters.chat.discord.inert import plain
from adapters.chat.discord.memberships import Memberships
from adapters.chat.discord.menu import choices
from adapters.chat.discord.normalise import Setting, command_of, message_of, press_of
from adapters.chat.discord.places import DM, Place
from adapters.chat.discord.quotes import told
from adapters.chat.discord.render import CONTENT, SUPPRESS_EMBEDS, allowed
from adapters.chat.discord.replies import Replies
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.shapes import JsonObject
from core.crashpoints import crashpoint
from core.errors import ChatError, StoreError, UserError
from core.ports import Clock, Intake
from core.types import Command, Incoming, Message

AGAIN: Final = 2.0
"""Seconds before what could not be stored is tried again."""

_COMMAND, _COMPONENT, _TYPING = 2, 3, 4
_UPDATE_LATER: Final[JsonObject] = {"type": 6}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A message as it came; `live` from the gateway, else read again.

    `changed`: it was there before, and somebody has changed it.
    """

    message: shapes.Message
    live: bool
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """Where things come in. `asked` hears of every question that addresses the bot."""

    setting: Setting
    rest: Rest
    replies: Replies
    seen: Seen
    clock: Clock
    presets: Callable[[Command], Sequence[str]]
    memberships: Memberships
    intake: Intake
    asked: Callable[[Message], None]

    async def said(self, what: Arrived | Gone | servers.Guild) -> None:
        """Take in what was written, that it was deleted, or that a server is new."""
        if isinstance(what, Arrived):
            await self._message(what)
            return
        at = int(self.clock.now().timestamp() * 1000)
        if isinstance(what, servers.Guild):
            await self._keep(added(what, self.setting, at))
            return
        for message_id in (what.id, *what.ids):
            if message_id:
                platform = self.setting.platform
                await self._keep(deleted_of(message_id, what.channel_id, platform, at))

    async def _message(self, arrived: Arrived) -> None:
        """Take one message in; it is held here until it is stored."""
        message = arrived.message
        crashpoint("discord.heard")
        place = await self._place(arrived)
        incoming = message_of(message, place, self.setting)
        if incoming is not None and incoming.addressed and place.guild and not message.member:
            member = await self._member(place.guild, message.author)
            incoming = message_of(message, place, self.setting, member)
        if incoming is not None:
            incoming = await self.memberships.mark(incoming)
            if incoming.addressed:
                self.asked(incoming)
                incoming = await self._with_answered(incoming, message)
            changed = arrived.changed
            await self._keep(
                edited_of(incoming, message.edited_timestamp) if changed else incoming, message
            )
        crashpoint("discord.passed")
        self.seen.note(message.channel_id, message.id)

    async def interaction(self, interaction: shapes.Interaction) -> None:
        """Take in a command or a press, then tell Discord so."""
        if interaction.type == _TYPING:
            await self._offer(interaction)
            return
        at = int(self.clock.now().timestamp() * 1000)
        read = {_COMMAND: command_of, _COMPONENT: press_of}.get(interaction.type)
        incoming = read(interaction, self.setting, at) if read else None
        if incoming is None:
            if interaction.type == _COMPONENT:
                await self.replies.call_back(interaction, _UPDATE_LATER)
            return
        incoming = await self.memberships.mark(incoming)
        with self.replies.taking_in(incoming.handle):
            try:
                await self.intake(incoming)
            except UserError as error:
                await self.replies.refuse(interaction, plain(str(error)))
            except StoreError as error:
                log.error("Discord: a command or press could not be stored: %s", error)  # noqa: TRY400 - one line
            else:
                crashpoint("discord.stored")
                await self.replies.acknowledge(interaction, incoming)

    async def _offer(self, interaction: shapes.Interaction) -> None:
        typed = next(
            (str(each.value or "") for each in interaction.data.options if each.focused), ""
        )
        asking = command_of(interaction, self.setting, 0)
        names = self.presets(asking) if asking else ()
        await self.replies.call_back(interaction, choices(names, typed))

    async def _keep(self, incoming: Incoming, message: shapes.Message | None = None) -> None:
        """Store it, however long that takes: what is not stored is not let go."""
        failed = False
        while True:
            try:
                await self.intake(incoming)
            except UserError as error:
                await self._tell(message, str(error))
                return
            except StoreError as error:
                if not failed:
                    log.error("Discord: a message waits to be stored: %s", error)  # noqa: TRY400 - one line
                failed = True
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _tell(self, message: shapes.Message | None, text: str) -> None:
        if message is None:
            return
        body = {
            "content": plain(text)[:CONTENT],
            "flags": SUPPRESS_EMBEDS,
            "allowed_mentions": allowed(None),
            "message_reference": {"message_id": message.id, "fail_if_not_exists": False},
        }
        try:
            await self.rest.call(routes.messages("POST", message.channel_id), json=body)
        except ChatError as error:
            log.info("Discord: somebody could not be told why: %s", error)

    async def _place(self, arrived: Arrived) -> Place:
        message = arrived.message
        if arrived.live and message.guild_id is None:
            return DM
        places = self.setting.places
        known = places.find(message.channel_id)
        if known is not None:
            return known
        try:
            data = await self.rest.call(routes.channel("GET", message.channel_id))
            return places.learn(shapes.read(data, servers.Channel), message.guild_id)
        except (ChatError, ValueError) as error:
            log.info("Discord: nothing is known of channel %s: %s", message.channel_id, error)
            return Place("flat", message.guild_id)

    async def _with_answered(self, incoming: Message, message: shapes.Message) -> Message:
        """Read again what a question replies to: without an intent its words come blank."""
        said = incoming.answers
        if said is None or said.text or said.own or not said.message_id:
            return incoming
        channel = (message.message_reference or shapes.Reference()).channel_id
        route = routes.message("GET", channel or message.channel_id, said.message_id)
        try:
            read = shapes.read(await self.rest.call(route, patience=AGAIN), shapes.Message)
        except (ChatError, ValueError):
            return incoming
        (again,) = told([read], self.setting.me, after=None) or (said,)
        return replace(incoming, answers=again)

    async def _member(self, guild: str, author: shapes.User) -> shapes.Member | None:
        """Ask for the roles of an author: messages that are read again do not tell."""
        try:
            data = await self.rest.call(routes.member(guild, author.id), patience=AGAIN)
            return shapes.read(data, shapes.Member)
        except (ChatError, ValueError):
            return None
