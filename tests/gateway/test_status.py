"""Shows what /status, /budget and /quiet say and do."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from core.presets import Preset, Slot
from core.texts import status as said
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import ANN, BEN, GROUP, Scene, guarded

ADMIN = "access: {admins: ['fake:ann'], allow: ['fake:T1']}\n"
LISTENS = ADMIN + "channels: [{platform: fake, channel: G1, listen: all}]\n"
THREAD = replace(GROUP, thread="e1")


async def give(scene: Scene, name: str, args: str = "", **more) -> str:
    await scene.command(name, args, **{"where": GROUP, **more})
    await scene.idle()
    return scene.whispers[-1]


def test_status_says_what_answers_what_waits_and_that_all_is_well():
    async def story():
        slow = {"big": [["Ye", 60.0, "s."]], "a": [["A."]], "b": [["B."]]}
        async with guarded(slow, more=ADMIN) as scene:
            told = await give(scene, "status")
            assert told == (
                "review answers here (the default).\n"
                "Nothing is being answered here now, and nothing waits.\n"
                "All presets can answer."
            )
            for text in ("First?", "Second?", "Third?"):
                await scene.say(text, where=GROUP, addressed=True, who=BEN)
            await scene.until(lambda: scene.parts.gateway.runner.running)
            await scene.command("status", where=GROUP)
            await scene.until(lambda: len(scene.whispers) > 1)
            assert "An answer is being written here; " in scene.whispers[-1]
            assert "In all, 1 conversation at work." in scene.whispers[-1]

    run_virtual(story())


def test_status_names_who_cannot_answer_and_who_is_left_alone():
    alone = Preset(name="alone", aggregator=Slot(provider="p", model="m"))
    assert said.health([(alone, "p: no key")], {"p:a": 29.6}).splitlines() == [
        "alone cannot answer: p: no key",
        "p:a failed too often and is left alone for 30 s more.",
    ]


def test_a_quiet_channel_answers_mentions_alone_and_stays_so_after_a_restart():
    async def story():
        store = MemoryStore()
        async with guarded(more=LISTENS, store=store) as scene:
            assert await scene.say("To all?", where=GROUP, addressed=False)
            told = await give(scene, "quiet")
            assert told.startswith("From now on I answer mentions here")
            assert not await scene.say("To all?", where=GROUP, addressed=False)
            assert not await scene.say("Go on?", where=THREAD, addressed=False)
            told = await give(scene, "quiet")
            assert told.startswith("Quiet since 1 January 1970 at 00:18 (UTC), as Ann wanted")
            assert "Quiet since" in await give(scene, "status")
        async with guarded(more=LISTENS, store=store) as scene:
            scene.numbers = count(100)
            assert not await scene.say("To all?", where=GROUP, addressed=False)
            assert await scene.say("To you?", where=GROUP, addressed=True)
            assert await give(scene, "quiet", "off") == "I go on as before here. /quiet undoes it."
            assert await scene.say("To all?", where=GROUP, addressed=False)
            assert "nothing was changed" in await give(scene, "quiet", "off")
            assert "/quiet off" in await give(scene, "quiet", "please")

    run_virtual(story())


def test_in_private_there_is_nothing_to_be_quiet_of():
    async def story():
        async with guarded(more=ADMIN) as scene:
            await scene.command("quiet")
            await scene.idle()
            assert scene.whispers[-1].startswith("Here everything that you write is for me")

    run_virtual(story())


def test_a_budget_is_told_to_those_whom_the_file_names():
    async def story():
        more = ADMIN + "budgets: {total: {daily: 20}, turn: 1, unpriced: 1}\n"
        async with guarded(more=more) as scene:
            told = await give(scene, "budget", who=ANN)
            assert "The daily budget of this gateway: $20.00 of $20.00 left." in told
            assert "One question may cost $1.00." in told
            assert "Where one is used up, the aggregator answers alone." in told
            boss = replace(BEN, is_admin=True)
            assert "To administer this chat is not enough" in await give(scene, "budget", who=boss)
        async with guarded(more=ADMIN) as scene:
            assert "no budget" in await give(scene, "budget")

    run_virtual(story())
