"""P8: a command, a press or a tool that ends the program each time is put aside like a question."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from core.records import Accepted
from core.types import Address
from gateway.lanes.quarantine import Quarantine
from gateway.lanes.sessions import Sessions, Work
from gateway.lanes.workplaces import Workplaces
from tests.fakes.turns import message
from tests.gateway.harness import process_gateway, refused_gateway
from tests.gateway.page import Page, stored
from tests.patience import PATIENCE
from tests.promises.test_p8_poison import BROKE, dead_letters
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, Stage, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"


async def by_command(stage: Stage) -> None:
    await stage.command("moa", "alone")


async def by_press(stage: Stage) -> None:
    await stage.pick("alone")


async def picker(stage: Stage) -> None:
    await stage.ask("How do I get there?")
    await stage.answered("Go by train.")
    await stage.press("Preset")
    await stage.reads("answers here")


@pytest.mark.parametrize(("kind", "choose"), [("command", by_command), ("press", by_press)])
@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_p8_a_command_or_press_that_ends_the_program_is_put_aside(
    tmp_path, messenger, kind, choose
):
    """Each start ends at it; then it is told and listed, others are answered, and it is tried."""
    at = {"MOA_GATEWAY_CRASH_AT": f"setting.unkept@{messenger}"}
    waits = f"SELECT attempts FROM inbox WHERE kind = '{kind}' AND state = 'waiting'"
    async with opened(messenger) as stage:
        text = stage.configured(MODELS)
        async with process_gateway(text, tmp_path, environ=at) as process:
            if kind == "press":
                await picker(stage)
            async with asyncio.TaskGroup() as group:  # a press waits for what never comes
                choosing = group.create_task(choose(stage))
                assert await process.ended() != 0
                choosing.cancel()
        code, _ = await refused_gateway(text, tmp_path, environ=at)
        assert code != 0
        assert await stored(tmp_path, waits) == [(2,)]  # that it was cut, and a try of its own
        code, _ = await refused_gateway(text, tmp_path, environ=at)
        assert code != 0
        async with process_gateway(text, tmp_path):
            await stage.reads(BROKE)
            await stage.ask("And back?", where="group", who=stage.ben)
            await stage.answered("Go by train.", where="group")
            (told,) = (await dead_letters(tmp_path, "list")).splitlines()
            assert f"  {kind} of " in told
            assert await stored(tmp_path, "SELECT count(*) FROM settings_log") == [(0,)]
            assert "is tried again" in await dead_letters(tmp_path, "retry", told.split()[0])
            await stored(tmp_path, "SELECT 1 FROM settings WHERE value = 'alone'")
            assert "Nothing was put aside" in await dead_letters(tmp_path, "list")


async def test_p8_suspects_that_wait_for_one_another_hold_no_place_of_others():
    """After two crashes with every place taken, whoever asks something new is answered at once."""
    quarantine, held = Quarantine(), asyncio.Event()
    done = list[str]()

    async def perform(work: Work) -> None:
        assert isinstance(work, Accepted)
        async with quarantine.kept(work):
            if work.attempts:
                await held.wait()
            done.append(work.session)

    async with asyncio.TaskGroup() as group:
        sessions = Sessions(group, perform)
        sessions._workplaces = Workplaces(1)
        for number, attempts in enumerate((2, 2, 0)):
            said = message(f"e{number}", address=Address(platform="web", channel=f"c{number}"))
            session = said.address.session
            sessions.put(
                session, Accepted(seq=number, incoming=said, session=session, attempts=attempts)
            )
        async with asyncio.timeout(PATIENCE):
            while not done:  # noqa: ASYNC110 - nothing tells
                await asyncio.sleep(0)
        assert done == ["web/c2"]
        held.set()
    assert sorted(done) == ["web/c0", "web/c1", "web/c2"]


# --- tools --------------------------------------------------------------------------------------

CONFIG = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"}}
    moa:
      presets:
        alone: {{enabled: false, aggregator: {{provider: sim, model: big}}}}
    tools:
      servers:
        files: {{command: [{python}, {server}], approve: never}}
"""


def called(number: int) -> Reply:
    function = {"name": "files__say", "arguments": json.dumps({"text": str(number)})}
    call = {"id": f"call_{number}", "type": "function", "function": function}
    return Reply(text="", tool_calls=(call,), finish="tool_calls")


async def test_p8_a_turn_whose_tools_end_the_program_each_time_is_given_up(tmp_path):
    """Whatever the model calls next ends it again: no call runs twice, and the lane goes on."""
    at = {"MOA_GATEWAY_CRASH_AT": "tool.ran"}
    calls = [called(number) for number in range(3)]
    async with ProviderSimulator({"big": [*calls, Reply(text="Four.")]}) as models:
        text = CONFIG.format(url=models.base_url, python=sys.executable, server=SERVER)
        async with process_gateway(text, tmp_path, environ=at) as process, Page.of(process) as page:
            await page.say("Work it out.")
            assert await process.ended() != 0
        for _ in range(2):
            code, _ = await refused_gateway(text, tmp_path, environ=at)
            assert code != 0
        async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
            await page.until(lambda view: "tried 3 times" in json.dumps(view))
            await page.say("What is two and two?")
            await page.until(lambda view: "Four." in json.dumps(view))
            process.terminate()
            await process.ended()
            assert "turn_given_up" in "".join(process.stderr + process.stdout)
        assert len(models.seen) == 4
        ran = await stored(
            tmp_path, "SELECT iteration, position FROM tool_calls ORDER BY iteration"
        )
        assert ran == [(1, 0), (2, 0), (3, 0)]
