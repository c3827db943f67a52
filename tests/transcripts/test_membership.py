"""Shows that who is let in as one of many is looked up again within five minutes, and forgotten.

The clock of the bot is ours: what it believes of people grows old when we say so.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import yaml
from typing_extensions import override

from gateway.clock import SystemClock
from tests.gateway.harness import running_gateway
from tests.simulators.base import Fault
from tests.transcripts.stages import MESSENGERS, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
FIVE_MINUTES = 300.0


class Skipping(SystemClock):
    """A real clock that can be put forward."""

    skipped = 0.0

    @override
    def monotonic(self) -> float:
        return super().monotonic() + self.skipped


@asynccontextmanager
async def known(platform: str, folder, access: Any):
    """Open a bot with these rules; `access` makes them of the stage."""
    async with opened(platform) as opened_stage:
        stage: Any = opened_stage
        stage.places["ben"] = stage.sim.dm(stage.ben)
        stage.threads["ben"] = None
        file = yaml.safe_load(stage.configured(MODELS)) | {"access": access(stage)}
        stage.clock = clock = Skipping()
        text = yaml.safe_dump(file, sort_keys=False)
        async with running_gateway(text, folder, clock=clock):
            yield stage


async def is_answered(stage, where: Any, who: Any, times: int = 1) -> None:
    await stage.ask("How do I get there?", where=where, who=who)
    await stage.answered("Go by train.", where=where, times=times)


async def is_told(stage, where: Any, who: Any, text: str) -> None:
    await stage.ask("And back?", where=where, who=who)
    await stage.until(lambda: any(text in each.text for each in stage.seen(where)))


async def test_a_slack_user_group_lets_its_people_in_until_they_are_taken_out(tmp_path):
    def access(stage):
        stage.sim.backend.scopes.add("usergroups:read")
        stage.sim.space.usergroups["S0TEAM"] = [stage.ben.id]
        return {"allow": ["slack:S0TEAM"]}

    async with known("slack", tmp_path, access) as stage:
        await is_answered(stage, "ben", stage.ben)
        await is_told(stage, "dm", stage.ann, "I do not know you yet")
        stage.sim.space.usergroups["S0TEAM"] = []
        stage.clock.skipped += FIVE_MINUTES
        await is_told(stage, "ben", stage.ben, "I do not know you yet")


async def test_what_slack_does_not_tell_any_more_lets_nobody_in_after_five_minutes(tmp_path):
    def access(stage):
        stage.sim.backend.scopes.add("usergroups:read")
        stage.sim.space.usergroups["S0TEAM"] = [stage.ben.id]
        return {"allow": ["slack:S0TEAM"]}

    async with known("slack", tmp_path, access) as stage:
        await is_answered(stage, "ben", stage.ben)
        broken = Fault(kind="refuse", status=500, error="internal_error")
        stage.sim.faults.plan("usergroups.users.list", *[broken] * 9)
        stage.clock.skipped += FIVE_MINUTES / 2 + 1
        await is_answered(stage, "ben", stage.ben, times=2)
        stage.clock.skipped += FIVE_MINUTES / 2
        await is_told(stage, "ben", stage.ben, "I do not know you yet")


@pytest.mark.parametrize("flag", ["is_guest", "is_deleted"])
async def test_a_slack_member_who_becomes_a_guest_or_is_deactivated_is_let_in_no_more(
    flag, tmp_path
):
    async with known(
        "slack", tmp_path, lambda stage: {"allow": [f"slack:{stage.ben.team}"]}
    ) as stage:
        await is_answered(stage, "ben", stage.ben)
        stage.sim.space.people[stage.ben.id] = replace(stage.ben, **{flag: True})
        stage.clock.skipped += FIVE_MINUTES
        await is_told(stage, "ben", stage.ben, "I do not answer guests")


async def test_guests_and_people_of_other_organisations_are_not_let_in_with_a_workspace(tmp_path):
    async with known(
        "slack", tmp_path, lambda stage: {"allow": [f"slack:{stage.ben.team}"]}
    ) as stage:
        for person in (
            stage.sim.person("Guest", guest=True),
            stage.sim.person("Stranger", stranger=True),
            stage.sim.person("Gone", deleted=True),
        ):
            stage.places[person.name] = stage.sim.dm(person)
            stage.threads[person.name] = None
            await is_told(stage, person.name, person, "I do not answer guests")


async def test_a_discord_role_lets_in_privately_too_until_it_is_taken_away(tmp_path):
    def access(stage):
        stage.role = stage.sim.role(stage.places["group"], "Team", stage.ben)
        return {"allow": [f"discord:role:{stage.role}"]}

    async with known("discord", tmp_path, access) as stage:
        await is_answered(stage, "ben", stage.ben)
        await is_told(stage, "dm", stage.ann, "I do not know you yet")
        (guild,) = stage.sim.desk.world.guilds.values()
        guild.members[stage.ben.id].discard(stage.role)
        stage.clock.skipped += FIVE_MINUTES
        await is_told(stage, "ben", stage.ben, "I do not know you yet")


async def test_a_discord_server_lets_its_members_in_privately_until_they_leave(tmp_path):
    def access(stage):
        return {"allow": [f"discord:guild:{stage.places['group'].guild}"]}

    async with known("discord", tmp_path, access) as stage:
        await is_answered(stage, "ben", stage.ben)
        (guild,) = stage.sim.desk.world.guilds.values()
        del guild.members[stage.ben.id]
        stage.clock.skipped += FIVE_MINUTES
        await is_told(stage, "ben", stage.ben, "I do not know you yet")


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_no_name_lets_anybody_in(messenger, tmp_path):
    async with known(
        messenger,
        tmp_path,
        lambda stage: {"allow": ["telegram:1"] if messenger == "telegram" else []},
    ) as stage:
        await is_told(stage, "ben", stage.ben, "I do not know you yet")
