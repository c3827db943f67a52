"""Shows how messengers see the program stop, fill its disk, lose its line, and keep to limits."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from tests.gateway.lagging import lagging
from tests.gateway.messenger_scene import BEGIN, TEXT, begun, finals, scene
from tests.gateway.test_full_disk import complaints, no_space, space_again
from tests.simulators.provider import Reply

SLOW = Reply(text=TEXT, size=20, between=0.12)
LONG = Reply(text=BEGIN * 18 + "The end.", size=20, between=0.13)
ONCE = {"a": 1, "b": 1, "big": 1}
EDITS = ("editMessageText", "edit_message", "chat.update", "chat.appendStream")
LATE = 0.5
"""Seconds by which a busy machine may be late."""
STRICT = {
    "telegram": {"privacy": False},
    "discord": {},
    "slack": {},
}
"""The simulators with the limits of the platforms themselves."""
PACE = {
    ("telegram", "dm"): 0.25,
    ("telegram", "group"): 3.1,
    ("discord", "dm"): 1.0,
    ("discord", "group"): 1.0,
    ("slack", "dm"): 1.2,
    ("slack", "group"): 1.2,
}
LEAST = {"telegram": 2, "discord": 3, "slack": 3}
"""How many edits there are at least of a text that flows for some ten seconds."""


@pytest.fixture(autouse=True)
def _unmeasured(monkeypatch):
    """Coverage writes a file when a child ends, which a full disk would not take either."""
    monkeypatch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)


async def test_asked_to_stop_in_mid_answer_it_ends_the_answer_first(tmp_path):
    async with scene(tmp_path, "dm") as there:
        there.models.replies["big"] = SLOW
        async with there.started() as process:
            await there.ask()
            await there.everywhere(begun)
            process.terminate()
            assert await process.ended() == 0
        await there.answered()
        there.holds()
        there.cost(ONCE)


async def test_asked_twice_to_stop_it_ends_at_once_and_answers_after_the_next_start(tmp_path):
    async with scene(tmp_path, "dm") as there:
        there.models.stall()
        async with there.started() as process:
            await there.ask()
            await there.everywhere(begun)
            await there.rows("outbox", 4, "message_id <> ''")
            process.terminate()
            await process.logged("draining")
            process.terminate()
            assert await process.ended() == 1  # 0, had it waited for the answers
        there.models.whole()
        async with there.started():
            await there.answered()
        there.holds()
        there.cost({"a": 1, "b": 1, "big": 2})


async def test_what_a_full_disk_does_not_take_is_not_acknowledged_and_answered_later(tmp_path):
    async with scene(tmp_path, "dm") as there:
        async with there.started() as process:
            await there.ask("Hello?")
            await there.answered()
            no_space(process)
            await there.ask()
            await process.logged("store_takes_nothing")
            await there.refused()
            assert not there.models.about("How do I get there?")
            space_again(process)
            await there.answered(2)
            await there.heard()
            assert len(complaints(process)) == 1
            assert not any("Traceback" in line for line in process.stderr)
        there.holds(answers=2)
        there.cost(ONCE)


async def test_discord_is_read_again_where_something_was_said_while_nobody_listened(tmp_path):
    async with scene(tmp_path, "dm", "group", platforms=("discord",)) as there:
        stage = there.stage("discord")
        sim = stage.sim
        async with there.started() as process:
            await there.ask("Hello?")
            await there.answered()
            await there.rows("outbox", 4, "message_id <> ''")
            await there.killed(process)
        await stage.until(lambda: not stage.listening())
        (thread, *_) = sim.threads(stage.places["group"])
        await sim.say(stage.places["dm"], stage.ann, "Where? (discord dm)")
        await sim.say(stage.places["group"], stage.ann, "Who? (discord group)", mention=True)
        await sim.say(thread, stage.ann, "When? (discord thread)", mention=True)
        await sim.say(stage.places["group"], stage.ben, "Lunch, anybody?")
        async with there.started():
            await stage.until(lambda: len(finals(stage, "group")) == 3)
            await there.answered(2)
        assert len(finals(stage, "group")) == 3
        assert len(finals(stage, "dm")) == 2
        for words in ("Where?", "Who?", "When?"):
            assert there.models.about(words)["a"] == 1, words
        assert not there.models.about("Lunch")


async def test_discord_may_end_and_resume_its_sessions_in_mid_answer(tmp_path):
    async with scene(tmp_path, "dm", platforms=("discord",)) as there:
        there.models.replies["big"] = SLOW
        stage = there.stage("discord")
        gateway = stage.sim.gateway
        async with there.started():
            await there.ask()
            await there.everywhere(begun)
            gateway.ask_to_reconnect()
            await stage.until(lambda: gateway.resumed == 1)
            await gateway.kill()
            await stage.sim.say(stage.places["dm"], stage.ann, "Where? (discord dm)")
            await stage.until(lambda: gateway.resumed == 2)
            gateway.invalidate(resumable=False)
            await stage.sim.say(stage.places["dm"], stage.ann, "Who? (discord dm)")
            await stage.until(lambda: gateway.identified == 2)
            await there.answered(3)
        there.holds(answers=3)
        for words in ("How do I", "Where?", "Who?"):
            assert there.models.about(words)["a"] >= 1, words
        assert len([each for each in there.models.seen if each.body["model"] == "a"]) == 3


async def test_in_a_steady_conversation_no_platform_has_to_say_that_it_is_too_much(tmp_path):
    async with lagging() as late, scene(tmp_path, settings=STRICT) as there:
        there.models.replies["big"] = LONG
        async with there.started():
            await there.ask()
            await there.answered()
        there.holds()
        for stage in there.stages:
            assert not [each for each in stage.sim.requests.entries if each.status == 429]
            edits = [dict(each.params) for each in stage.sim.requests.of(*EDITS)]
            assert not [one for one, other in pairwise(edits) if one == other], stage.platform
            for where in there.places:
                versions = there.versions(stage, where)
                texts = [text for _, text in versions]
                bodies = [text.split("▌")[0].rstrip() for text in texts]
                assert [len(each) for each in bodies] == sorted(len(each) for each in bodies)
                pace = PACE[stage.platform, where]
                gaps = [later - sooner for (sooner, _), (later, _) in pairwise(versions)]
                assert len(gaps) >= LEAST[stage.platform], (stage.platform, where, gaps)
                most = 2 * pace + LATE + late[0]
                assert max(gaps, default=0) <= most, (stage.platform, where, gaps)


async def test_a_flood_wait_delays_its_own_chat_alone(tmp_path):
    async with lagging() as late, scene(tmp_path) as there:
        there.models.replies["big"] = SLOW
        loop = asyncio.get_running_loop()
        async with there.started():
            await there.ask()
            await there.everywhere(begun)
            began = loop.time()
            for stage in there.stages:
                there.flood(stage, "group", 6.0)
            done: dict[tuple[str, str], float] = {}

            async def watch(stage, where):
                await stage.until(lambda: finals(stage, where))
                done[stage.platform, where] = loop.time() - began

            await there.each(watch)
        there.holds()
        for stage in there.stages:
            assert done[stage.platform, "dm"] < 6.0 + late[0], done
            assert done[stage.platform, "group"] < 6.0 + 2.0 + late[0], done
