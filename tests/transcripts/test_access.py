"""Shows on every messenger who comes in: by a code, by an admin's word, and who does not."""

from __future__ import annotations

import re
from contextlib import asynccontextmanager
from typing import Any

import pytest
import yaml

from gateway.control import ask as ask_running
from tests.gateway.harness import running_gateway
from tests.simulators.slack.model import ELSEWHERE, Person
from tests.transcripts.stages import MESSENGERS, opened
from tests.transcripts.test_membership import Skipping

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
CODE = re.compile(r"Your pairing code is ([A-Z0-9]{8}),")


@asynccontextmanager
async def closed(platform: str, folder, *, clock: Any = None, **more: Any):
    """Open a bot that Ann owns and that knows nobody else. Ben's private chat is `ben`."""
    async with opened(platform) as stage:
        stage.places["ben"] = stage.sim.dm(stage.ben)
        stage.threads["ben"] = None
        file = yaml.safe_load(stage.configured(MODELS))
        file |= {"access": {"owners": [f"{platform}:{stage.ann.id}"]}, **more}
        text = yaml.safe_dump(file, sort_keys=False)
        async with running_gateway(text, folder, clock=clock):
            yield stage


def scripted(answers: dict[str, Any]) -> dict[str, Any]:
    return {"p": {"api": "scripted", "answers": answers}}


async def code_of(stage) -> str:
    await stage.ask("Hello", where="ben", who=stage.ben)
    seen = await stage.reads("Your pairing code is", where="ben")
    found = CODE.search(seen.text)
    assert found
    return found[1]


async def told(stage, text: str, where: Any = "dm") -> None:
    """Wait until somebody reads it, be it alone."""

    def seen() -> bool:
        return any(text in each.text for each in stage.seen(where)) or any(
            text in each for each in stage.toasts
        )

    await stage.until(seen)


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_a_stranger_comes_in_by_a_code_that_an_owner_says(messenger, tmp_path):
    async with closed(messenger, tmp_path) as stage:
        code = await code_of(stage)
        await stage.command("pair", code)
        await told(stage, "is let in, in private")
        await told(stage, "You are let in now: ask me anything.", "ben")
        await stage.ask("How do I get there?", where="ben", who=stage.ben)
        await stage.answered("Go by train.", where="ben")
        await stage.ask("And here?", where="group", who=stage.ben)
        await told(stage, "I am not allowed to answer in this chat yet", "group")
        assert not stage.finals("Go by train.", "group")


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_a_stranger_comes_in_by_a_code_that_is_approved_on_the_command_line(
    messenger, tmp_path
):
    async with closed(messenger, tmp_path) as stage:
        code = await code_of(stage)
        said = await ask_running(tmp_path / "data", "pair", code=code)
        assert "is let in, in private" in str(said)
        await told(stage, "You are let in now: ask me anything.", "ben")
        await stage.ask("How do I get there?", where="ben", who=stage.ben)
        await stage.answered("Go by train.", where="ben")


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_an_owner_lets_in_and_shuts_out_by_a_mention_or_an_id(messenger, tmp_path):
    async with closed(messenger, tmp_path) as stage:
        ben = stage.ben.id
        someone = {"slack": f"<@{ben}|ben>"}.get(messenger, str(ben))
        await stage.command("allow", f"{someone} 1h")
        await told(stage, f"{messenger}:{ben} is let in for 1h.")
        await stage.ask("How do I get there?", where="group", who=stage.ben)
        await stage.answered("Go by train.", where="group")
        await stage.command("deny", someone)
        await told(stage, f"{messenger}:{ben} is shut out.")
        await stage.ask("And back?", where="ben", who=stage.ben)
        await told(stage, "has closed it to you", "ben")
        assert not stage.finals("Go by train.", where="ben")


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_who_asks_too_often_is_told_once(messenger, tmp_path):
    async with closed(messenger, tmp_path, limits={"user": "2/h"}) as stage:
        for n in range(2):
            await stage.ask(f"Question {n}")
            await stage.answered("Go by train.", times=n + 1)
        for n in range(3):
            await stage.ask(f"One more {n}")
        await told(stage, "more than 2 questions an hour")
        await stage.command("stop")  # is heard all the same, be the last answer over or not
        heard = ("Nothing is being answered here now.", "Stopped.")
        await stage.until(
            lambda: any(
                each in text
                for each in heard
                for text in (*stage.toasts, *(seen.text for seen in stage.seen()))
            )
        )
        said = [each for each in stage.seen() if "more than 2 questions" in each.text]
        assert len(said) == 1
        assert len(stage.finals("Go by train.")) == 2


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_who_is_shut_out_in_mid_turn_is_answered_to_the_end_and_asks_no_more(
    messenger, tmp_path
):
    slow = {
        **MODELS,
        "big": {"text": "It begins with a train that was late, and goes on. " * 6, "between": 0.05},
    }
    async with closed(messenger, tmp_path, providers=scripted(slow)) as stage:
        await stage.command("allow", str(stage.ben.id))
        await told(stage, "is let in.")
        await stage.ask("Why?", where="ben", who=stage.ben)
        await told(stage, "It begins with a train", "ben")
        await stage.command("deny", str(stage.ben.id))
        await told(stage, "is shut out. What runs of theirs goes on.")
        await stage.answered("goes on. It begins", where="ben")
        await stage.ask("And then?", where="ben", who=stage.ben)
        await told(stage, "has closed it to you", "ben")
        await stage.press("Retry", where="ben", who=stage.ben)  # which does nothing
        await stage.command("allow", f"{stage.ben.id} 1h")
        await told(stage, "is let in for 1h.")
        await stage.ask("And now?", where="ben", who=stage.ben)
        began = "It begins with a train"
        await stage.until(lambda: len([e for e in stage.answers("ben") if began in e.text]) > 1)


async def test_who_is_no_admin_of_a_telegram_group_any_more_sets_nothing_after_five_minutes(
    tmp_path,
):
    clock = Skipping()
    async with closed("telegram", tmp_path, clock=clock, access={"public": True}) as stage:
        place = stage.places["group"]
        stage.sim.make_admin(place, stage.ben)
        await stage.command("moa", "alone", where="group", who=stage.ben)
        await told(stage, "From now on alone answers", "group")
        stage.sim.chat(place).admins.discard(int(stage.ben.id))
        clock.skipped += 300
        await stage.command("moa", "review", where="group", who=stage.ben)
        await told(stage, "Only an admin chooses for everybody here", "group")
        assert not any("From now on review" in each.text for each in stage.seen("group"))


async def test_a_stranger_s_home_in_slack_names_no_preset(tmp_path):
    async with closed("slack", tmp_path) as stage:
        await stage.until(stage.listening)
        home = str(await stage.sim.open_home(stage.ben))
        assert "I do not know you yet" in home
        assert "review" not in home
        assert "review answers you" in str(await stage.sim.open_home(stage.ann))


async def test_an_organisation_of_slack_lets_in_its_sister_workspaces_and_no_strangers(tmp_path):
    async with opened("slack") as stage:
        sim, grid = stage.sim, "E0MOA0001"
        sim.space.enterprise = grid
        sister = Person(id="W0SISTER01", name="Sister", team=ELSEWHERE, enterprise=grid)
        sim.space.people[sister.id] = sister
        stranger = sim.person("Stranger", stranger=True)
        stage.places |= {"sister": sim.dm(sister), "stranger": sim.dm(stranger)}
        stage.threads |= {"sister": None, "stranger": None}
        file = yaml.safe_load(stage.configured(MODELS)) | {"access": {"allow": [f"slack:{grid}"]}}
        async with running_gateway(yaml.safe_dump(file), tmp_path):
            theirs: Any = "sister"
            await stage.ask("How do I get there?", where=theirs, who=sister)
            await stage.answered("Go by train.", where=theirs)
            await stage.ask("And I?", where="dm")  # Ann is of the workspace itself
            await stage.answered("Go by train.")
            theirs = "stranger"
            await stage.ask("And I?", where=theirs, who=stranger)
            await told(stage, str(stranger.id), theirs)
            assert stage.finals("Go by train.", theirs) == []
