"""Shows whole conversations: who says what and what stands in the chat, on the real store."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from typing_extensions import override

from adapters.llm import script
from adapters.llm.scripted import Scripted
from adapters.store import open_sqlite
from core.frames import Frame, Panel
from core.types import Address
from tests.fakes.chat import FakeChat, frame_text
from tests.gateway.assembled import Parts, assembled
from tests.patience import PATIENCE

CONVERSATIONS: dict[str, Any] = yaml.safe_load(
    Path(__file__).with_name("conversations.yaml").read_text(encoding="utf-8")
)
MARKS = {"ok": "✓", "failed": "✗", "timed_out": "✗"}


class Rooms(FakeChat):
    """A chat that knows in which room each message stands, and tells when something changed."""

    def __init__(self) -> None:
        super().__init__(pace=0.01)
        self.changed = asyncio.Event()
        self.room_of: dict[str, str] = {}

    @override
    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        message_id = await super().post(address, frame, delivery_id=delivery_id)
        self.room_of[message_id] = address.channel
        self.changed.set()
        return message_id

    @override
    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        await super().edit(address, message_id, frame)
        self.changed.set()

    def answers(self) -> dict[str, list[str]]:
        """The texts in each room; panels are not among them."""
        found: dict[str, list[str]] = defaultdict(list)
        for message_id, frame in self.messages.items():
            if not isinstance(frame.content, Panel):
                found[self.room_of[message_id]].append(frame_text(frame))
        return dict(found)

    def panel(self) -> list[str]:
        """The rows of the last panel."""
        panels = [each.content for each in self.messages.values()]
        last = [each for each in panels if isinstance(each, Panel)][-1]
        return [f"{row.label} {MARKS.get(row.state, row.state)}" for row in last.rows]

    async def until(self, text: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not any(text in each for texts in self.answers().values() for each in texts):
                self.changed.clear()
                await self.changed.wait()


@dataclass
class Stage:
    """A conversation that is being played."""

    parts: Parts
    chat: Rooms

    async def play(self, step: dict[str, Any]) -> None:
        when = step.get("when")
        if when is None:
            await self.parts.idle()
        elif when:
            await self.chat.until(when)
        room = step.get("in", "room")
        if "say" in step:
            await self.parts.ask(step["say"], room=room)
        elif "choose" in step:
            await self.parts.command(step["choose"], room=room)
        else:
            turns = await self.parts.store.turns(session(room))
            await self.parts.press(step["press"], turns[-1].start.turn_id, room=room)


def session(room: str) -> str:
    return Address(platform="fake", channel=room).session


def fits(seen: str, wanted: str) -> bool:
    return wanted[1:] in seen if wanted.startswith("…") else seen == wanted


@pytest.mark.parametrize("name", CONVERSATIONS)
async def test_conversation(name, tmp_path):
    told = CONVERSATIONS[name]
    store = await open_sqlite(tmp_path / "moa-gateway.db")
    model = Scripted(script.parse(told["models"], where=name))
    chat = Rooms()
    try:
        async with assembled(store, model, chat=chat) as parts:
            for step in told["steps"]:
                await Stage(parts, chat).play(step)
            await parts.idle()
            await compare(told, parts, chat)
            assert await store.waiting() == []
            assert await store.unfinished() == []
    finally:
        await store.close()
    counts = Counter(call.slot.model for call in model.calls)
    assert counts == told.get("asked", counts)


async def compare(told: dict[str, Any], parts: Parts, chat: Rooms) -> None:
    seen = chat.answers()
    assert seen.keys() == told["seen"].keys()
    for room, wanted in told["seen"].items():
        assert len(seen[room]) == len(wanted), seen[room]
        for have, want in zip(seen[room], wanted, strict=True):
            assert fits(have, want), have
    for room, wanted in told.get("endings", {}).items():
        turns = await parts.store.turns(session(room))
        assert [turn.end and turn.end.ending for turn in turns] == wanted
    for room, wanted in told.get("history", {}).items():
        lines = await parts.store.lines(session(room))
        assert [line.text for _, line in lines] == wanted
    if "panel" in told:
        assert chat.panel() == told["panel"]
