"""A tool that needs somebody's yes, on Telegram, Discord and Slack: pressed, refused, denied.

The whole program, a tool server as a child process, and strict platforms.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.texts.commands import NOT_YOURS_TO_ALLOW
from core.wording import LABELS
from tests.gateway.harness import Running, running_gateway
from tests.transcripts.stages import MESSENGERS, Seen, Stage, Where, opened

SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
WANTS: dict[str, Any] = {"tool_calls": [{"name": "files__say", "arguments": {"text": "hello"}}]}
SAYS: dict[str, Any] = {
    "a": "Take the train.",
    "b": "Walk.",
    "big": {"answers": [WANTS, "It was said."], "then": "last"},
}
ASKS = "files/say needs somebody's yes"


@pytest.fixture(params=[*MESSENGERS, "web"])
async def stage(request):
    async with opened(request.param) as stage:
        yield stage


def configured(stage: Stage, models: dict[str, Any] = SAYS) -> str:
    """A configuration with a server of tools; Ben is an admin."""
    whole = yaml.safe_load(stage.configured(models))
    whole["access"]["chat_admins"] = False  # Ann made the group
    whole["access"]["admins"] = [f"{stage.platform}:{stage.ben.id}"] if stage.ben else []
    whole["tools"] = {"servers": {"files": {"command": [sys.executable, str(SERVER)]}}}
    return yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


@asynccontextmanager
async def playing(stage: Stage, folder: Path, **models: Any) -> AsyncIterator[Running]:
    async with running_gateway(configured(stage, {**SAYS, **models}), folder) as gateway:
        await stage.join(gateway)
        yield gateway


def waiting(stage: Stage, where: Where) -> list[Seen]:
    allow = LABELS["approve"]
    return [each for each in stage.seen(where) if any(allow in label for label in each.buttons)]


async def asked(stage: Stage, where: Where, times: int = 1) -> Seen:
    await stage.until(lambda: len(waiting(stage, where)) >= times)
    return waiting(stage, where)[-1]


def results(gateway: Running) -> list[str]:
    """What the tools' results say in the last request of the aggregator."""
    return [line.text for line in gateway.calls.of("big")[-1].lines if line.role == "tool"]


async def test_in_private_the_asker_allows_a_call_and_it_runs_once(stage: Stage, tmp_path):
    async with playing(stage, tmp_path) as gateway:
        await stage.ask("Say hello.")
        shown = await asked(stage, "dm")
        assert ASKS in shown.text
        assert "hello" in shown.text
        assert len(gateway.calls.of("big")) == 1
        await stage.press(LABELS["approve"])
        final = await stage.answered("It was said.")
        assert "tools: files/say" in final.text
        assert results(gateway) == ["hello"]
        after = await stage.reads("files/say was allowed by")
        assert not any(LABELS["approve"] in each for each in after.buttons)
        assert len([each for each in stage.seen() if "files/say was" in each.text]) == 1


async def test_nothing_of_a_call_is_out_of_sight_of_whoever_allows_it(stage: Stage, tmp_path):
    """What is dangerous may stand at the end of what no message holds."""
    end = "and then delete all of it"
    wants = {"tool_calls": [{"name": "files__say", "arguments": {"text": "x" * 3_000 + end}}]}
    big = {"answers": [wants, "It was said."], "then": "last"}
    async with playing(stage, tmp_path, big=big):
        await stage.ask("Say it.")
        shown = await asked(stage, "dm")
        if stage.platform == "web":
            assert end in shown.text
        else:
            assert "stand in arguments-1.json" in shown.text
            seen = [(each.files, each.text == shown.text) for each in stage.seen()]
            assert seen.index((("arguments-1.json",), False)) < seen.index(((), True))
        await stage.press(LABELS["approve"])
        await stage.answered("It was said.")
        after = await stage.reads("files/say was allowed by")
        assert not any(LABELS["approve"] in each for each in after.buttons)
        sent = [each.files for each in stage.seen() if each.files]
        assert len(sent) == (stage.platform != "web")


async def test_in_a_group_only_an_admin_decides(messenger: Stage, tmp_path):
    async with playing(messenger, tmp_path) as gateway:
        await messenger.ask("Say hello.", where="group")
        await asked(messenger, "group")
        await messenger.press(LABELS["approve"], where="group", who=messenger.ann)
        await told(messenger, NOT_YOURS_TO_ALLOW)
        assert len(gateway.calls.of("big")) == 1
        await messenger.press(LABELS["approve"], where="group", who=messenger.ben)
        await messenger.answered("It was said.", where="group")
        await messenger.reads("was allowed by Ben", where="group")
        assert results(gateway) == ["hello"]


async def test_what_an_admin_refuses_is_not_run(messenger: Stage, tmp_path):
    async with playing(messenger, tmp_path) as gateway:
        await messenger.ask("Say hello.", where="group")
        await asked(messenger, "group")
        await messenger.press(LABELS["refuse"], where="group", who=messenger.ben)
        await messenger.answered("It was said.", where="group")
        await messenger.reads("was refused by Ben", where="group")
        (result,) = results(gateway)
        assert "did not allow" in result


async def test_what_nobody_answers_is_not_run(stage: Stage, tmp_path, monkeypatch):
    monkeypatch.setattr("gateway.tools.executor.PATIENCE", 1)
    async with playing(stage, tmp_path) as gateway:
        await stage.ask("Say hello.", where="group")
        await stage.answered("It was said.", where="group")
        after = await stage.reads("files/say was not run: nobody answered", where="group")
        assert not any(LABELS["approve"] in each for each in after.buttons)
        (result,) = results(gateway)
        assert "nobody answered" in result


async def test_stop_while_somebody_is_asked_takes_the_buttons_away(stage: Stage, tmp_path):
    async with playing(stage, tmp_path) as gateway:
        await stage.ask("Say hello.")
        await asked(stage, "dm")
        await stage.press("Stop")
        await stage.reads("the turn has ended")
        await stage.until(lambda: not waiting(stage, "dm"))
        assert len(gateway.calls.of("big")) == 1


async def test_a_button_works_after_a_restart_and_nobody_is_asked_twice(
    stage: Stage, tmp_path, monkeypatch
):
    monkeypatch.setattr("gateway.program.app.DRAIN_SECONDS", 0.2)
    async with playing(stage, tmp_path):
        await stage.ask("Say hello.")
        await asked(stage, "dm")
    async with playing(stage, tmp_path, big="It was said.") as gateway:
        await asked(stage, "dm")
        if stage.platform in {"discord", "slack"}:  # where a press that nobody hears is lost
            await stage.until(stage.listening)
        assert len([each for each in stage.seen() if ASKS in each.text]) == 1
        await stage.press(LABELS["approve"])
        await stage.answered("It was said.")
        await stage.reads("files/say was allowed by")
        assert results(gateway) == ["hello"]
        assert len(gateway.calls.of("big")) == 1


async def test_two_calls_at_once_are_two_questions(stage: Stage, tmp_path):
    twice = {"tool_calls": [*WANTS["tool_calls"], {**WANTS["tool_calls"][0], "arguments": {}}]}
    big = {"answers": [twice, "It was said."], "then": "last"}
    async with playing(stage, tmp_path, big=big) as gateway:
        await stage.ask("Say hello.")
        await asked(stage, "dm", 2)
        await stage.press(LABELS["approve"])
        await stage.until(lambda: len(waiting(stage, "dm")) == 1)
        await stage.press(LABELS["refuse"])
        await stage.answered("It was said.")
        assert sum("did not allow" in each for each in results(gateway)) == 1


async def told(stage: Stage, text: str) -> None:
    """Wait until somebody was told something, aside where the platform can."""

    def there() -> bool:
        seen = [each.text for each in stage.seen("group") if each.private]
        return any(text in each for each in (*seen, *stage.toasts))

    await stage.until(there)
