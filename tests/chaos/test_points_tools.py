"""Kills the program around a tool's run: it runs once, or nobody knows and it is said so (P4)."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from core.texts.turns import UNSURE
from core.wording import LABELS
from tests.chaos.crashes import Asked, Crashes, ask
from tests.simulators.provider import Reply
from tests.transcripts.stages import MESSENGERS

BANK = Path(__file__).with_name("bank.py")
FUNCTION = {"name": "bank__pay", "arguments": '{"text": "bill"}'}
CALL = {"id": "call_1", "type": "function", "function": FUNCTION}


def with_bank(there: Crashes, approve: str) -> Path:
    """Let the aggregator pay once for each question; give the file that says how often it did."""
    paid = there.scene.folder / "paid.txt"
    whole = yaml.safe_load(there.scene.text)
    command = [sys.executable, "-I", "-S", str(BANK), str(paid)]
    whole["tools"] = {"servers": {"bank": {"command": command, "approve": approve}}}
    there.scene.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    there.scene.models.wants = Reply(text="Let me see.", tool_calls=(CALL,), finish="tool_calls")
    return paid


def runs(paid: Path) -> int:
    return len(paid.read_text().split()) if paid.exists() else 0


def told(there: Crashes, asked: Asked) -> str:
    """Give what the model was told of its call at last."""
    said = [each.body["messages"] for each in there.scene.models.seen]
    (*_, mine) = (each for each in said if asked.words in str(each))
    return next(str(each["content"]) for each in mine if each["role"] == "tool")


@pytest.mark.parametrize(
    ("point", "runs_of_each", "result"),
    [
        ("tools.unkept", 1, "paid"),
        ("tools.kept", 1, "paid"),
        ("tool.intended", 0, "Outcome unknown"),
        ("tool.ran", 1, "Outcome unknown"),
        ("tool.returned", 1, "paid"),
    ],
)
async def test_killed_around_the_run_of_a_tool(there, point, runs_of_each, result):
    paid = with_bank(there, "never")
    for platform in MESSENGERS:
        await there.crash(f"{point}@{platform}")
    await there.recovered()
    assert runs(paid) == runs_of_each * len(MESSENGERS)
    for each in there.asked:
        assert result in told(there, each)
        calls = there.calls(each)["big"]
        # what was called and not kept has to be asked for again; nothing else is
        assert calls == (3 if point == "tools.unkept" else 2), calls


@pytest.mark.parametrize("point", ["approval.asked", "approval.unkept", "approval.kept"])
async def test_killed_around_somebodys_yes(there, point):
    """The press is in the inbox before anything is done about it, so a kill loses none."""
    paid = with_bank(there, "always")
    for platform in MESSENGERS:
        await there.crash(f"{point}@{platform}", act=ask if point == "approval.asked" else allowed)
        if point == "approval.asked":
            async with there.alive():
                await allow(there.asked[-1])
                await there.scene.rows("turns", len(there.asked), "state <> 'running'")
    await there.recovered()
    assert runs(paid) == len(MESSENGERS)
    decisions = await there.scene.stored("SELECT decision FROM tool_calls")
    assert Counter(decisions) == {("used",): len(MESSENGERS)}
    assert not any(UNSURE in each.text for one in there.asked for each in one.stage.seen("dm"))


async def allowed(asked: Asked) -> None:
    await ask(asked)
    with suppress(Exception):  # whoever presses may never be answered
        async with asyncio.timeout(5):
            await allow(asked)


async def allow(asked: Asked) -> None:
    def offered() -> bool:
        labels = [label for each in asked.stage.seen(asked.where) for label in each.buttons]
        return any(LABELS["approve"] in label for label in labels)

    await asked.stage.until(offered)
    await asked.stage.press(LABELS["approve"], where=asked.where)
