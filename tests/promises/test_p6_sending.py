"""Shows that of what is being sent while it stops, nobody is left in doubt afterwards (P6)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.delivery.underway import UnderWay
from gateway.program import app
from tests.gateway.harness import running_gateway
from tests.gateway.messenger_scene import POSTS, Scene, scene, texts
from tests.patience import PATIENCE
from tests.simulators.base import Fault
from tests.transcripts.stages import MESSENGERS

PANEL = {"telegram": "sendMessage", "discord": "create_message"}
"""What comes before the answer, where the panel is a message of its own."""


async def until_closed(under_way: UnderWay) -> None:
    async with asyncio.timeout(PATIENCE):
        while not under_way.closed:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


async def stopped_while_it_posts(there: Scene, *, comes_back: bool) -> None:
    """Let all platforms have an answer whose id comes back only when the time to stop is over."""
    answered = asyncio.Event()
    there.plan(PANEL, None)
    there.plan(POSTS, Fault(kind="delay", until=answered))
    async with running_gateway(there.text, there.folder) as gateway:
        await there.ask()
        await there.everywhere(texts)
        gateway.stop.set()
        await until_closed(gateway.gateway.exchange.budgets.under_way)
        if comes_back:
            answered.set()
    answered.set()


async def unknown(there: Scene) -> int:
    """Count the messages that were perhaps posted, and of which no id came back."""
    ((found,),) = await there.stored("SELECT count(*) FROM outbox WHERE message_id IS NULL")
    return int(found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(app, "DRAIN_SECONDS", 0.1)
    return tmp_path


async def test_p6_a_message_whose_id_comes_back_in_the_last_second_is_known(folder, monkeypatch):
    monkeypatch.setattr(app, "SENDING_SECONDS", 30.0)
    async with scene(folder, "dm") as there:
        await stopped_while_it_posts(there, comes_back=True)
        assert await unknown(there) == 0
        async with running_gateway(there.text, there.folder):
            await there.answered()
        there.holds()


async def test_p6_of_one_that_does_not_come_back_a_note_says_so_where_nobody_can_tell(
    folder, monkeypatch
):
    monkeypatch.setattr(app, "SENDING_SECONDS", 0.2)

    def lost(stage, _where):
        return int(stage.platform == "telegram")

    async with scene(folder, "dm") as there:
        await stopped_while_it_posts(there, comes_back=False)
        assert await unknown(there) == len(MESSENGERS)
        async with running_gateway(there.text, there.folder):
            await there.answered(notes=lost)
        there.holds(notes=lost)
