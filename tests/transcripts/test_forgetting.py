"""/privacy and /forget, as people see them on each messenger; and what is left of their words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.wording import LABELS
from tests.gateway.harness import running_gateway
from tests.transcripts.stages import Stage

CANARY = "canary-4711-plum"
KEPT = "sparrow-0815-fig"
YES = LABELS["forget"]
MODELS = {
    "a": [f"Advice on {CANARY}.", "Run."],
    "b": "Walk.",
    "big": [f"An answer on {CANARY}.", f"It is {KEPT}."],
}


def configured(stage: Stage, models: dict[str, Any], more: str = "") -> str:
    text = stage.configured(
        models, more=f"\nprivacy: {{operator_contact: ops@example.org}}{more}\n"
    )
    return text.replace("moa:\n", "moa:\n  save_traces: true\n")


def holding(folder: Path, word: str = CANARY) -> list[str]:
    """Name the files that have a word in them."""
    files = [each for each in folder.rglob("*") if each.is_file()]
    return [each.name for each in files if word.encode() in each.read_bytes()]


def told(stage: Stage) -> str:
    """Everything that the bot has said so far."""
    shown = [*stage.seen("dm"), *stage.seen("group")]
    return "\n".join([*stage.toasts, *(each.text for each in shown)])


async def test_privacy_says_what_is_kept_for_how_long_by_whom_and_how_it_goes(stage, tmp_path):
    async with running_gateway(configured(stage, MODELS), tmp_path):
        await stage.ask("privacy")
        said = (await stage.reads("What I keep")).text
    for words in ("90 days", "14 days", "30 days", "365 days", "ops@example.org", "forget all"):
        assert words in said
    assert re.search(r"p, on the gateway's own machine: a, b, big", said)


async def test_forget_asks_back_and_leaves_nothing_of_the_person_in_any_file(stage, tmp_path):
    async with running_gateway(configured(stage, MODELS), tmp_path) as gateway:
        await stage.ask(f"What is {CANARY}?")
        await stage.answered(CANARY)
        assert holding(tmp_path)
        await stage.ask("forget")
        asked = await stage.reads("Nobody can bring it back")
        assert "1 question with its answer" in asked.text
        assert "1 trace" in asked.text
        assert holding(tmp_path)  # nothing is deleted before somebody says so
        await stage.press(YES)
        await stage.until(lambda: "Deleted: 1 question with its answer" in told(stage))
        assert holding(tmp_path) == []
        gateway.calls.conversations.new_epoch()
        await stage.ask("What did I ask?")
        await stage.answered(KEPT)
        assert CANARY not in "".join(each.text for each in gateway.calls.of("big")[-1].lines)
    assert holding(tmp_path) == []


async def test_one_is_forgotten_and_others_stay_unless_they_repeat_it(stage, tmp_path):
    models = {
        **MODELS,
        "a": "Run.",
        "big": [f"On {CANARY}.", f"It is {KEPT}.", f"It was {CANARY}."],
    }
    text = configured(stage, models, "\ndefaults: {session: channel}")
    async with running_gateway(text, tmp_path) as gateway:
        for number, (who, words) in enumerate(
            ((stage.ann, f"What is {CANARY}?"), (stage.ben, "And the bird?"), (stage.ben, "Eh?"))
        ):
            await stage.ask(words, where="group", who=who)
            await stage.until(lambda n=number: len(_whole(stage)) == n + 1)
        await stage.ask("forget", where="group", who=stage.ann)
        asked = await stage.reads("Nobody can bring it back", where="group")
        assert "1 question with its answer" in asked.text
        assert "1 exchange of others that repeats them" in asked.text
        await stage.press(YES, where="group", who=stage.ann)
        await stage.until(lambda: "Deleted: " in told(stage))
        assert holding(tmp_path) == []
        assert holding(tmp_path, KEPT) == ["moa-gateway.db"]
        gateway.calls.conversations.new_epoch()


async def test_only_who_asked_to_be_forgotten_can_press_the_button(stage, tmp_path):
    if stage.platform != "telegram":
        return  # elsewhere nobody else sees it
    text = configured(stage, MODELS, "\ndefaults: {session: channel}")
    async with running_gateway(text, tmp_path):
        await stage.ask(f"What is {CANARY}?", where="group")
        await stage.until(lambda: len(_whole(stage)) == 1)
        await stage.ask("forget", where="group")
        await stage.reads("Nobody can bring it back", where="group")
        await stage.press(YES, where="group", who=stage.ben)
        await stage.until(lambda: "for the person who asked" in told(stage))
        assert holding(tmp_path)


def _whole(stage: Stage) -> Sequence[object]:
    return [each for each in stage.answers("group") if each.complete]


async def test_what_runs_is_stopped_and_leaves_nothing(stage, tmp_path):
    models = {**MODELS, "a": "Run.", "big": {"text": f"{CANARY} " * 40, "stall": True}}
    async with running_gateway(configured(stage, models), tmp_path) as gateway:
        await stage.ask(f"What is {CANARY}?")
        await stage.until(lambda: gateway.calls.of("big"))
        await stage.ask("forget")
        await stage.reads("Nobody can bring it back")
        await stage.press(YES)
        await stage.until(lambda: "Deleted: " in told(stage))
        assert holding(tmp_path) == []
        assert gateway.gateway.runner.running == {}
    assert holding(tmp_path) == []
