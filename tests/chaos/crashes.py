"""A program that kills itself at named points, again and again, and what has to hold afterwards.

    async with crashes(tmp_path) as there:
        for platform in MESSENGERS:
            await there.crash(f"turn.begun@{platform}")
        await there.recovered()

Each crash has a question of its own, by new people in a place of their own; what earlier crashes
left is taken up by the same runs, and cut by the next crash wherever it just is. Platforms and
models are servers of the test's own process: they outlive it all, and count.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from tests.gateway.harness import crashing_gateway
from tests.gateway.messenger_scene import Scene, finals, scene, texts, unsure
from tests.transcripts.stages import Stage, Where

OVER = 60.0
"""Seconds that turns may take on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question somewhere. `words` are its alone."""

    stage: Stage
    where: Where
    words: str


Act = Callable[[Asked], Awaitable[object]]


@dataclass(slots=True, kw_only=True)
class Crashes:
    """What was asked, and what was paid for at each crash.

    `paid` is how often a model had been asked by then whose work was stored; it is not asked
    again. `doubtful` are the questions whose answer was perhaps being posted in Telegram, which
    cannot tell.
    """

    scene: Scene
    asked: list[Asked] = field(default_factory=list)
    paid: dict[tuple[str, str], int] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def question(self, platform: str, where: Where) -> Asked:
        """Make a place with new people in it, and what they will ask."""
        stage = copy(self.scene.stage(platform))
        stage.ann = stage.sim.person("Ann")
        stage.threads = {"dm": None, "group": None}
        made = stage.sim.dm(stage.ann) if where == "dm" else stage.sim.group("team", stage.ann)
        stage.places = {where: made}
        words = f"How do I get there? (number {len(self.asked)}.)"
        self.asked.append(Asked(stage=stage, where=where, words=words))
        return self.asked[-1]

    async def crash(self, point: str, *, where: Where = "dm", act: Act | None = None) -> None:
        """Ask on the platform of `point`, and let the program die there."""
        platform = point.partition("@")[2].partition(":")[0]
        before = len(self.asked)
        asked = self.question(platform, where)
        async with crashing_gateway(self.scene.text, self.scene.folder, point):
            if before:  # a turn is given up that was cut three times
                await self.scene.rows("turns", before, "state <> 'running'", seconds=OVER)
            await (act or ask)(asked)
        await self._note()

    async def recovered(self) -> None:
        """Start it once more, unarmed, and see that nothing is missing, doubled or paid twice."""
        async with self.scene.started():
            await self.scene.rows("turns", len(self.asked), "state <> 'running'", seconds=OVER)
            for each in self.asked:
                await each.stage.until(lambda each=each: self._told(each))
        await self.scene.rows("turns", len(self.asked), "state = 'delivered'")
        for each in self.asked:
            self._holds(each)

    def calls(self, asked: Asked) -> Counter[str]:
        """Count how often each model was asked this question."""
        return self.scene.models.about(asked.words)

    def _told(self, asked: Asked) -> bool:
        said = (unsure if asked.words in self.doubtful else finals)(asked.stage, asked.where)
        return bool(said)

    def _holds(self, asked: Asked) -> None:
        stage, where = asked.stage, asked.where
        here = (stage.platform, where, asked.words, stage.seen(where))
        lost = asked.words in self.doubtful
        assert len(unsure(stage, where)) == lost, here
        assert len(finals(stage, where)) in {1, 1 - lost}, here
        assert len(texts(stage, where)) in {1, 1 - lost}, here
        assert len(stage.panels(where)) <= 1, here
        calls = self.calls(asked)
        assert set(calls) == {"a", "b", "big"}, (here, calls)
        for (words, model), times in self.paid.items():
            if words == asked.words:
                assert calls[model] == times, (here, model, calls, times)

    async def _note(self) -> None:
        """Note what is stored after a crash."""
        found = await self.scene.stored(
            "SELECT question, label, 'paid' FROM calls JOIN turns USING (turn_id)"
            " UNION ALL SELECT question, '', 'lost' FROM outbox JOIN turns USING (turn_id)"
            " WHERE platform = 'telegram' AND key LIKE 'answer/%' AND message_id IS NULL"
            " AND outbox.state IN ('attempting', 'unknown') UNION ALL SELECT '', '', ''"
        )
        for question, label, what in found:
            words = next((each.words for each in self.asked if each.words in question), "")
            if what == "lost":
                self.doubtful.add(words)
            elif words:
                model = label.partition(":")[2]
                now = self.scene.models.about(words)[model]
                assert self.paid.setdefault((words, model), now) == now, (words, model)


async def ask(asked: Asked) -> None:
    await asked.stage.ask(asked.words, where=asked.where)


@asynccontextmanager
async def crashes(folder: Path) -> AsyncIterator[Crashes]:
    """Open the platforms and the models."""
    async with scene(folder) as there:
        yield Crashes(scene=there)
