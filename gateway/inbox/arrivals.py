"""What is done in a chat that the bot was brought into: it introduces itself once, or leaves.

Decides what an introduction says there, from what is really set. Whether the bot is wanted,
`core.arrivals` decides; an introduction is noted before it is posted, so there is never a second.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core.arrivals import people_named, welcome
from core.crashpoints import crashpoint
from core.errors import ChatClosed, ChatError
from core.texts.arrivals import Introduction, farewell, introduction
from core.types import Address
from core.whispers import notice
from gateway.delivery.asides import SECONDS
from gateway.delivery.pacing import once_free

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from core.arrivals import Welcome
    from core.ports import ChatAdapter
    from core.presets import Preset
    from core.storage import Store
    from core.types import Added
    from gateway.access.choices import Choices
    from gateway.access.places import Place, Places
    from gateway.privacy.terms import KeptFor

MOST_ROOMS = 5
"""In so many channels of a server it tries to introduce itself, until one takes it."""

GRACE = 2.0
"""Seconds before it leaves: a group that was let in becomes a supergroup with another id, and that
it moved may be told after the bot was brought there."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """Comes to chats, and goes from those where it may not be.

    `chats` are by platform, `kept` tells how long things are kept.
    """

    store: Store
    places: Places
    choices: Choices
    chats: Mapping[str, ChatAdapter]
    kept: KeptFor

    async def settle(self, added: Added) -> None:
        """Introduce the bot, or say whom to ask and leave; best effort, and tried once.

        Raises:
            StoreError: nobody can tell whether it has introduced itself before.
        """
        try:
            async with asyncio.timeout(SECONDS):
                wanted = await self._welcome(added)
                if wanted.standing == "closed":
                    await asyncio.sleep(GRACE)
                    wanted = await self._welcome(added)
                if wanted.standing == "closed":
                    await self._leave(added)
                else:
                    await self._introduce(added, wanted)
        except (ChatError, TimeoutError) as error:
            log.warning("arrival_failed", place=added.place, error=str(error) or "it took too long")

    async def _welcome(self, added: Added) -> Welcome:
        address, access = added.address, self.places.access
        adder = self.places.role(added.author, address, direct=False)
        wanted = welcome(access, added, adder=adder, present=False)
        people = people_named(access, address.platform)
        if wanted.standing != "closed" or not people:
            return wanted
        present = await self.chats[address.platform].present(added, people)
        return welcome(access, added, adder=adder, present=present)

    async def _leave(self, added: Added) -> None:
        adapter = self.chats[added.address.platform]
        subject = f"{added.address.platform}:{added.circles[0] if added.circles else added.place}"
        log.info("left", place=added.place, why="it is not let in there")
        try:
            await self._say(added, added.rooms, farewell(subject, self.places.contact))
        finally:
            await once_free(partial(adapter.leave, added))

    async def _introduce(self, added: Added, wanted: Welcome) -> None:
        platform = added.address.platform
        rooms = [each for each in wanted.rooms if self._at(added, each).introduce]
        if not rooms or not await self.store.introduce(platform, added.place, at=added.at):
            return
        crashpoint("introduction.noted", platform)
        told = await self._introduction(added, rooms[0], partly=wanted.standing == "partly")
        await self._say(added, rooms, introduction(told))

    async def _say(self, added: Added, rooms: Sequence[str], text: str) -> None:
        """Say it in the first of these channels that takes it."""
        adapter, frame = self.chats[added.address.platform], notice(text)
        once = hashlib.blake2b(added.event_id.encode(), digest_size=12).hexdigest()
        for room in rooms[:MOST_ROOMS]:
            address = Address(platform=added.address.platform, channel=room)
            try:
                await once_free(partial(adapter.post, address, frame, delivery_id=once))
            except ChatClosed:
                continue
            return

    async def _introduction(self, added: Added, room: str, *, partly: bool) -> Introduction:
        place = self._at(added, room)
        address = Address(platform=added.address.platform, channel=room)
        preset = (await self.choices.there(address)).preset
        prefix = self.places.prefix(address.platform)
        models = _models(preset)
        return Introduction(
            me=added.me,
            ask=f"{prefix}ask{added.suffix}",
            choose=f"/moa{added.suffix}",
            privacy=f"{prefix}privacy{added.suffix}",
            preset=preset.name,
            models=len(models),
            vendors=list(dict.fromkeys(provider for provider, _ in models)),
            hears=added.hears,
            threads=added.threads and place.threads == "owned",
            everything=place.listen == "all",
            kept=self.kept.there(address, added.circles).messages,
            partly=partly,
        )

    def _at(self, added: Added, room: str) -> Place:
        address = Address(platform=added.address.platform, channel=room)
        return self.places.at(address, added.circles, direct=False)


def _models(preset: Preset) -> list[tuple[str, str]]:
    """Give (provider, model) of each model that a question goes to."""
    condenses = [preset.synthesizer] if preset.active and preset.synthesizer else []
    slots = [*preset.active, *condenses, preset.aggregator]
    return list(dict.fromkeys((each.provider, each.model) for each in slots))
