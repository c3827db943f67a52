"""Listens to one account: finds out who we are, and keeps the gateway open until it is cancelled.

It decides nothing about what is heard, and nothing about an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from adapters.chat.discord.backfill import Seen
from adapters.chat.discord.connection import Connection
from adapters.chat.discord.hearing import Hearing
from adapters.chat.discord.incoming import Doorway
from adapters.chat.discord.login import gateway_of, log_in
from adapters.chat.discord.memberships import Memberships
from adapters.chat.discord.menu import sync
from adapters.chat.discord.normalise import Setting
from adapters.chat.discord.options import DiscordOptions
from adapters.chat.discord.places import Places
from adapters.chat.discord.replies import Replies
from adapters.chat.discord.rest import Rest
from core.errors import ChatRefused
from core.ports import Clock, Intake
from core.storage import Gaps
from core.types import Message


class Listener:
    """What an account hears."""

    def __init__(
        self,
        options: DiscordOptions,
        rest: Rest,
        places: Places,
        *,
        clock: Clock,
        gaps: Gaps,
    ) -> None:
        """Make it; nothing is heard before `run`."""
        self.replies = Replies(rest)
        self._options = options
        self._rest = rest
        self._places = places
        self._clock = clock
        self._gaps = gaps
        self._seen = Seen()

    async def run(self, intake: Intake, asked: Callable[[Message], None]) -> None:
        """Listen until cancelled; `asked` hears of questions before they are stored.

        Raises:
            ChatRefused: Discord does not let the bot in.
        """
        options = self._options
        async with self._rest.opened():
            who = await log_in(self._rest)
            self._places.me = who.user
            memberships = Memberships(self._rest, self._places, self._clock, options.named)
            gateway = await gateway_of(self._rest, options.gateway_url)
            door = Doorway(
                setting=Setting(
                    platform=options.platform,
                    me=who.user,
                    places=self._places,
                    threads=options.threads,
                    application=who.application,
                    name=who.name,
                    hears=options.listen_all,
                ),
                rest=self._rest,
                replies=self.replies,
                seen=self._seen,
                clock=self._clock,
                presets=options.presets,
                memberships=memberships,
                intake=intake,
                asked=asked,
            )
            connection = Connection(self._rest, gateway, content=options.listen_all)
            refused = None
            async with asyncio.TaskGroup() as group:
                hearing = Hearing(door, group, self._gaps)
                group.create_task(sync(self._rest, who.application))
                try:
                    await connection.listen(hearing.receive)
                except ChatRefused as error:
                    refused = error
                finally:
                    hearing.close()
            if refused is not None:
                raise refused
