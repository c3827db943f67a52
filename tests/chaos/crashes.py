"""A program that kills itself at named points, again and again, and what has to hold afterwards.

    for platform in MESSENGERS:
        await there.crash(f"turn.begun@{platform}")
    await there.recovered()

Each crash has a question of its own, by new people in a place of their own; what earlier crashes
left is taken up by the same runs, and cut by the next crash wherever it just is. Platforms and
models are servers of the test's own process: they outlive it all, and count.
"""

from __future__ import annotations

import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from copy import copy
from dataclasses import dataclass, field

from tests.chaos.cradle import Cradle, Life
from tests.gateway.harness import completed
from tests.gateway.messenger_scene import BEGIN, Scene, finals, texts, unsure
from tests.transcripts.stages import MESSENGERS, Stage, Where

CRASH_AT = "MOA_GATEWAY_CRASH_AT"
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
    cradle: Cradle
    asked: list[Asked] = field(default_factory=list)
    paid: dict[tuple[str, str], int] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)

    def place(self, platform: str, where: Where) -> Asked:
        """Make a place with new people in it, where nothing is to be answered."""
        self.question(platform, where)
        return self.asked.pop()

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

    async def crash(
        self,
        point: str,
        *,
        where: Where = "dm",
        act: Act | None = None,
        then: signal.Signals | None = None,
    ) -> None:
        """Ask on the platform of `point`, else on all of them, and let the program die there.

        `then` is a signal that it is sent once all of that is answered, or being answered.
        """
        named = re.search("telegram|discord|slack", point)
        platform = named[0] if named else ""
        before = len(self.asked)
        new = [self.question(each, where) for each in ([platform] if platform else MESSENGERS)]
        async with self.armed(point) as life:
            if before and platform:  # a turn is given up that was cut three times
                await self.scene.rows("turns", before, "state <> 'running'", seconds=OVER)
            for each in new:
                await (act or ask)(each)
            if then is not None:
                await self.scene.rows("outbox", len(self.asked), "message_id <> ''", seconds=OVER)
                os.kill(life.pid, then)

    @asynccontextmanager
    async def armed(self, point: str, *, noted: bool = True) -> AsyncIterator[Life]:
        """Run it until it has died at `point`."""
        async with self._run({CRASH_AT: point}) as life:
            yield life
            code = await life.ended()
            assert code == -signal.SIGKILL, (point, code, self._log())
        for stage in self.scene.stages[1:]:  # that a poll is over, Telegram need not know
            await stage.until(lambda stage=stage: not stage.listening())
        if noted:
            await self._note()

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[None]:
        """Run it unarmed, and let it drain at the end."""
        async with self._run({}) as life:
            for stage in self.scene.stages[1:]:
                await stage.until(lambda stage=stage: stage.listening())
            yield
            life.terminate()
            assert await life.ended() == 0, self._log()

    def _run(self, environ: Mapping[str, str]) -> AbstractAsyncContextManager[Life]:
        folder = self.scene.folder
        text = completed(self.scene.text, folder)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        return self.cradle.life(folder, environ)

    def _log(self) -> str:
        return (self.scene.folder / "gateway.log").read_text(encoding="utf-8")[-5_000:]

    async def recovered(self) -> None:
        """Start it once more, unarmed, and see that nothing is missing, doubled or paid twice."""
        async with self.alive():
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
        begun = [each for each in texts(stage, where) if BEGIN[:20] in each.text]
        assert len(begun) in {1, 1 - lost}, here
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
            " WHERE role = 'reference' OR turns.state <> 'running'"
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
