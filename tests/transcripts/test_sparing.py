"""Where messages are not to be kept, nothing readable is left after the turn, on any messenger."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.gateway.harness import running_gateway
from tests.patience import PATIENCE
from tests.transcripts.stages import Stage

CANARY = "canary-4711-plum"
MODELS = {"a": f"Advice on {CANARY}.", "b": "Walk.", "big": f"An answer on {CANARY}."}


def holding(folder: Path) -> list[str]:
    """Name the files that have the canary in them."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return [each.name for each in files if CANARY.encode() in each.read_bytes()]


async def test_with_messages_0_no_file_has_a_word_left_and_there_is_no_history(
    stage: Stage, tmp_path
):
    text = stage.configured(MODELS, more="\nretention: {messages: 0, traces: 0}\n")
    text = text.replace("moa:\n", "moa:\n  save_traces: true\n")
    async with running_gateway(text, tmp_path) as gateway:
        await stage.ask(f"What is {CANARY}?")
        await stage.answered(CANARY)
        await wiped(tmp_path)
        await stage.ask("What did I ask?")
        await stage.answered(CANARY, times=2)
        assert CANARY not in "".join(each.text for each in gateway.calls.of("big")[-1].lines[:-1])
        await wiped(tmp_path)
        await stage.press("Retry")
        await stage.until(lambda: any("any more" in told for told in _told(stage)))


async def wiped(folder: Path) -> None:
    async with asyncio.timeout(PATIENCE):
        while holding(folder):  # noqa: ASYNC110 - nobody sets an event for what a file holds
            await asyncio.sleep(0.05)


def _told(stage: Stage) -> list[str]:
    return [*stage.toasts, *(each.text for each in stage.seen())]
