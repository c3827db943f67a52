"""P3: whatever people and kills do in whatever order, a session has one turn at a time, in order.

A stateful test of inbox, lanes and outbox against a small model: what was said, what was changed or
taken back, and how often each word must stand in the history at the end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from itertools import count
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from structlog.testing import capture_logs
from typing_extensions import override

from core.types import Address
from tests.chaos.injection import Faulty
from tests.fakes.chat import FakeChat
from tests.fakes.loop import VirtualLoop
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.guarded import ANN, DM, GROUP, Scene, guarded

SCRIPTS: dict[str, Any] = {
    "a": [[3.0, "A."]],
    "b": [[1.0, "B."]],
    "big": [["It is so. " * 20, 2.0, "Yes."]],
}
PLACES = st.sampled_from([DM, GROUP])
RUNNING = 40.0
"""Seconds after which everything that people may have begun is over, if nothing comes."""


class AnyHistory(RuleBasedStateMachine):
    """The program, which is killed and started again, and what it must come to."""

    def __init__(self) -> None:
        super().__init__()
        self.store, self.chat = MemoryStore(), FakeChat(tells=True)
        self.numbers = count(1)
        self.said: dict[str, tuple[Address, str]] = {}
        self.gone: set[str] = set()
        self.scene: Scene | None = None
        self.logs = capture_logs()
        self.logged = self.logs.__enter__()

    @initialize()
    def start(self) -> None:
        """Start the program; it goes on with what the last run has left."""
        self.loop, self.ports = VirtualLoop(), Faulty()
        begun = asyncio.Event()
        self.main = self.loop.create_task(self._live(begun))
        self.do(begun.wait())

    async def _live(self, begun: asyncio.Event) -> None:
        async with guarded(
            model=ScriptedModel(SCRIPTS),
            store=self.ports.before(self.store, "store"),
            chat=self.ports.before(self.chat, "chat"),
        ) as scene:
            scene.numbers = self.numbers
            self.scene = scene
            await scene.parts.recover()
            begun.set()
            await asyncio.Event().wait()

    def do(self, act: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(act)

    @rule(where=PLACES)
    def say(self, where: Address) -> None:
        assert self.scene is not None
        text = f"word{next(self.numbers)}."
        at = 60_000 * (len(self.said) + len(self.gone) + 1)
        event = self.do(self.scene.say(text, where=where, addressed=True, at=at))
        self.said[event] = (where, text)

    @precondition(lambda self: self.said)
    @rule()
    def say_it_again(self) -> None:
        """The platform offers a message twice."""
        assert self.scene is not None
        event, (where, text) = next(reversed(self.said.items()))
        self.scene.numbers = count(int(event[1:]))
        assert self.do(self.scene.say(text, where=where, addressed=True)) is None
        self.scene.numbers = self.numbers

    @precondition(lambda self: self.said)
    @rule()
    def delete(self) -> None:
        assert self.scene is not None
        event = next(reversed(self.said))
        where, text = self.said.pop(event)
        self.do(self.scene.delete(event, where=where))
        self.gone.add(text)

    @rule(where=PLACES)
    def stop(self, where: Address) -> None:
        assert self.scene is not None
        self.do(self.scene.command("stop", who=ANN, where=where))

    @rule(seconds=st.sampled_from([0.0, 0.3, 2.0, 5.0, RUNNING]))
    def wait(self, seconds: float) -> None:
        self.do(asyncio.sleep(seconds))

    @rule()
    def kill(self) -> None:
        self._end()
        self.start()

    def _end(self) -> None:
        """Nothing that was under way reaches store or chat any more."""
        self.ports.dead = True
        self.store = self.store.beside()
        self.main.cancel()
        with suppress(asyncio.CancelledError):
            self.do(self.main)
        self.do(self.loop.shutdown_asyncgens())
        self.loop.close()

    @invariant()
    def one_turn_at_a_time(self) -> None:
        if self.scene is not None:
            running = self.scene.parts.gateway.exchange.running
            assert all(len(running.of(where.session)) <= 1 for where in (DM, GROUP))

    @override
    def teardown(self) -> None:
        try:
            if self.scene is not None:
                for _ in range(len(self.said) + 2):
                    self.do(asyncio.sleep(RUNNING))
                self.do(self._hold())
                self._end()
        finally:
            self.logs.__exit__(None, None, None)

    async def _hold(self) -> None:
        lines = [
            line.text
            for where in (DM, GROUP)
            for _, line in await self.store.lines(where.session)
            if line.role == "user"
        ]
        assert lines == [
            text for where in (DM, GROUP) for there, text in self.said.values() if there == where
        ], (lines, self.said)
        assert await self.store.waiting() == []
        assert await self.store.unfinished() == []
        assert await self.store.line_notes() == []
        assert not [each for each in self.logged if each["log_level"] == "error"], self.logged


TestP3AnyHistory = AnyHistory.TestCase
TestP3AnyHistory.settings = settings(max_examples=40, stateful_step_count=20)
