"""A program that kills itself at named points, again and again, and what has to hold afterwards.

    for platform in MESSENGERS:
        await there.crash(f"turn.begun@{platform}")
    await there.recovered()

Each crash has a question of its own, by new people in a place of their own; what earlier crashes
left is taken up by the same runs, and cut by the next crash wherever it just is. Where that may
pass the next crash's point as well, it does so first, in a run of its own. Platforms and models
are servers of the test's own process: they outlive it all, and count.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from copy import copy
from dataclasses import dataclass, field

from tests.chaos.cradle import Cradle
from tests.chaos.life import Life
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
        await self._passed(point, [each for each in self.asked if each.stage.platform == platform])
        before = len(self.asked)
        new = [self.question(each, where) for each in ([platform] if platform else MESSENGERS)]
        async with self.armed(point) as life:
            if before and platform:  # a turn is given up that was cut three times
                await self.scene.rows("turns", before, "state <> 'running'", seconds=OVER)
            if not platform:  # it may die of the first one
                await self._up()
            async with asyncio.TaskGroup() as group:  # all see it live, for nobody waits between
                for each in new:
                    group.create_task(_done(act or ask, each))
            if then is not None:
                await self.scene.rows("outbox", len(self.asked), "message_id <> ''", seconds=OVER)
                os.kill(life.pid, then)

    async def _passed(self, point: str, left: Sequence[Asked]) -> None:
        """Let what crashes left on a platform pass a point, and maybe die there, before it is due.

        A question that is asked later passes it first, then.
        """
        if not left or not await self._unfinished(left):
            return
        async with self._run({CRASH_AT: point}) as life:
            await self._told_all(left, life)
            life.send(signal.SIGTERM)
            code = await life.ended()
            assert code in {0, -signal.SIGKILL}, (point, code)
        if code:
            await self._silent()
            await self._note()
            async with self.alive() as life:
                await self._told_all(left, life)

    async def _unfinished(self, asked: Sequence[Asked]) -> bool:
        """Tell whether something of these questions is still to be done."""
        rows = await self.scene.stored(
            "SELECT question FROM turns WHERE state <> 'delivered'"
            " UNION ALL SELECT payload FROM inbox WHERE state = 'waiting' UNION ALL SELECT ''"
        )
        left = any(each.words in row for each in asked for (row,) in rows)
        return left or not all(map(self._told, asked))

    async def _told_all(self, asked: Sequence[Asked], life: Life) -> None:
        """Wait until the program is up and questions are answered, or it is over."""
        stages = self.scene.stages[1:]
        async with asyncio.timeout(OVER):
            while not life.over:
                if all(each.listening() for each in stages) and all(map(self._told, asked)):
                    return
                await asyncio.sleep(0.01)

    @asynccontextmanager
    async def armed(self, point: str, *, noted: bool = True) -> AsyncIterator[Life]:
        """Run it until it has died at `point`."""
        async with self._run({CRASH_AT: point}) as life:
            yield life
            code = await life.ended()
            assert code == -signal.SIGKILL, (point, code)
        await self._silent()
        if noted:
            await self._note()

    async def _silent(self) -> None:
        for stage in self.scene.stages[1:]:  # that a poll is over, Telegram need not know
            await stage.until(lambda stage=stage: not stage.listening())

    async def _up(self) -> None:
        for stage in self.scene.stages[1:]:  # what is said in Telegram waits there
            await stage.until(lambda stage=stage: stage.listening())

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[Life]:
        """Run it unarmed, and let it drain at the end."""
        async with self._run({}) as life:
            await self._up()
            yield life
            life.send(signal.SIGTERM)
            assert await life.ended() == 0

    @asynccontextmanager
    async def _run(self, environ: Mapping[str, str]) -> AsyncIterator[Life]:
        """Run it; a failure says what is stored, and what the program has said."""
        folder = self.scene.folder
        text = completed(self.scene.text, folder)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        try:
            async with self.cradle.life(folder, environ) as life:
                yield life
        except (AssertionError, TimeoutError, ExceptionGroup) as error:
            error.add_note(await self._found())
            raise

    async def _found(self) -> str:
        rows = await self.scene.stored(
            "SELECT 'turn', place, state, attempts, question FROM turns UNION ALL"
            " SELECT kind, place, state, attempts, payload FROM inbox WHERE state = 'waiting'"
            " UNION ALL SELECT '', '', '', '', ''"
        )
        log = (self.scene.folder / "gateway.log").read_text(encoding="utf-8")[-5_000:]
        return "\n".join([*(" ".join(map(str, each))[:200] for each in rows), log])

    async def opened(self, lives: int) -> str:
        """Wait until so many runs have said where they listen; give where the last one does."""
        log, urls = self.scene.folder / "gateway.log", list[str]()
        async with asyncio.timeout(OVER):
            while len(urls) < lives:
                await asyncio.sleep(0.01)
                text = log.read_text(encoding="utf-8") if log.exists() else ""
                urls = re.findall(r"Open (http://127[.0-9]*:[0-9]+)", text)
        return urls[-1]

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


async def _done(act: Act, asked: Asked) -> None:
    await act(asked)
