"""Kills the program while files, summaries and chats become something else than they were."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

import aiohttp
import pytest
import yaml

from core.history import SUMMARY_OPENS
from tests.chaos.crashes import OVER, Asked, Crashes
from tests.gateway.harness import TOKEN
from tests.gateway.messenger_scene import finals
from tests.transcripts.stages import MESSENGERS

LONG = "I would rather not walk, for I have a suitcase, two bags and a dog. " * 30


def defaults(there: Crashes, **said: object) -> None:
    whole = yaml.safe_load(there.scene.text)
    whole["defaults"] |= said
    there.scene.text = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)


@pytest.mark.parametrize("point", ["file.noted", "file.kept"])
async def test_killed_while_a_file_is_put_into_its_place(there, point):
    """It is fetched again, and stands on the shelf once: nothing half-written stays beside it."""
    for platform in MESSENGERS:
        await there.crash(f"{point}@{platform}", act=with_list)
    await there.recovered()
    for each in there.asked:
        seen = [str(one.body["messages"]) for one in there.scene.models.seen]
        assert any(each.words in one and listed(each) in one for one in seen), each
    folder = there.scene.folder / "data" / "files"
    digests = await there.scene.stored("SELECT digest FROM files ORDER BY digest")
    assert [(each.name,) for each in sorted(folder.iterdir())] == digests
    assert len(digests) == len(MESSENGERS)


def listed(asked: Asked) -> str:
    return f"bread and butter for {asked.stage.platform}"


async def with_list(asked: Asked) -> None:
    await asked.stage.ask(asked.words, files=[("list.txt", listed(asked).encode())])


@pytest.mark.parametrize(("point", "paid"), [("summary.unkept", 2), ("summary.kept", 1)])
async def test_killed_around_a_summary(there, point, paid):
    """The wish for it is in the inbox until it is done: one stands there, paid for once if kept."""
    new = [there.question(each, "dm") for each in MESSENGERS]
    async with there.alive(), asyncio.TaskGroup() as group:
        for asked in new:
            group.create_task(talked(asked))
    for asked in new:
        async with there.armed(f"{point}@{asked.stage.platform}", noted=False):
            await asked.stage.ask("compact")
    async with there.alive():
        await there.scene.rows("turns", len(MESSENGERS), "origin = 'summary'", seconds=OVER)
        query = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'waiting')"
        await there.scene.stored(query)
        for each in there.asked:
            await each.stage.ask("And then?")
            await each.stage.until(partial(answered, each, 3))
    for each in there.asked:
        assert len(finals(each.stage, "dm")) == 3
        calls = [
            one.body["messages"] for one in there.scene.models.seen if one.body["model"] == "big"
        ]
        mine = [one for one in calls if each.words in str(one)]
        assert len(mine) == 2 + paid, [str(one)[-300:] for one in mine]
        assert sum(SUMMARY_OPENS in str(one) for one in calls) == len(MESSENGERS)


async def talked(asked: Asked) -> None:
    """Have two answers there, and much to condense."""
    for times, words in enumerate((f"{asked.words} {LONG}", "And back?"), start=1):
        await asked.stage.ask(words)
        await asked.stage.until(partial(answered, asked, times))


def answered(asked: Asked, times: int) -> bool:
    return len(finals(asked.stage, asked.where)) >= times


async def test_killed_when_a_chat_has_moved(there):
    """What was said in the group is known in the supergroup, whatever this process knew of it."""
    asked = there.question("telegram", "group")
    stage = asked.stage
    stage.places["group"] = old = stage.sim.group("moving", stage.ann, basic=True)
    async with there.alive():
        await stage.ask(asked.words, where="group")
        await stage.until(partial(answered, asked, 1))
    async with there.armed("move.kept"):
        stage.places["group"] = await stage.sim.migrate(old)
    async with there.alive():
        await stage.ask("And back?", where="group")
        await stage.until(partial(answered, asked, 1))
        await there.scene.stored(
            "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'waiting')"
        )
    assert there.calls(asked)["big"] == 2  # for itself, and as what was said before


async def test_killed_when_it_is_about_to_introduce_itself(there):
    """It never does so twice; what is asked there is answered."""
    defaults(there, introduce=True)
    for platform in MESSENGERS:
        asked = there.question(platform, "group")
        async with there.armed(f"introduction.noted@{platform}"):
            if platform != "telegram":  # where being in a group of the scene is news at the start
                await asked.stage.bring(asked.stage.ann)
    async with there.alive():
        for each in there.asked:
            await each.stage.ask(each.words, where="group")
            await each.stage.until(partial(answered, each, 1))
        query = "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM inbox WHERE state = 'waiting')"
        await there.scene.stored(query)
    for each in there.asked:
        said = [one.text for one in each.stage.seen("group") if "/privacy" in one.text]
        assert len(said) <= 1, said


async def test_killed_while_it_ends_what_a_program_had_asked(there):
    """Nobody waits for it any more: it is ended once, and nobody is asked again."""
    there.scene.models.close("big")
    words = {"role": "user", "content": "How do I get there?"}
    asked = {"model": "review", "messages": [words]}
    async with there.armed("references.closed", noted=False):
        url = await there.opened(1)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with suppress(aiohttp.ClientError):
            async with aiohttp.ClientSession(headers=headers) as session:
                await session.post(f"{url}/v1/chat/completions", json=asked)
    async with there.armed("recovery.ended", noted=False):
        pass
    async with there.alive():
        await there.scene.rows("turns", 1, "state = 'delivered'")
    assert set(there.scene.models.about(words["content"]).values()) == {1}
    ended = "SELECT count(*) FROM outbox UNION ALL SELECT count(*) FROM turns"
    assert await there.scene.stored(ended) == [(0,), (1,)]
