"""Discord for contract tests: a private chat, a channel, and a thread that somebody opened."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

from typing_extensions import override

from adapters.chat.discord import DiscordChat, DiscordOptions
from core.ports import ChatAdapter
from core.types import Message
from gateway.clock import SystemClock
from tests.contracts.chats.stand import Seen, Stand, Thing, Where
from tests.simulators.base import Fault
from tests.simulators.discord.people import POLL, STICKER

LINK = re.compile(r"\]\(\s*<?([^\s)>]+)>?\s*\)")
FILES = {"photo": "cat.jpg", "document": "plan.txt", "voice": "voice.ogg"}


class Discord(Stand):
    platform = "discord"
    things: ClassVar[tuple[Thing, ...]] = ("photo", "document", "voice", "sticker", "poll")
    posting = "create_message"
    editing = "edit_message"

    @override
    def made(self, **changed: object) -> ChatAdapter:
        options = DiscordOptions(
            platform="discord", token=self.sim.token, api_base=self.sim.api_base
        )
        return DiscordChat(
            replace(options, **changed),  # type: ignore[arg-type]
            clock=SystemClock(),
            gaps=self.inbox,
        )

    @override
    def wrong(self) -> ChatAdapter:
        return self.made(token="nobody-s")

    @override
    async def settle(self) -> None:
        group = self.sim.group("team", self.ann, self.ben, self.robot)
        other = self.sim.group("other", self.ann, self.ben, self.robot)
        thread = await self.sim.thread(other, self.ann, "Trains")
        self.places = {"dm": self.sim.dm(self.ann), "group": group, "thread": thread}

    @override
    def listening(self) -> object:
        return self.sim.gateway.connected and self.sim.world.commands

    @override
    async def say(self, where: Where, text: str, *, who: Any = None, **extra: Any) -> str:
        mention = where != "dm"
        said: str = await self.sim.say(
            self.places[where], who or self.ann, text, mention=mention, **extra
        )
        return said

    @override
    async def go_on(self, asked: Message, where: Where, text: str) -> str:
        if where != "group":
            return await self.say(where, text)
        (thread,) = self.sim.threads(self.places[where])
        said: str = await self.sim.say(thread, self.ben, text, mention=True)
        return said

    @override
    async def change(self, where: Where, message_id: str, text: str) -> None:
        mention = "" if where == "dm" else f"<@{self.sim.world.bot.id}> "
        await self.sim.edit(self.places[where], message_id, f"{mention}{text}")

    @override
    async def unsay(self, where: Where, message_id: str) -> bool:
        await self.sim.delete(self.places[where], message_id)
        return True

    @override
    async def preview(self, where: Where, message_id: str) -> bool:
        said = self.sim.world.channels[self.places[where].id].messages[message_id]
        said.embeds = [{"type": "link", "url": "https://example.org", "title": "Trains"}]
        self.sim.desk.tell("MESSAGE_UPDATE", said)
        return True

    @override
    async def send(self, thing: Thing, where: Where) -> None:
        place = self.places[where]
        match thing:
            case "sticker":
                await self.sim.say(place, self.ann, "", sticker_items=[STICKER])
            case "poll":
                await self.sim.say(place, self.ann, "", poll=POLL)
            case _:
                await self.sim.say(place, self.ann, "", files=[(FILES[thing], b"data")])

    @override
    async def press(self, where: Where, message_id: str, label: str, *, who: Any = None) -> Any:
        place = next(each for each in self._below(where) if self._stands(each, message_id))
        who = who or self.ann
        shown = next(each for each in self.sim.shown(place) if each.id == message_id)
        if label in shown.options:
            return await self.sim.select(place, who, message_id, label)
        return await self.sim.press(place, who, message_id, label)

    def _stands(self, place: Any, message_id: str) -> bool:
        return any(each.id == message_id for each in self.sim.shown(place))

    @override
    async def remove(self, seen: Seen) -> None:
        place = next(each for where in self.places for each in self._below(where, seen.place))
        await self.sim.delete(place, seen.id)

    @override
    async def close(self, where: Where) -> None:
        if where == "dm":
            self.sim.block(self.ann)
        elif where == "group":
            await self.sim.kick(self.places[where])
        else:
            await self.sim.remove(self.places[where])

    @staticmethod
    @override
    async def again(sim: Any) -> None:
        for session in sim.gateway.sessions.values():
            created = [each["d"] for each in session.sent if each["t"] == "MESSAGE_CREATE"]
            said = [each for each in created if each["author"]["id"] != sim.world.bot.id][-1]
            sim.gateway._event(session, "MESSAGE_CREATE", said)

    @override
    def hold(self, where: Where, seconds: float) -> None:
        fault = Fault(kind="refuse", status=429, retry_after=seconds)
        self.sim.faults.plan("create_message", fault)

    @override
    async def revoke(self) -> None:
        await self.sim.revoke()

    def _below(self, where: Where, place: str = "") -> Iterator[Any]:
        for each in (self.places[where], *self.sim.threads(self.places[where])):
            if place in {"", each.id}:
                yield each

    @override
    def shown(self, where: Where) -> list[Seen]:
        return [
            _seen(place.id, each)
            for place in self._below(where)
            if place.id in self.sim.world.channels
            for each in self.sim.shown(place)
        ]


def _seen(place: str, shown: Any) -> Seen:
    return Seen(
        id=shown.id,
        text=shown.text,
        place=place,
        buttons=(*shown.buttons, *shown.options),
        files=tuple(shown.files),
        edits=shown.edits,
        pings=tuple(shown.pings),
        links=tuple(LINK.findall(shown.text)),
        unfurls=bool(shown.unfurls),
        whispered_to=shown.whispered_to,
    )
