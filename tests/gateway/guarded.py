"""A gateway around a fake messenger that has doors: people have to be let in. For tests.

async with guarded() as scene:
    await scene.say("Why?", addressed=True)
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from core.frames import Button
from core.ports import ToolServer
from core.types import Address, Author, Command, Deleted, Edited, Message, Press
from tests.fakes.chat import FakeChat, frame_text
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import TEXT, Parts, assembled

ANN = Author(id="ann", name="Ann", circles=("T1",))
BEN = Author(id="ben", name="Ben", circles=("T1",))
EVE = Author(id="eve", name="Eve")
ALLOWED = "access: {allow: ['fake:T1']}\n"
DM, GROUP = Address(platform="fake", channel="D1"), Address(platform="fake", channel="G1")


def _came(event_id: str) -> int:
    """Give when an event came: one a minute, and later by what has passed meanwhile."""
    return 60_000 * int(event_id[1:]) + int(asyncio.get_running_loop().time() * 1_000)


@dataclass
class Scene:
    """People and a bot. Everything goes through the real intake."""

    parts: Parts
    model: ScriptedModel
    numbers: count[int] = field(default_factory=lambda: count(1))

    @property
    def chat(self) -> FakeChat:
        return self.parts.chat

    @property
    def whispers(self) -> list[str]:
        """What people were told alone."""
        return [frame_text(frame) for _, frame in self.chat.whispers]

    @property
    def buttons(self) -> tuple[Button, ...]:
        """What can be pressed under the last thing that somebody was told alone."""
        return self.chat.whispers[-1][1].buttons

    async def say(
        self, text: str, *, who: Author = ANN, where: Address = DM, **said: Any
    ) -> str | None:
        """Say something; give the message's id if it was taken in, None if it was not.

        It comes a minute after what was said before, unless `at` (ms) says otherwise.
        """
        event_id = f"e{next(self.numbers)}"
        said.setdefault("at", 60_000 * int(event_id[1:]))
        message = Message(
            event_id=event_id,
            address=where,
            author=who,
            text=text,
            **{"message_id": event_id, "direct": where.channel.startswith("D"), **said},
        )
        return message.message_id if await self.parts.gateway.intake(message) else None

    async def edit(
        self,
        event_id: str,
        text: str,
        *,
        who: Author = ANN,
        where: Address = DM,
        at: int | None = None,
        **said: Any,
    ) -> bool:
        """Change what was said, a second later unless `at` says otherwise."""
        came = 60_000 * int(event_id[1:])
        message = Message(
            event_id=event_id,
            address=where,
            author=who,
            text=text,
            at=came,
            **{"message_id": event_id, "direct": where.channel.startswith("D"), **said},
        )
        return await self.parts.gateway.intake(
            Edited(
                event_id=f"x{next(self.numbers)}",
                address=where,
                author=who,
                message=message,
                at=came + 1_000 if at is None else at,
            )
        )

    async def delete(self, event_id: str, *, where: Address = DM) -> bool:
        """Let the platform tell that a message is gone."""
        return await self.parts.gateway.intake(
            Deleted(
                event_id=f"x{next(self.numbers)}",
                address=where,
                author=Author(id="", name=""),
                of=event_id,
                at=1_000,
            )
        )

    async def command(
        self,
        name: str,
        args: str = "",
        *,
        who: Author = ANN,
        where: Address = DM,
        handle: str = "h",
    ) -> bool:
        event_id = f"e{next(self.numbers)}"
        return await self.parts.gateway.intake(
            Command(
                event_id=event_id,
                address=where,
                author=who,
                name=name,
                args=args,
                at=_came(event_id),
                direct=where.channel.startswith("D"),
                reply_to="r1",
                handle=handle,
            )
        )

    async def press(
        self,
        action: str,
        turn_id: str = "",
        *,
        value: str = "",
        who: Author = ANN,
        where: Address = DM,
    ) -> bool:
        event_id = f"e{next(self.numbers)}"
        return await self.parts.gateway.intake(
            Press(
                event_id=event_id,
                address=where,
                author=who,
                action=action,
                turn_id=turn_id,
                at=_came(event_id),
                value=value,
                direct=where.channel.startswith("D"),
                handle="h",
            )
        )

    async def last_turn(self, where: Address = DM) -> str:
        turns = await self.parts.store.turns(where.session)
        return turns[-1].start.turn_id

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not true():  # noqa: ASYNC110 - virtual time costs nothing
                await asyncio.sleep(0.01)

    async def heard(self, text: str) -> None:
        """Wait until somebody was told something alone."""
        await self.until(lambda: any(text in each for each in self.whispers))

    async def idle(self) -> None:
        await asyncio.sleep(0.01)
        await self.parts.idle()
        await asyncio.sleep(0.01)


@asynccontextmanager
async def guarded(
    scripts: Mapping[str, Any] | None = None,
    *,
    text: str = TEXT,
    more: str = ALLOWED,
    kind: str = "telegram",
    chat: FakeChat | None = None,
    store: MemoryStore | None = None,
    servers: Sequence[ToolServer] = (),
    model: ScriptedModel | None = None,
) -> AsyncIterator[Scene]:
    """Assemble a gateway in which `fake` is a messenger; `more` is put into its file."""
    tokens = "bot_token: x, app_token: y" if kind == "slack" else "token: x"
    text = f"{text}platforms: {{fake: {{type: {kind}, {tokens}}}}}\n{more}"
    model = model or ScriptedModel(scripts or {"big": [["Yes."]], "a": [["A."]], "b": [["B."]]})
    store = store or MemoryStore()
    async with assembled(store, model, chat=chat, text=text, servers=servers) as parts:
        yield Scene(parts, model)
