"""A program that is broken at one point and then started again, and what has to be true after it.

Everything is in memory and in one thread; each call of a port waits once before it does anything
and once after, as real ones do. A turn has two advisors, a tool, and an answer that streams.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from copy import copy
from functools import partial
from itertools import count

from typing_extensions import override

from core.calls import Chunk
from core.records import StoredTurn
from core.storage import Store
from core.types import ToolCall
from tests.chaos.injection import Faulty
from tests.fakes.chat import FakeChat
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import Made, Script, ScriptedModel, Step
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ALLOWED, DM, Scene, guarded

TOOLS = ALLOWED + "tools: {servers: {files: {command: [x], approve: never}}}\n"
FIRST, SECOND, LATER = QUESTIONS = ("One?", "Two?", "Three?")
LONG = "It is so. " * 20
FAILED = "(trace "


def answer_to(question: str) -> str:
    return f"That answers {question}"


class Answers(ScriptedModel):
    """Says what fits the question: advice, a call of a tool, and after its result the answer."""

    faulty = Faulty()
    pace = 1.0

    @override
    async def _step(self, step: Step, made: Made) -> Chunk:
        chunk: Chunk = await self.faulty.through(
            "model", "step", partial(super()._step, step, made)
        )
        return chunk

    @override
    def _next(self, name: str) -> Script:
        lines = self.made[-1].call.lines
        asked = self.question(len(self.made) - 1)
        if name != "big":
            return [self.pace if name == "a" else 2 * self.pace, f"{name} on {asked}"]
        called = any(line.role == "tool" for line in lines[-2:])  # advice may stand behind it
        if called or not self.made[-1].call.tools:
            return [LONG, 2 * self.pace, answer_to(asked)]
        call = ToolCall(id=asked, name="files__get", arguments=json.dumps({"about": asked}))
        return ["Let me see.", Chunk(tool_calls=(call,), finish="tool_calls")]

    def question(self, number: int) -> str:
        """Tell which of the questions a call was about."""
        said = [line.text for line in self.made[number].call.lines if line.role == "user"]
        return max(QUESTIONS, key=lambda each: _last(said, each))

    def calls(self) -> Counter[tuple[str, str]]:
        """Count the calls by model and question."""
        return Counter(
            (each.call.slot.model, self.question(number)) for number, each in enumerate(self.made)
        )


def _last(said: Sequence[str], question: str) -> int:
    return max((place for place, text in enumerate(said) if question in text), default=-1)


class World:
    """What outlives the program: the store, the chat, and what was asked of others."""

    def __init__(self, store: Store | None = None, *, pace: float = 1.0) -> None:
        """Begin with an empty store; at a `pace` of 0 nobody takes any time."""
        self.store = store or MemoryStore()
        self.chat = FakeChat(tells=True, pace=pace or 0.001)
        self.model = Answers()
        self.model.pace = pace
        self.server = FakeServer("files", "get")

    @asynccontextmanager
    async def started(self, faulty: Faulty | None = None) -> AsyncIterator[Scene]:
        """Start the program."""
        self.model.faulty = faulty = faulty or Faulty()
        async with guarded(
            more=TOOLS,
            model=self.model,
            store=faulty.before(self.store, "store"),
            chat=faulty.before(self.chat, "chat"),
            servers=[faulty.before(self.server, "tools")],
        ) as scene:
            yield scene

    def beside(self) -> World:
        """The same world, as another run of the program has it in hand."""
        other = copy(self)
        assert isinstance(self.store, MemoryStore)
        other.store = self.store.beside()
        return other

    async def again(self) -> None:
        """Start once more, and ask once more; what was kept is not asked for again (P4)."""
        unfinished = await self.store.unfinished()
        before = self.model.calls()
        async with self.started() as scene:
            scene.numbers = count(100)
            await scene.parts.recover()
            await scene.parts.idle()
            await scene.say(LATER)
            await scene.idle()
        asked = self.model.calls() - before
        kept = {(label, question) for turn in unfinished for label, question in _kept(turn)}
        assert not kept & asked.keys(), "advice was paid for twice"

    async def hold(self, *, closed: bool = False) -> None:
        """Everything was answered once or was told to have failed, and nothing is left.

        `closed`: the chat was left for good meanwhile, so an answer may not stand there.
        """
        turns = await self.store.turns(DM.session)
        by = Counter(turn.start.question.text for turn in turns)
        standing = self.chat.texts()
        told = sum(FAILED in each for each in standing)
        unbegun = [each for each in QUESTIONS if not by[each]]
        failed = [turn for turn in turns if turn.end is not None and turn.end.ending == "failed"]
        assert set(by.values()) == {1}, by
        assert told == len(unbegun) + len(failed), standing
        assert list(by) == [each for each in QUESTIONS if by[each]], "not in order"
        assert {turn.state for turn in turns} == {"delivered"}
        assert await self.store.waiting() == []
        assert await self.store.unfinished() == []
        assert await self.store.line_notes() == []
        for turn in turns:
            assert turn.end is not None
            said = sum(answer_to(turn.start.question.text) in each for each in standing)
            finished = turn.end.ending == "finished"
            assert said == finished or (closed and not said), (turn.start.question.text, standing)
        calls = Counter(each.arguments for each in self.server.calls)
        assert max(calls.values(), default=0) == 1, "a tool was run twice"
        lines = Counter(line.text for _, line in await self.store.lines(DM.session))
        assert all(lines[each] == by[each] for each in QUESTIONS), lines


def _kept(turn: StoredTurn) -> Sequence[tuple[str, str]]:
    question = turn.start.question.text
    return [(each.label.removeprefix("p:"), question) for _, each in turn.advice]


def nothing_runs(world: World) -> None:
    """No task is left but this one, and no stream of a model is open."""
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert world.model.open_now == 0
