"""Shows that bots do not go on among themselves for ever, and that a person lets them go on."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

from structlog.testing import capture_logs

from core.policy import BOT_EXCHANGES
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.gateway.guarded import ANN, EVE, GROUP, Scene, guarded

ROBOT = replace(ANN, id="r2", name="Robot", is_bot=True)
ALLOWED = "access: {allow: ['fake:T1', 'fake:r2']}\n"
ELSEWHERE = replace(GROUP, channel="G2")
LINE = "bots_among_themselves"


def story(scenario, *, store=None, numbers=1):
    async def told():
        async with guarded(more=ALLOWED, store=store) as scene:
            scene.numbers = count(numbers)
            await scene.parts.gateway.intake.recall()
            await scenario(scene)
            await scene.idle()

    run_virtual(told())


async def robot(scene: Scene, times: int, *, where=GROUP) -> int:
    """Let the other bot say something so often; give how often it was taken in."""
    taken = 0
    for _ in range(times):
        taken += await scene.say("And you?", who=ROBOT, where=where) is not None
        await scene.idle()
    return taken


def test_after_a_few_messages_of_bots_it_falls_silent_with_one_line():
    async def scenario(scene: Scene):
        with capture_logs() as logs:
            assert await robot(scene, BOT_EXCHANGES + 5) == BOT_EXCHANGES
        lines = [each for each in logs if each["event"] == LINE]
        assert len(lines) == 1
        assert "until a person speaks" in lines[0]["text"]
        assert await robot(scene, 1, where=ELSEWHERE) == 1

    story(scenario)


def test_commands_of_bots_count_too():
    async def scenario(scene: Scene):
        await robot(scene, BOT_EXCHANGES)
        assert not await scene.command("ask", "Why?", who=ROBOT, where=GROUP)

    story(scenario)


def test_a_person_lets_them_go_on_whoever_it_is_and_whatever_they_say():
    async def scenario(scene: Scene):
        for who, said in ((ANN, {}), (ANN, {"addressed": False}), (EVE, {"addressed": False})):
            assert await robot(scene, BOT_EXCHANGES + 2) == BOT_EXCHANGES
            await scene.say("Stop that", who=who, where=GROUP, **said)
            await scene.idle()
        assert await robot(scene, 1) == 1

    story(scenario)


def test_a_person_in_another_place_lets_nobody_go_on():
    async def scenario(scene: Scene):
        await robot(scene, BOT_EXCHANGES)
        await scene.say("Hello", where=ELSEWHERE)
        assert await robot(scene, 1) == 0

    story(scenario)


def test_the_silence_survives_a_restart_and_says_nothing_again():
    store = MemoryStore()

    async def before(scene: Scene):
        await robot(scene, BOT_EXCHANGES)

    async def after(scene: Scene):
        with capture_logs() as logs:
            assert await robot(scene, 3) == 0
        assert not [each for each in logs if each["event"] == LINE]
        await scene.say("Go on", where=GROUP, addressed=False)
        assert await robot(scene, 1) == 1

    story(before, store=store)
    story(after, store=store, numbers=100)


def test_a_person_who_spoke_before_a_restart_has_spoken():
    store = MemoryStore()

    async def before(scene: Scene):
        await robot(scene, BOT_EXCHANGES)
        await scene.say("Go on", where=GROUP, addressed=False)

    async def after(scene: Scene):
        assert await robot(scene, 1) == 1

    story(before, store=store)
    story(after, store=store, numbers=100)
