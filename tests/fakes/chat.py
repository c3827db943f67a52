"""A chat platform in memory that writes down what it is asked to do."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from typing_extensions import override

from core.errors import ChatError, ChatUnknown, MessageGone
from core.frames import Frame, Panel, Part
from core.ports import Capabilities, ChatAdapter, Intake
from core.types import Added, Address, Command, Message, Press, Said
from core.wording import panel_text


def frame_text(frame: Frame) -> str:
    """What a frame says, in short."""
    match frame.content:
        case Panel():
            return panel_text(frame.content)
        case Part(text=text, error=error):
            return "\n".join(line for line in (text, error) if line)
        case _:
            return frame.content.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request that reached the platform. `at` is in the loop's seconds."""

    at: float
    op: Literal["post", "edit", "delete", "preview"]
    channel: str
    key: str
    text: str
    frame: Frame | None = None
    delivery_id: str = ""
    reply_to: str | None = None


class FakeChat(ChatAdapter):
    """Fulfils ChatAdapter. `fail(channel, …)` sets what the next requests there come to.

    A request takes `latency` seconds. After a ChatUnknown the message stands in the chat; `tells`
    says whether it can be found there, `refuses` that there are no previews after all, `before` is
    what was said in any thread. `can`
    names further capabilities.
    """

    def __init__(
        self,
        *,
        limit: int = 4096,
        pace: float = 1.0,
        latency: float = 0.0,
        platform: str = "fake",
        tells: bool = False,
        **can: Any,
    ) -> None:
        self._platform = platform
        self.can = Capabilities(limit=limit, pace=pace, **can)
        self.tells = tells
        self.refuses = False
        self.before: Sequence[Said] | Exception = ChatUnknown("this platform cannot tell")
        self.read: list[tuple[Address, str | None]] = []
        self.deaf: list[ChatError] = []  # what the next searches come to
        self.searches: list[tuple[str, int, str | None]] = []
        self.previewed: dict[str, Frame] = {}
        self._ids: dict[str, str] = {}
        self.members: set[str] = set()  # of whatever the bot is brought into
        self.left: list[str] = []
        self.whispers: list[tuple[Command | Press, Frame]] = []
        self.handed: list[tuple[str, Frame]] = []
        self.log: list[Request] = []
        self.messages: dict[str, Frame] = {}
        self.deleted: set[str] = set()
        self.undeletable: list[Exception | None] = []
        self._latency = latency
        self._failures: dict[str, list[Exception | None]] = defaultdict(list)

    def fail(self, channel: str, *errors: Exception | None) -> None:
        """Let the next requests in a channel fail so; None lets one through."""
        self._failures[channel].extend(errors)

    def texts(self) -> Sequence[str]:
        """What stands in the chats, in the order in which it was posted."""
        return [frame_text(frame) for frame in self.messages.values()]

    @property
    @override
    def platform(self) -> str:
        return self._platform

    @override
    def capabilities(self, address: Address) -> Capabilities:
        return self.can

    @override
    async def run(self, intake: Intake) -> None:
        await asyncio.Event().wait()

    @override
    async def acknowledge(self, message: Message) -> None:
        pass

    @override
    async def present(self, added: Added, people: Collection[str]) -> bool:
        return not self.members.isdisjoint(people)

    @override
    async def leave(self, added: Added) -> None:
        self.left.append(added.place)

    @override
    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        self.whispers.append((to, frame))

    @override
    async def hand(self, to: Command | Press, frame: Frame) -> bool:
        self.handed.append((to.author.id, frame))
        return not to.direct

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        message_id = f"m{len(self.log)}"
        try:
            await self._request("post", address, frame, delivery_id, reply_to)
        except ChatUnknown:
            self._stand(message_id, frame, delivery_id)
            raise
        self._stand(message_id, frame, delivery_id)
        return message_id

    def _stand(self, message_id: str, frame: Frame, delivery_id: str) -> None:
        self.messages[message_id] = frame
        self._ids[delivery_id] = message_id

    @override
    async def preview(self, address: Address, frame: Frame, *, delivery_id: str) -> bool:
        await self._request("preview", address, frame, delivery_id)
        if self.refuses:
            return False
        self.previewed[delivery_id] = frame
        return True

    @override
    async def find(
        self,
        address: Address,
        delivery_id: str,
        *,
        since: int,
        reply_to: str | None = None,
        frame: Frame | None = None,
    ) -> str | None:
        self.searches.append((delivery_id, since, reply_to))
        if self.deaf:
            raise self.deaf.pop(0)
        if not self.tells:
            raise ChatUnknown("this platform cannot tell")
        return self._ids.get(delivery_id)

    @override
    async def earlier(self, message: Message, *, after: str | None) -> Sequence[Said]:
        self.read.append((message.address, after))
        if isinstance(self.before, Exception):
            raise self.before
        return self.before

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        await self._request("edit", address, frame)
        if message_id not in self.messages:
            raise MessageGone("no such message")
        self.messages[message_id] = frame

    @override
    async def delete(self, address: Address, message_id: str) -> None:
        if self.undeletable and (error := self.undeletable.pop(0)):
            raise error
        frame = self.messages.pop(message_id, None)
        self.deleted.add(message_id)
        now = asyncio.get_running_loop().time()
        key = frame.key if frame else ""
        self.log.append(Request(at=now, op="delete", channel=address.channel, key=key, text=""))

    async def _request(
        self,
        op: Literal["post", "edit", "preview"],
        address: Address,
        frame: Frame,
        delivery_id: str = "",
        reply_to: str | None = None,
    ) -> None:
        self.log.append(
            Request(
                at=asyncio.get_running_loop().time(),
                op=op,
                channel=address.channel,
                key=frame.key,
                text=frame_text(frame),
                frame=frame,
                delivery_id=delivery_id,
                reply_to=reply_to,
            )
        )
        if self._latency:
            await asyncio.sleep(self._latency)
        failures = self._failures[address.channel]
        if failures and (error := failures.pop(0)) is not None:
            raise error
