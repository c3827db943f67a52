"""Slack for contract tests: a direct conversation, a channel, and a thread in it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any, ClassVar

from typing_extensions import override

from adapters.chat.slack import SlackChat, SlackOptions
from adapters.chat.slack.home import Home
from core.ports import ChatAdapter
from core.types import Message
from gateway.clock import SystemClock
from tests.contracts.chats.stand import Seen, Stand, Thing, Where
from tests.simulators.slack.marks import elements, nodes, rows
from tests.simulators.slack.model import BOT_USER
from tests.simulators.slack.shown import blocks_of

MARKDOWN = re.compile(r"\]\(\s*<?([^\s)>]+)>?\s*\)|<([a-z]+:[^|>\s]+)>")
MRKDWN = re.compile(r"<([a-z]+:[^|>]+)")
FILES = {"photo": "cat.jpg", "document": "plan.pdf", "voice": "voice.mp3"}


async def home(_user: str, _workspaces: Collection[str]) -> Home:
    return Home(preset="review", presets=("review",), dollars=Decimal(0), turns=0)


class Slack(Stand):
    platform = "slack"
    things: ClassVar[tuple[Thing, ...]] = ("photo", "document", "voice")
    posting = "chat.postMessage"
    editing = "chat.update"

    @override
    def made(self, **changed: object) -> ChatAdapter:
        options = SlackOptions(
            platform="slack",
            bot_token=self.sim.bot_token,
            app_token=self.sim.app_token,
            api_base=self.sim.api_base,
        )
        return SlackChat(replace(options, **changed), clock=SystemClock(), home=home)  # type: ignore[arg-type]

    @override
    def wrong(self) -> ChatAdapter:
        return self.made(bot_token="xoxb-nobody-s")

    @override
    async def settle(self) -> None:
        channel = self.sim.group("team", self.ann, self.ben, self.robot)
        other = self.sim.group("other", self.ann, self.ben, self.robot, with_bot=False)
        self.root = await self.sim.say(other, self.ben, "Trains?")
        await self.sim.invite(other)
        self.places = {"dm": self.sim.dm(self.ann), "group": channel, "thread": other}

    @override
    def listening(self) -> object:
        return self.sim.sockets.links

    @override
    async def say(self, where: Where, text: str, *, who: Any = None, **extra: Any) -> str:
        thread = {"thread": self.root} if where == "thread" else {}
        said: str = await self.sim.say(
            self.places[where], who or self.ann, text, mention=where != "dm", **thread, **extra
        )
        return said

    @override
    async def go_on(self, asked: Message, where: Where, text: str) -> str:
        if where != "group":
            return await self.say(where, text)
        said: str = await self.sim.say(
            self.places[where], self.ben, text, thread=asked.address.thread
        )
        return said

    @override
    def threaded(self) -> dict[str, Any]:
        return {"thread": self.root}

    @override
    async def change(self, where: Where, message_id: str, text: str) -> None:
        mention = "" if where == "dm" else f"<@{BOT_USER}> "
        await self.sim.edit(self.places[where], self.ann, message_id, f"{mention}{text}")

    @override
    async def unsay(self, where: Where, message_id: str) -> bool:
        await self.sim.unsay(self.places[where], self.ann, message_id)
        return True

    @override
    async def preview(self, where: Where, message_id: str) -> bool:
        self.sim.unfurl(self.places[where], message_id)
        return True

    @override
    async def send(self, thing: Thing, where: Where) -> None:
        await self.sim.say(self.places[where], self.ann, "", files=[(FILES[thing], b"data")])

    @override
    async def press(self, where: Where, message_id: str, label: str, *, who: Any = None) -> Any:
        place, who = self.places[where], who or self.ann
        try:
            return await self.sim.press(place, who, message_id, label)
        except ValueError:
            return await self.sim.select(place, who, message_id, label)

    @override
    async def remove(self, seen: Seen) -> None:
        place = next(each for each in self.places.values() if each.id == seen.place)
        post = self.sim.space.find(place, seen.id)
        post.deleted = True

    @override
    async def close(self, where: Where) -> None:
        if where == "dm":
            self.places[where].archived = True
        elif where == "group":
            await self.sim.kick(self.places[where])
        else:
            self.places[where].archived = True  # a thread alone does not close

    @staticmethod
    @override
    async def again(sim: Any) -> None:
        said = [each.payload for each in sim.envelopes if "event" in each.payload]
        last = [each for each in said if "bot_id" not in each["event"]][-1]
        await sim.deliver("events_api", last, attempt=1, reason="timeout")

    @override
    def hold(self, where: Where, seconds: float) -> None:
        self.sim.flood_wait(self.places[where], seconds)

    @override
    async def revoke(self) -> None:
        await self.sim.revoke()

    @override
    def shown(self, where: Where) -> list[Seen]:
        place = self.places[where]
        return [self._seen(place, each) for each in self.sim.shown(place)]

    def _seen(self, place: Any, shown: Any) -> Seen:
        post = next(each for each in self.sim.space.within(place) if each.ts == shown.id)
        return _seen(place.id, shown, tuple(links(post)))


def links(post: Any) -> Iterator[str]:
    """Give what may be followed in a message: by each kind of text's own rules."""
    streamed = post.stream.text if post.stream else ""
    for found in MARKDOWN.findall(streamed):
        yield "".join(found)
    for node in nodes(blocks_of(post)):
        match node.get("type"):
            case "markdown":
                yield from map("".join, MARKDOWN.findall(node["text"]))
            case "link":
                yield str(node["url"])
            case "mrkdwn":
                yield from MRKDWN.findall(node["text"])
            case _:
                pass


def _seen(place: str, shown: Any, leading: tuple[str, ...]) -> Seen:
    menus = [rows(each) for _, each in elements(shown.blocks)]
    options = [row["text"]["text"] for each in menus for row in each]
    tasks = [part for each in shown.tasks for part in (each.title, each.details, each.output)]
    return Seen(
        id=shown.id,
        text="\n".join([shown.text, shown.plan, *tasks]).strip(),
        place=place,
        buttons=(*shown.buttons, *options),
        files=tuple(shown.files),
        edits=shown.edits,
        pings=tuple(shown.pings),
        links=leading,
        unfurls=shown.unfurls,
        whispered_to=shown.whispered_to,
        streaming=shown.streaming,
    )
