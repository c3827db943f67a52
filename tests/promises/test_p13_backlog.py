"""P13: what came long ago is asked about by one note in each chat, and costs nothing before."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import pytest
from typing_extensions import override

from core.types import Line
from gateway.clock import SystemClock
from tests.gateway.harness import Running, process_gateway, running_gateway
from tests.gateway.page import questions_stored, stored
from tests.transcripts.stages import MESSENGERS, Seen, Stage, Where, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
AWAY = "while I was away"
HOURS = 23
HOUR = 3600.0


class Later(SystemClock):
    """The wall clock, so many hours later."""

    def __init__(self, hours: float) -> None:
        self._hours = hours

    @override
    def now(self) -> datetime:
        return super().now() + timedelta(hours=self._hours)


@pytest.fixture(params=MESSENGERS)
async def stage(request) -> AsyncIterator[Stage]:
    async with opened(request.param) as stage:
        yield stage


@asynccontextmanager
async def day_after(stage: Stage, folder, more: str = "") -> AsyncIterator[Running]:
    """Start it on a day on which all that is said now was said yesterday."""
    text = stage.configured(MODELS, more=more)
    async with running_gateway(text, folder, clock=Later(HOURS)) as running:
        yield running


def notes(stage: Stage, where: Where) -> list[Seen]:
    return [each for each in stage.seen(where) if AWAY in each.text]


async def noted(stage: Stage, where: Where, count: int) -> None:
    """Wait until the one note of a chat speaks of so many messages."""
    many = f"{count} messages" if count > 1 else "A message"

    def there() -> bool:
        return [each.text.startswith(many) for each in notes(stage, where)] == [True]

    await stage.until(there)


async def test_p13_messages_of_yesterday_are_asked_about_and_not_answered(stage, tmp_path):
    async with day_after(stage, tmp_path) as running:
        for number in range(3):
            await stage.ask(f"How do I get to place {number}?")
            await asyncio.sleep(0)
        await stage.ask("And how do we?", where="group")
        await stage.ask("And how do I?", where="group", who=stage.ben)
        await noted(stage, "dm", 3)
        await noted(stage, "group", 2)
        assert f"the oldest {HOURS} h ago" in notes(stage, "dm")[0].text
        assert not any(running.calls.of(model) for model in MODELS)
        assert len(stage.seen("dm")) == 1
        note = notes(stage, "dm")[0]
    async with day_after(stage, tmp_path) as running:  # it says nothing again, and knows it all
        await stage.until(stage.listening)
        await stage.press("Skip", where="group", who=stage.ben)  # his own, and nobody else's
        await noted(stage, "group", 1)
        assert notes(stage, "dm") == [note]
        await stage.press("Answer", where="dm")
        await stage.answered("Go by train.", times=1)
        await stage.until(lambda: not notes(stage, "dm"))
        await stage.press("Answer", where="group")
        await stage.answered("Go by train.", where="group")
        await stage.until(lambda: not notes(stage, "group"))
        asked = "".join(line.text for call in running.calls.of("big") for line in call.lines)
        assert all(f"place {number}" in asked for number in range(3))
        assert "And how do we?" in asked
        assert "And how do I?" not in asked


async def test_p13_the_time_at_which_it_was_said_decides_and_not_when_it_came(stage, tmp_path):
    """What waited for hours comes in between today's questions, which are answered at once."""
    async with running_gateway(stage.configured(MODELS), tmp_path) as running:
        for number, hours in enumerate((23, 2)):
            await stage.asked_ago(hours * HOUR, f"How do I get to place {number}?")
        await stage.asked_ago(3 * HOUR, "moa off", where="group")
        await stage.asked_ago(0.9 * HOUR, "How do I get home?", where="group", who=stage.ben)
        await stage.answered("Go by train.", where="group")  # nobody has switched them off
        await stage.ask("How do I get there?")
        await stage.answered("Go by train.")
        assert len(running.calls.of("a")) == 2
        await stage.reads("not carried out", where="group")
        await noted(stage, "dm", 2)
        assert "the oldest 23 h ago" in notes(stage, "dm")[0].text
        assert not any("place" in line.text for line in lines(running))
        await stage.press("Answer")
        await stage.answered("Go by train.", times=3)
        await stage.until(lambda: not notes(stage, "dm"))
        said = [line.text for line in lines(running)]
        places = [next(i for i, each in enumerate(said) if f"place {n}" in each) for n in range(2)]
        assert places == sorted(places)


def lines(running: Running) -> list[Line]:
    """Give all that advisor `a` was shown, in order."""
    return [line for call in running.calls.of("a") for line in call.lines]


async def test_p13_commands_of_yesterday_are_not_carried_out(stage, tmp_path):
    async with day_after(stage, tmp_path) as running:
        await stage.ask("moa off")
        said = "not carried out"
        await stage.until(lambda: any(said in each.text for each in stage.seen("dm")))
        assert len(stage.seen("dm")) == 1
        assert not any(running.calls.of(model) for model in MODELS)
    async with running_gateway(stage.configured(MODELS), tmp_path) as running:
        await stage.ask("How do I get there now?")
        await stage.answered("Go by train.")
        assert len(running.calls.of("a")) == 1


async def test_p13_what_was_accepted_before_a_long_stop_is_asked_about(stage, tmp_path):
    """The real program, killed with a question in its line, and started a day later."""
    slow = {**MODELS, "big": {"text": "Go by train.", "stall": True}}
    async with process_gateway(stage.configured(slow), tmp_path) as process:
        await stage.ask("How do I get there?")
        await stored(tmp_path, "SELECT 1 FROM turns WHERE references_done = 1")
        if stage.platform != "slack":  # what follows at once would join it
            await stage.panel_reads("2 of 2 advisors")
        await stage.ask("And back?", who=stage.ann)
        await questions_stored(tmp_path, 2)
        process.kill()
        await process.ended()
    async with day_after(stage, tmp_path) as running:
        await stage.answered("Go by train.")  # that was begun: it is ended as ever
        assert len(running.calls.of("a")) == 0
        if stage.platform != "slack":  # a thread of its own there, so that it was begun, too
            await noted(stage, "dm", 1)
            await stage.press("Answer", where="dm")
            await stage.answered("Go by train.", times=2)


async def test_p13_a_whole_day_is_one_note_and_no_call(stage, tmp_path):
    """Far more than `limits:` lets anybody ask, for nobody was too quick."""
    async with day_after(stage, tmp_path, "limits: {user: 5/min, channel: 5/min}") as running:
        await stage.until(stage.listening)
        for number in range(30):
            await stage.sim.say(stage.places["dm"], stage.ann, f"Question {number}?")
        await noted(stage, "dm", 30)
        assert len(stage.seen("dm")) == 1
        assert notes(stage, "dm")[0].edits <= 2
        assert not any(running.calls.of(model) for model in MODELS)
        await stage.press("Skip", where="dm")
        await stage.until(lambda: not notes(stage, "dm"))
        assert await running.store.waiting() == []
        assert await running.store.aside("late") == []
