"""Many people in private chats of all three messengers, at one real program. For tests.

async with scene(tmp_path, "dm") as there, there.started() as process:
    guests = await invited(there, HUNDRED)
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.texts.turns import UNSURE
from tests.gateway.messenger_scene import Scene
from tests.transcripts.stages import Seen, Stage
from tests.transcripts.stages import _seen as seen

HUNDRED = {"telegram": 40, "discord": 40, "slack": 20}
"""A hundred people: at Slack fewer, for it takes fewest messages a minute."""
PATIENCE = 90.0
"""Seconds for what a hundred people wait for on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody with a question of their own, which the models' log can be searched for."""

    stage: Stage
    person: Any
    place: Any
    question: str

    async def ask(self) -> None:
        await self.stage.sim.say(self.place, self.person, self.question)

    @property
    def said(self) -> list[str]:
        """Give all that the bot says there."""
        return [each.text for each in self.stage.sim.shown(self.place)]

    @property
    def wholes(self) -> list[Seen]:
        return [each for each in self.texts if each.complete and "The end." in each.text]

    @property
    def texts(self) -> list[Seen]:
        """Give the answers, whole or not; panels are none."""
        said = [seen(each) for each in self.stage.sim.shown(self.place)]
        return [each for each in said if (not each.panel or each.tasks) and UNSURE not in each.text]

    @property
    def answered(self) -> bool:
        return bool(self.wholes)

    @property
    def in_doubt(self) -> bool:
        """Tell whether the bot said that nobody can tell whether the answer stands there."""
        return any(UNSURE in text for text in self.said)


async def invited(there: Scene, crowd: Mapping[str, int]) -> Sequence[Guest]:
    """Let so many people of each messenger ask at once."""
    guests = []
    for stage in there.stages:
        await stage.until(stage.listening)
        for number in range(crowd[stage.platform]):
            person = stage.sim.person(f"Guest {number}")
            guests.append(
                Guest(
                    stage=stage,
                    person=person,
                    place=stage.sim.dm(person),
                    question=f"How do I get there? ({stage.platform} {number};)",
                )
            )
    async with asyncio.TaskGroup() as group:
        for guest in guests:
            group.create_task(guest.ask())
    return guests


async def until(there: Scene, true: Callable[[], object]) -> None:
    await there.stages[0].sim.until(true, seconds=PATIENCE)


def streaming(there: Scene) -> int:
    """Say how many answers are being written, or were."""
    return sum(each.body["model"] == "big" for each in there.models.seen)
