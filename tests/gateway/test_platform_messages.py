"""Odd messages from every platform: each is answered or refused in words, and nothing stops."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing

import pytest

from tests.contracts.chats.opening import STANDS
from tests.gateway.harness import running_gateway
from tests.gateway.platform_scene import MODELS, scene
from tests.simulators.discord.people import POLL, STICKER
from tests.transcripts.stages import MESSENGERS, Stage, opened

TEXTS = (
    "שלום, מה שלומך? مرحبا بالعالم",
    "ཁྱེད་རང་བདེ་པོ་ཡིན་པས། ᚠᛇᚻ 𒀀𒁀",
    "👩‍👩‍👧‍👦🏳️‍🌈",
    "<b>&amp;</b> *x* _y_ `z` \\ | ~",
    "DROP TABLE inbox; -- ${HOME} {{7*7}} %s",
)
LONG = "".join(f"{n:05d} words " for n in range(8_334))  # 100,008 characters
QUIET = "defaults: {advisors: off, introduce: false}\n"
"""No panel: the answer would wait for it, at a messenger's pace."""
MOST = {"telegram": 4096, "discord": 2000, "slack": 100_008}


@pytest.fixture(params=MESSENGERS)
async def stage(request):
    async with opened(request.param) as stage:
        yield stage


async def test_whatever_the_language_the_model_reads_what_was_written(stage: Stage, tmp_path):
    async with running_gateway(stage.configured(MODELS), tmp_path) as gateway:
        async with asyncio.TaskGroup() as group:
            for text in TEXTS:
                group.create_task(stage.answers_newcomer(text, "Go by train."))
        calls = gateway.calls.of("big")
        assert len(calls) == len(TEXTS)
        for text in TEXTS:
            assert any(each.text == text for call in calls for each in call.lines)


async def test_a_hundred_thousand_characters_are_read_and_hold_up_nobody(stage: Stage, tmp_path):
    """As one message, or as so many as the platform makes of them: each is a question."""
    size = MOST[stage.platform]
    pieces = [LONG[at : at + size] for at in range(0, len(LONG), size)]
    async with running_gateway(stage.configured(MODELS), tmp_path) as gateway:
        for piece in pieces:
            await stage.ask(piece)
        stage.places["ben"] = stage.sim.dm(stage.ben)
        await stage.sim.say(stage.places["ben"], stage.ben, "And me?")
        await stage.answered("Go by train.", where="ben")  # type: ignore[arg-type]
        await stage.answered("Go by train.")
        assert pieces[0].strip() in read(gateway)
        await stage.until(lambda: kept(tmp_path) >= len(pieces) + 1)


def kept(folder) -> int:
    """Count the questions that were stored."""
    with closing(sqlite3.connect(next((folder / "data").glob("*.db")))) as database:
        (count,) = database.execute("SELECT count(*) FROM inbox WHERE kind = 'message'").fetchone()
    return int(count)


def read(gateway) -> str:
    return "".join(line.text for call in gateway.calls.of("big") for line in call.lines)


async def test_a_sticker_or_a_poll_alone_is_answered(stage: Stage, tmp_path):
    if stage.platform == "slack":
        return  # it has none: both are what other applications post there
    async with running_gateway(stage.configured(MODELS, more=QUIET), tmp_path) as gateway:
        await stage.until(stage.listening)
        dm = stage.places["dm"]
        if stage.platform == "telegram":
            await stage.sim.sticker(dm, stage.ann, "🎉")
            await stage.answered("Go by train.")
            await stage.sim.poll(dm, stage.ann, "Tea or coffee?", "Tea", "Coffee")
        else:
            await stage.sim.say(dm, stage.ann, "", sticker_items=[STICKER])
            await stage.answered("Go by train.")
            await stage.sim.say(dm, stage.ann, "", poll=POLL)
        await stage.answered("Go by train.", times=2)
        assert "sticker" in read(gateway)
        assert "Tea or coffee?" in read(gateway)


async def test_what_is_delivered_twice_is_answered_once(stage: Stage, tmp_path):
    async with running_gateway(stage.configured(MODELS, more=QUIET), tmp_path) as gateway:
        await stage.ask("How do I get there?")
        await stage.answered("Go by train.")
        await STANDS[stage.platform].again(stage.sim)
        await stage.ask("And back?")
        await stage.answered("Go by train.", times=2)
        assert len(gateway.calls.of("big")) == 2
        assert len(stage.answers()) == 2


UPDATES = [None, 5, "x", {}, {"message_id": 1}, {"message_id": "x", "date": "y", "chat": []}]
DISPATCHES = [
    ("MESSAGE_CREATE", {"id": "1"}),
    ("MESSAGE_CREATE", {"id": 5, "author": None}),
    ("INTERACTION_CREATE", {"type": 3}),
    ("GUILD_CREATE", {"id": "1", "channels": [{}]}),
    ("NEVER_HEARD_OF", {"x": [1]}),
]
EVENTS = [
    {},
    {"type": "message"},
    {"type": "message", "channel": "C1", "user": "U1", "ts": "nonsense", "text": "hi"},
    {"type": "message", "channel": "C1", "user": "U1", "ts": "1.0", "files": "none"},
    {"type": "agent_session_stopped", "channel": "C1"},
]


async def send_odd(stage: Stage, number: int) -> None:
    """Send what no platform should send."""
    match stage.platform:
        case "telegram":
            for kind in ("message", "callback_query", "my_chat_member"):
                stage.sim.updates.add(kind, UPDATES[number])
        case "discord":
            stage.sim.gateway.dispatch(*DISPATCHES[number])
        case _:
            event = {"type": "event_callback", "event": EVENTS[number]}
            await stage.sim.deliver("events_api", event)
            await stage.sim.deliver("interactive", event)


@pytest.mark.parametrize("platform", MESSENGERS)
async def test_what_is_malformed_is_a_line_each_and_the_others_are_answered(platform, tmp_path):
    async with scene(
        tmp_path,
        platform,
        change=lambda text: text.replace("introduce: false", "introduce: false\n  advisors: off"),
    ) as told:
        stage = told[platform]
        await stage.until(stage.listening)
        for number in range(5):
            await send_odd(stage, number)
            await stage.answers_newcomer("How do I get there?", "Go by train.")
        assert len(told.complaints) <= 15
        assert all(platform in line.lower() for line in told.complaints)
        assert not any("Traceback" in line or "exception" in line for line in told.process.stderr)
