"""Three messengers, one program, models that wait at gates: for tests that kill it.

    async with scene(tmp_path) as scene:
        async with scene.started() as process:
            await scene.ask()
            await scene.everywhere(begun)
            await scene.killed(process)
        async with scene.started():
            await scene.answered()

The platforms and the models are servers of the test's own process: they outlive every kill, and
remember what they were asked and what they show.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from typing_extensions import override

from core.texts.turns import UNSURE
from tests.gateway.harness import Process, process_gateway
from tests.gateway.page import stored
from tests.patience import PATIENCE
from tests.simulators.base import Fault
from tests.simulators.discord.simulator import DiscordSimulator
from tests.simulators.provider import Dialect, ProviderSimulator, Reply
from tests.simulators.slack.simulator import SlackSimulator
from tests.simulators.telegram.simulator import TelegramSimulator
from tests.transcripts.stages import (
    MESSENGERS,
    SIMULATORS,
    STAGES,
    Seen,
    Stage,
    Where,
    configuration,
)
from tests.transcripts.stages import _seen as seen

BEGIN = "It begins with a train that was late, and goes on with another that was later. "
TEXT = BEGIN * 6 + "The end."
HALF = 3_200
"""Bytes of the stream after which a model that stalls has said about half of `TEXT`."""
PLACES: tuple[Where, ...] = ("dm", "group")
POSTS = {"telegram": "sendMessage", "discord": "create_message", "slack": "chat.startStream"}
"""What brings a turn's first message about."""
HANGS = Fault(kind="delay", seconds=120)
"""Done by the platform; its answer is never read, for the program is killed before."""

AGAIN = (0.0, *[20.0] * 90)
"""How often Slack sends again what was not acknowledged: at once, then every second here."""

STRICT: Mapping[str, Any] = {
    "telegram": TelegramSimulator,
    "discord": DiscordSimulator,
    "slack": SlackSimulator,
}

Seek = Callable[[Stage, Where], object]
Count = Callable[[Stage, Where], int]


def none(_stage: Stage, _where: Where) -> int:
    return 0


class Models(ProviderSimulator):
    """Models that answer once their gate is open; all are, until one is `closed`."""

    def __init__(self) -> None:
        super().__init__(
            {
                "a": Reply(text="Take the train."),
                "b": Reply(text="Walk."),
                "big": Reply(text=TEXT, size=20),
            }
        )
        self._gates: dict[str, asyncio.Event] = {}
        self.wants: Reply | None = None
        """What `big` says as long as it is given no result of a tool."""

    def close(self, *models: str) -> None:
        for model in models:
            self._gates[model] = asyncio.Event()

    def open(self, *models: str) -> None:
        for model in models or tuple(self._gates):
            self._gates.pop(model, asyncio.Event()).set()

    @override
    async def _play(
        self, dialect: Dialect, request: web.Request, body: dict[str, Any]
    ) -> web.StreamResponse:
        gate = self._gates.get(body["model"])
        if gate is not None:
            await gate.wait()
        if self.wants is not None and body["model"] == "big":
            over = any(each["role"] == "tool" for each in body["messages"])
            self.replies["big"] = Reply(text=TEXT, size=20) if over else self.wants
        return await super()._play(dialect, request, body)

    def stall(self) -> None:
        """Let the answer stop in the middle, and never go on."""
        self.replies["big"] = Reply(text=TEXT, size=20, stall_after=HALF)

    def whole(self) -> None:
        self.replies["big"] = Reply(text=TEXT, size=20)

    def about(self, question: str) -> Counter[str]:
        """Count the calls of each model that were about this question."""
        calls = [each.body for each in self.seen]
        return Counter(each["model"] for each in calls if question in str(each["messages"]))


@dataclass(slots=True, kw_only=True)
class Scene:
    """What is there. A question names its platform and place, so that calls can be told apart."""

    stages: Sequence[Stage]
    models: Models
    folder: Path
    text: str
    places: Sequence[Where] = PLACES
    strangers: dict[str, Any] = field(default_factory=dict)

    def started(self) -> AbstractAsyncContextManager[Process]:
        """Start the program on the data that the last run left."""
        return process_gateway(self.text, self.folder)

    def stage(self, platform: str) -> Stage:
        return next(each for each in self.stages if each.platform == platform)

    @staticmethod
    async def killed(process: Process) -> None:
        """Kill it, here and now."""
        process.kill()
        await process.ended()

    async def each(self, act: Callable[[Stage, Where], Awaitable[object]]) -> None:
        """Do something in every place of every platform at once."""
        async with asyncio.TaskGroup() as group:
            for stage in self.stages:
                for where in self.places:
                    group.create_task(_awaited(act(stage, where)))

    async def everywhere(self, true: Seek) -> None:
        """Wait until something is so in every place."""

        async def until(stage: Stage, where: Where) -> None:
            await stage.until(lambda: true(stage, where))

        await self.each(until)

    async def ask(self, text: str = "How do I get there?") -> None:
        """Ask in every place, from Ann."""

        async def ask(stage: Stage, where: Where) -> None:
            await stage.ask(question(stage, where, text), where=where)

        await self.each(ask)

    async def go_on(self, text: str) -> None:
        """Say more right behind it: in Slack below it, for each message begins a thread there."""

        async def say(stage: Stage, where: Where) -> None:
            words, place = question(stage, where, text), stage.places[where]
            if stage.platform == "slack":
                await stage.sim.say(place, stage.ann, words, thread=stage.threads[where])
            else:
                await stage.ask(words, where=where)

        await self.each(say)

    async def answered(self, times: int = 1, *, notes: Count = none) -> None:
        """Wait until that many answers stand in every place, or are known to be uncertain."""

        def there(stage: Stage, where: Where) -> bool:
            lost = notes(stage, where)
            whole = len(finals(stage, where))
            # what told the place in line goes by the platform's pace, maybe after the answer
            waits = any("answered before this" in each.text for each in stage.seen(where))
            return len(unsure(stage, where)) >= lost and whole + lost >= times and not waits

        await self.everywhere(there)

    async def settled(self, turns: int = 0) -> None:
        """Wait until the store knows the answer of every turn."""
        await self.rows("turns", turns or len(self.stages) * len(self.places), "state <> 'running'")

    async def stored(self, query: str) -> list[Any]:
        return await stored(self.folder, query)

    async def rows(
        self, table: str, count: int, where: str = "1", *, seconds: float = PATIENCE
    ) -> None:
        """Wait until a table has so many rows."""
        query = f"SELECT 1 WHERE (SELECT count(*) FROM {table} WHERE {where}) >= {count}"
        await stored(self.folder, query, seconds=seconds)

    def plan(self, methods: dict[str, str], *faults: Fault | None) -> None:
        """Plan the same faults for a method of each platform."""
        for stage in self.stages:
            if stage.platform in methods:
                stage.sim.faults.plan(methods[stage.platform], *faults)

    def unplan(self) -> None:
        for stage in self.stages:
            stage.sim.faults.planned.clear()

    def holds(self, *, answers: int = 1, notes: Count = none) -> None:
        """Assert that nothing is there twice, nothing is missing, and nothing is elsewhere."""
        for stage in self.stages:
            for where in self.places:
                said = stage.seen(where)
                here = (stage.platform, where, said)
                lost = notes(stage, where)
                assert len(unsure(stage, where)) == lost, here
                assert len(finals(stage, where)) in {answers, answers - lost}, here
                assert len(texts(stage, where)) == answers, here
                if stage.platform != "slack":  # where it stands inside the answer
                    assert len(stage.panels(where)) == answers, here
            for place in self.strangers[stage.platform]:
                assert not stage.sim.shown(place), (stage.platform, place)

    def cost(self, calls: dict[str, int], text: str = "How do I get there?") -> None:
        """Assert how often each model was asked in each place."""
        for stage in self.stages:
            for where in self.places:
                asked = self.asked(stage, where, text)
                assert asked == calls, (stage.platform, where, asked)

    # --- a third chat ------------------------------------------------------------------------

    def others(self, stage: Stage) -> list[Seen]:
        """Give what the bot said to Ben."""
        return [seen(each) for each in stage.sim.shown(self.strangers[stage.platform][0])]

    # --- what platforms do not hear ----------------------------------------------------------

    async def listening(self) -> None:
        """Wait until every platform waits for something to be said."""
        for stage in self.stages:
            await stage.until(stage.listening)
            if stage.platform == "telegram":
                await stage.until(lambda stage=stage: stage.sim.updates.waiting)

    def forgetting(self) -> None:
        """Let so much time pass that Discord knows no nonce any more."""
        self.stage("discord").sim.desk.nonce_seconds = 0.0

    async def refused(self) -> None:
        """Wait until platforms have offered what is not taken more than once."""
        for stage in self.stages:
            if stage.platform == "telegram":
                polls = len(stage.sim.requests.of("getUpdates"))
                await stage.until(
                    lambda stage=stage, polls=polls: (
                        len(stage.sim.requests.of("getUpdates")) > polls + 1
                    )
                )
                assert stage.sim.updates.pending
            elif stage.platform == "slack":
                await stage.until(lambda stage=stage: stage.sim.envelopes[-1].attempt)
                assert stage.sim.envelopes[-1].acked_at is None

    @staticmethod
    def versions(stage: Stage, where: Where) -> list[tuple[float, str]]:
        """Give all versions of the one answer with their times; drafts are some of them."""
        if stage.platform == "telegram" and where == "dm":
            drafted = stage.sim.chat(stage.places[where]).drafted
            return [(each.at, each.text) for each in drafted]
        (answer,) = texts(stage, where)
        shown = stage._shown(where)
        return next(list(each.versions) for each in shown if each.id == answer.id)

    @staticmethod
    def flood(stage: Stage, where: Where, seconds: float) -> None:
        """Let a platform refuse for so long whatever is written in a place."""
        place = stage.places[where]
        if stage.platform != "discord":
            stage.sim.flood_wait(place, seconds)
            return
        place = [*stage.sim.threads(place), place][0]  # an answer stands in the thread
        for route in ("create_message", "edit_message"):
            bucket = stage.sim.limits._bucket(f"{route}/{place.id}", (5, 5.0))
            bucket.taken, bucket.until = bucket.count, stage.sim.gateway.now() + seconds

    async def heard(self) -> None:
        """Wait until every platform knows that everything was taken."""
        for stage in self.stages:
            if stage.platform == "telegram":
                await stage.until(lambda stage=stage: not stage.sim.updates.pending)
            elif stage.platform == "slack":
                await stage.sim.settled()

    def asked(self, stage: Stage, where: Where, text: str = "How do I get there?") -> Counter[str]:
        return self.models.about(question(stage, where, text))


async def _awaited(act: Awaitable[object]) -> None:
    await act


def question(stage: Stage, where: Where, text: str) -> str:
    return f"{text} ({stage.platform} {where})"


def finals(stage: Stage, where: Where) -> list[Seen]:
    """The whole answers."""
    return stage.finals("The end.", where)


def unsure(stage: Stage, where: Where) -> list[Seen]:
    """The notes that an answer may be missing."""
    return [each for each in stage.seen(where) if UNSURE in each.text]


def texts(stage: Stage, where: Where) -> list[Seen]:
    """The answers, whole or not."""
    return [each for each in stage.answers(where) if UNSURE not in each.text]


def begun(stage: Stage, where: Where) -> bool:
    """Tell whether an answer is being written that people can read."""
    if stage.platform == "telegram" and where == "dm":
        return any(BEGIN[:20] in each.text for each in stage.sim.drafts(stage.places["dm"]))
    return any(BEGIN[:20] in each.text for each in stage.seen(where))


def panelled(stage: Stage, where: Where) -> bool:
    """Tell whether the panel is there."""
    return bool(stage.panels(where))


@asynccontextmanager
async def scene(
    folder: Path,
    *places: Where,
    platforms: Sequence[str] = MESSENGERS,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> AsyncIterator[Scene]:
    """Open the platforms and the models, and write the configuration for them.

    `places` are those where something is asked: both unless they are named. `settings` are a
    simulator's other than usual ones, by platform.
    """
    async with AsyncExitStack() as stack:
        stages = []
        for each in platforms:
            made = SIMULATORS[each] if settings is None else partial(STRICT[each], **settings[each])
            sim = await stack.enter_async_context(made())
            if isinstance(sim, SlackSimulator):
                sim.retries = AGAIN
            stages.append(STAGES[each](sim))
        models = Models()
        await stack.enter_async_context(models)
        yield Scene(
            stages=stages,
            models=models,
            folder=folder,
            places=places or PLACES,
            text=_text(stages, models),
            strangers={
                each.platform: (each.sim.dm(each.ben), each.sim.group("other", each.ben, each.ann))
                for each in stages
            },
        )


def _text(stages: Sequence[Stage], models: Models) -> str:
    whole = yaml.safe_load(configuration(stages, {}))
    whole["providers"] = {"p": {"api": "chat_completions", "base_url": models.base_url}}
    whole["budgets"]["unpriced"] = 1  # nobody knows what the simulator's models cost
    text: str = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    return text
