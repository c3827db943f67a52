"""Shows what becomes of a gate's verdict in a chat, over Retry and a restart (MOA-35)."""

from __future__ import annotations

import asyncio
from typing import Any

from core.frames import Part
from core.presets import Preset
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import TEXT, Parts, assembled
from tests.patience import PATIENCE

AUTO = TEXT.replace("      fanout: user_turn", "      fanout: user_turn\n      auto: true", 1)
PLAIN = "When does it leave?"
ROOM = "fake/room"


async def last(parts: Parts) -> tuple[str, Preset]:
    turn = (await parts.store.turns(ROOM))[-1]
    return turn.start.turn_id, turn.start.preset


def told(parts: Parts) -> str:
    """What stands under the newest answer."""
    parts_ = [each.content for each in parts.chat.messages.values()]
    footers = [each.footer for each in parts_ if isinstance(each, Part) and each.footer]
    return " · ".join(footers[-1].notes)


async def test_moa_35_who_wanted_all_advisors_gets_them_again_with_retry():
    model = ScriptedModel()
    async with assembled(MemoryStore(), model, text=AUTO) as parts:
        await parts.ask(PLAIN)
        await parts.idle()
        assert (len(model.of("a")), told(parts)) == (0, "answered alone: a short plain question")
        for action, asked in (("retry", 0), ("advise", 1), ("retry", 2)):
            await parts.press(action, (await last(parts))[0])
            await parts.idle()
            assert len(model.of("a")) == asked
        assert told(parts) == ""


async def test_moa_35_the_verdict_is_frozen_with_the_turn_and_survives_a_kill():
    store = MemoryStore()
    slow = ScriptedModel({"big": [["It leaves ", 600.0, "never."]]})
    async with assembled(store, slow, text=AUTO) as parts:
        await parts.ask(PLAIN)
        async with asyncio.timeout(PATIENCE):
            while not slow.of("big"):  # noqa: ASYNC110
                await asyncio.sleep(0)
        assert (await last(parts))[1].gated
    quick = ScriptedModel({"big": [["It leaves at noon."]]})
    async with assembled(store, quick, text=AUTO) as parts:
        await parts.recover()
        await parts.idle()
        assert quick.of("a") == []
        assert told(parts) == "answered alone: a short plain question"
        (frame,) = [each for each in parts.chat.messages.values() if each.buttons]
        assert "advise" in [button.action for button in frame.buttons]


async def test_moa_35_off_is_a_persons_choice_and_offers_no_advisors():
    model: Any = ScriptedModel()
    async with assembled(MemoryStore(), model, text=AUTO) as parts:
        await parts.command("off")
        await parts.ask(PLAIN)
        await parts.idle()
        assert not (await last(parts))[1].gated
        buttons = [b.action for each in parts.chat.messages.values() for b in each.buttons]
        assert "advise" not in buttons
