"""P7: rate limits are respected, at the platforms' real rates, by the platforms' own clocks.

The real program and all three messengers at once; answers are written in three conversations of
each at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from tests.gateway.lagging import lagging
from tests.gateway.messenger_scene import Scene
from tests.promises.messengers import messengers
from tests.simulators.discord.limits import GLOBAL
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.transcripts.stages import Stage, Where

REAL: Mapping[str, Any] = {
    "telegram": lambda: TelegramSimulator(privacy=False),
    "discord": lambda: DiscordSimulator(content_intent=True),
    "slack": SlackSimulator,
}
BEGIN = "It begins with a train that was late, and goes on with another that was later. "
TEXT = BEGIN * 9 + "The end."
PLACES: tuple[Where, ...] = ("dm", "group")
PRESET = {"enabled": False, "aggregator": {"provider": "p", "model": "big"}}
HELD = 4.0
LATE = 2.0


def writing(seconds: float) -> dict[str, Any]:
    """A model that writes `TEXT` for about so long."""
    answer = {"text": TEXT, "between": seconds / (len(TEXT) / 4)}
    return {"p": {"api": "scripted", "answers": {"big": answer}}}


def refused(stage: Stage) -> Sequence[Any]:
    return [each for each in stage.sim.requests.entries if each.status == 429]


def versions(stage: Stage, where: Where) -> list[tuple[float, str]]:
    """What stood there and when, of the one answer in a place."""
    found = [
        version for each in stage._shown(where) for version in each.versions if BEGIN in version[1]
    ]
    return sorted(found)


async def test_p7_no_refusal_while_answers_are_written_everywhere(tmp_path):
    async with messengers(tmp_path, providers=writing(6), preset=PRESET, simulators=REAL) as there:

        async def watched(stage):
            await stage.until(stage.listening)
            carol = stage.sim.person("Carol")
            for where in PLACES:
                await stage.ask("How do I get there?", where=where)
            await stage.sim.say(stage.sim.dm(carol), carol, "How do I get there?")
            for where in PLACES:
                final = await stage.answered("The end.", where=where)
                assert final.text.count(BEGIN.strip()) == 9
                assert len(stage.answers(where)) == 1
            assert refused(stage) == []

        await there.everywhere(watched)


async def test_p7_a_chat_that_is_told_to_wait_waits_alone_and_its_final_is_not_late(tmp_path):
    loop = asyncio.get_running_loop()
    async with (
        lagging() as late,
        messengers(tmp_path, providers=writing(4), preset=PRESET, simulators=REAL) as there,
    ):

        async def held(stage):
            await stage.until(stage.listening)
            for where in PLACES:
                await stage.ask("How do I get there?", where=where)
            await stage.until(lambda: versions(stage, "group"))
            began = loop.time()
            Scene.flood(stage, "group", HELD)
            for where in PLACES:
                await stage.answered("The end.", where=where)

            other = versions(stage, "dm")
            drafts = (
                [(each.at, each.text) for each in stage.sim.chat(stage.places["dm"]).drafted]
                if stage.platform == "telegram"
                else []
            )
            assert any(began < at < began + HELD for at, _ in (*other, *drafts))

            here = versions(stage, "group")
            assert not [at for at, _ in here if began + 0.2 < at < began + HELD - 0.2]
            after = [(at, text) for at, text in here if at >= began + HELD - 0.2]
            assert "The end." in after[0][1]  # the latest, and not all that was missed
            assert after[0][0] <= began + HELD + LATE + late[0]
            assert len(refused(stage)) <= 2  # it is asked again when it may be

        await there.everywhere(held)


def hold_all(stage: Stage, seconds: float) -> None:
    """Let a platform refuse for so long whatever is written, wherever that is."""
    if stage.platform == "discord":
        whole = stage.sim.limits._bucket("", (GLOBAL, 1.0))
        whole.taken, whole.until = whole.count, stage.sim.gateway.now() + seconds
    else:
        for where in PLACES:
            Scene.flood(stage, where, seconds)


async def test_p7_an_account_that_is_told_to_wait_asks_no_more_and_posts_nothing_twice(tmp_path):
    """Discord says of a limit that it holds for all; on Telegram nothing but each chat's tells."""
    loop = asyncio.get_running_loop()
    async with messengers(tmp_path, providers=writing(3), preset=PRESET, simulators=REAL) as there:

        async def held(stage):
            await stage.until(stage.listening)
            for where in PLACES:
                await stage.ask("How do I get there?", where=where)
            await stage.until(lambda: versions(stage, "group"))
            began = loop.time()
            hold_all(stage, HELD)
            for where in PLACES:
                final = await stage.answered("The end.", where=where)
                assert final.text.count(BEGIN.strip()) == 9
                assert len(stage.answers(where)) == 1
                shown = [at for at, _ in versions(stage, where)]
                assert not [at for at in shown if began + 0.2 < at < began + HELD - 0.2]
            asked = 2 if stage.platform == "discord" else 2 * len(PLACES)
            assert len(refused(stage)) <= asked, refused(stage)

        await there.everywhere(held)
