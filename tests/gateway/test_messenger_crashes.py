"""Shows that a kill at any moment loses no question and doubles no answer, on each messenger.

The real program runs against strict platforms that outlive it, on all three at once (P1, P2, P4).
"""

from __future__ import annotations

import signal

import pytest

from tests.gateway.messenger_scene import (
    HANGS,
    POSTS,
    begun,
    finals,
    panelled,
    scene,
    texts,
    unsure,
)
from tests.simulators.base import Fault
from tests.transcripts.stages import Stage, Where

ONCE = {"a": 1, "b": 1, "big": 1}
TWICE = {"a": 1, "b": 1, "big": 2}


async def test_killed_before_it_has_read_what_was_sent_to_it(tmp_path):
    async with scene(tmp_path, "dm") as there:
        async with there.started() as process:
            await there.ask("Hello?")
            await there.answered()
            posted = "key = 'answer/0' AND message_id IS NOT NULL"
            await there.rows("outbox", len(there.stages), posted)  # it knows that it answered
            process.child.send_signal(signal.SIGSTOP)
            await there.ask()
            await there.killed(process)
        async with there.started():
            await there.answered(2)
        there.holds(answers=2)
        there.cost(ONCE)


async def test_killed_twice_once_in_the_fan_out_and_once_in_the_answer(tmp_path):
    async with scene(tmp_path, "dm") as there:
        there.models.close("b")
        there.models.stall()
        async with there.started() as process:
            await there.ask()
            await there.rows("calls", 3)
            await there.everywhere(panelled)
            await there.rows("outbox", 3, "message_id <> ''")  # Telegram's could not be found again
            await there.killed(process)
        there.models.open()
        async with there.started() as process:
            await there.everywhere(begun)
            await there.rows("outbox", 4, "message_id <> ''")
            await there.killed(process)
        there.models.whole()
        async with there.started():
            await there.answered()
        there.holds()
        there.cost({"a": 1, "b": 2, "big": 2})


async def test_killed_while_it_looks_for_a_panel_whose_answer_was_lost(tmp_path):
    async with scene(tmp_path, "group") as there:
        there.models.close("big")
        there.plan(POSTS, Fault(kind="drop"))
        async with there.started() as process:
            await there.ask()
            await there.rows("turns", 3, "references_done = 1")
            await there.everywhere(panelled)
            await there.killed(process)
        there.models.open()
        async with there.started():
            await there.answered()
        there.holds()
        there.cost(TWICE)


@pytest.mark.parametrize("away", ["", "long"])
async def test_killed_while_the_answer_is_being_posted(tmp_path, away):
    """Telegram cannot tell what became of it: there the whole follows what may be a piece of it."""
    async with scene(tmp_path, "group") as there:
        there.models.close("big")
        async with there.started() as process:
            await there.ask()
            await there.rows("turns", 3, "references_done = 1")
            await there.everywhere(panelled)
            there.plan({**POSTS, "slack": "chat.appendStream"}, HANGS)
            there.models.stall()
            there.models.open()
            await there.everywhere(begun)
            await there.killed(process)
        there.unplan()
        if away:
            there.forgetting()
        there.models.whole()
        async with there.started():
            await there.answered()
        for stage in there.stages:
            assert len(finals(stage, "group")) == 1, stage.platform
            assert len(texts(stage, "group")) == 1 + (stage.platform == "telegram")
            assert not unsure(stage, "group")
        there.cost(TWICE)


async def test_killed_in_the_middle_of_the_answer(tmp_path):
    async with scene(tmp_path) as there:
        there.models.stall()
        async with there.started() as process:
            await there.ask()
            await there.everywhere(begun)
            await there.rows("outbox", 9, "message_id <> ''")
            await there.killed(process)
        there.models.whole()
        async with there.started():
            await there.answered()
        there.holds()
        there.cost(TWICE)


async def test_killed_while_the_end_of_the_answer_is_being_sent(tmp_path):
    """A draft of Telegram becomes a message with its end alone: there nobody can tell."""
    async with scene(tmp_path, "dm") as there:
        there.models.close("big")
        async with there.started() as process:
            await there.ask()
            await there.rows("turns", 3, "references_done = 1")
            await there.rows("outbox", 3, "message_id <> ''")
            there.plan({"telegram": "sendMessage", "slack": "chat.stopStream"}, HANGS)
            there.models.open()
            await there.answered()
            await there.killed(process)
        there.unplan()
        async with there.started():
            await there.answered(notes=undrafted)
        there.holds(notes=undrafted)
        there.cost(ONCE)


def undrafted(stage: Stage, where: Where) -> int:
    """Count them where the answer was a draft until its end came."""
    return int((stage.platform, where) == ("telegram", "dm"))
