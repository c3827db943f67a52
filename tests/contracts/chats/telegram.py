"""Telegram for contract tests: a private chat, a group, and a topic of a forum."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from typing_extensions import override

from adapters.chat.telegram import TelegramChat, TelegramOptions
from core.ports import ChatAdapter
from core.types import Message
from gateway.clock import SystemClock
from tests.contracts.chats.stand import Seen, Stand, Thing, Where
from tests.simulators.telegram.state import File, message_wire

SENT = {
    "photo": File(name="cat.jpg", content=b"jpg", media_type="image/jpeg", kind="photo"),
    "document": File(name="plan.pdf", content=b"pdf", media_type="application/pdf"),
    "voice": File(name="voice.ogg", content=b"ogg", media_type="audio/ogg", kind="voice"),
}


class Telegram(Stand):
    platform = "telegram"
    things: ClassVar[tuple[Thing, ...]] = ("photo", "document", "voice", "sticker", "poll")
    whispers: ClassVar[tuple[str, ...]] = ("press",)
    posting = "sendMessage"
    editing = "editMessageText"

    @override
    def made(self, **changed: object) -> ChatAdapter:
        options = TelegramOptions(
            platform="telegram",
            token=self.sim.token,
            base_url=self.sim.base_url,
            base_file_url=self.sim.base_file_url,
        )
        return TelegramChat(replace(options, **changed), clock=SystemClock())  # type: ignore[arg-type]

    @override
    def wrong(self) -> ChatAdapter:
        return self.made(token="1:nobody-s")

    @override
    async def settle(self) -> None:
        dm = self.sim.dm(self.ann)
        group = self.sim.group("team", self.ann, self.ben, self.robot)
        forum = self.sim.group("forum", self.ann, self.ben, self.robot, forum=True)
        self.topic = self.sim.topic(forum, "Trains")
        self.places = {"dm": dm, "group": group, "thread": forum}
        self.sim.chat(dm).started = True

    @override
    def listening(self) -> object:
        return self.sim.updates.waiting

    @override
    async def say(self, where: Where, text: str, *, who: Any = None, **extra: Any) -> str:
        thread = {"thread": self.topic} if where == "thread" else {}
        said: str = await self.sim.say(
            self.places[where], who or self.ann, text, mention=where != "dm", **thread, **extra
        )
        return said

    @override
    async def go_on(self, asked: Message, where: Where, text: str) -> str:
        return await self.say(where, text, who=None if where == "dm" else self.ben)

    @override
    async def change(self, where: Where, message_id: str, text: str) -> None:
        mention = "" if where == "dm" else f"@{self.sim.world.bot.username} "
        await self.sim.edit(self.places[where], message_id, f"{mention}{text}")

    @override
    async def unsay(self, where: Where, message_id: str) -> bool:
        await self.sim.delete(self.places[where], message_id)
        return False

    @override
    async def preview(self, where: Where, message_id: str) -> bool:
        return False  # what a link leads to is none of a bot's business there

    @override
    async def send(self, thing: Thing, where: Where) -> None:
        place = self.places[where]
        match thing:
            case "sticker":
                await self.sim.sticker(place, self.ann)
            case "poll":
                await self.sim.poll(place, self.ann, "Tea or coffee?", "Tea", "Coffee")
            case _:
                await self.sim.say(place, self.ann, "", files=[SENT[thing]])

    @override
    async def press(self, where: Where, message_id: str, label: str, *, who: Any = None) -> Any:
        return await self.sim.press(self.places[where], who or self.ann, message_id, label)

    @override
    async def remove(self, seen: Seen) -> None:
        place = next(each for each in self.places.values() if each.id == seen.place)
        await self.sim.delete(place, seen.id)

    @override
    async def close(self, where: Where) -> None:
        if where == "dm":
            await self.sim.block(self.ann)
        elif where == "group":
            await self.sim.kick(self.places[where], self.ann)
        else:
            self.sim.delete_topic(self.places[where], self.topic)

    @staticmethod
    @override
    async def again(sim: Any) -> None:
        spoken = [
            (chat, sent)
            for chat in sim.world.chats.values()
            for sent in chat.messages.values()
            if sent.text and sent.sender is not sim.world.bot
        ]
        chat, sent = max(spoken, key=lambda pair: pair[1].at)
        sim.updates.add("message", message_wire(chat, sent))

    @override
    def hold(self, where: Where, seconds: float) -> None:
        self.sim.flood_wait(self.places[where], seconds)

    @override
    async def revoke(self) -> None:
        self.sim.revoke()

    @override
    def shown(self, where: Where) -> list[Seen]:
        place = self.places[where]
        return [_seen(place.id, each) for each in self.sim.shown(place)]


def _seen(place: str, shown: Any) -> Seen:
    return Seen(
        id=shown.id,
        text=shown.text,
        place=place,
        buttons=tuple(shown.buttons),
        files=tuple(shown.files),
        edits=shown.edits,
        pings=tuple(shown.pings),
        links=tuple(str(each["url"]) for each in shown.entities if "url" in each),
        unfurls=shown.previews and "http" in shown.text,
    )
