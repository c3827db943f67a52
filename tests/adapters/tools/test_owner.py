"""Shows that a server has one connection at a time, whatever happens when, and lets go of each."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs
from typing_extensions import override

from adapters.tools import server as servers
from adapters.tools.link import Heard, Options, ToolsGone
from adapters.tools.listing import Listed
from adapters.tools.pins import Pins
from adapters.tools.server import McpServer
from core.ports import ToolResult
from tests.adapters.tools.conftest import asked

PATIENCE = 40.0
STEPS = st.sampled_from(
    [
        "ready",
        "two ready",
        "stop ready",
        "call",
        "stop call",
        "lose",
        "die",
        "change",
        "bad",
        "good",
    ]
)


class Far:
    """What is at the other end: counts connections, and breaks when it is told to."""

    def __init__(self) -> None:
        self.open = 0
        self.most = 0
        self.opened = 0
        self.closed = 0
        self.bad = False
        self.losing = False
        self.lists = ["say"]
        self.session: FarSession | None = None

    @asynccontextmanager
    async def opener(self, _options: Options, heard: Heard) -> AsyncIterator["FarSession"]:
        await asyncio.sleep(0)
        if self.bad:
            raise ToolsGone("it is bad")
        self.open += 1
        self.opened += 1
        self.most = max(self.most, self.open)
        self.session = FarSession(self, heard)
        try:
            yield self.session
        finally:
            self.session = None
            await asyncio.sleep(0)  # a program takes its time to end
            self.open -= 1
            self.closed += 1


class FarSession:
    def __init__(self, far: Far, heard: Heard) -> None:
        self.over: ToolsGone | None = None
        self.heard = heard
        self._far = far

    async def listed(self) -> Sequence[Listed]:
        await asyncio.sleep(0)
        return [Listed(name=name) for name in self._far.lists]

    async def call(self, _tool: str, arguments: dict[str, Any]) -> ToolResult:
        if arguments:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if self._far.losing:
            self._far.losing = False
            raise ToolsGone("it forgot us", unsent=True)
        if self.over is not None:
            raise self.over
        return ToolResult(text="said")


async def step(word: str, far: Far, server: McpServer) -> None:
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        match word:
            case "ready":
                await server.ready()
                assert (server.problem == "") == bool(server.tools())
            case "two ready":
                group.create_task(server.ready())
                group.create_task(server.ready())
            case "stop ready":
                task = group.create_task(server.ready())
                await asyncio.sleep(0)
                task.cancel()
            case "call":
                result = await server.call(asked("t__say"))
                assert result.failed == (result.text != "said")
            case "stop call":
                task = group.create_task(stopped(server))
                await asyncio.sleep(0)
                task.cancel()
            case "lose":
                far.losing = True
            case "die" if far.session is not None:
                far.session.over = ToolsGone("it died")
                far.session.heard.ended()
            case "change" if far.session is not None:
                far.session.heard.changed()
            case "bad" | "good":
                far.bad = word == "bad"
            case _:
                pass


async def stopped(server: McpServer) -> None:
    with suppress(asyncio.CancelledError):
        await server.call(asked("t__say", '{"for": "ever"}'))


async def life(steps: list[str], pins: Pins) -> Far:
    far = Far()
    server = McpServer(Options(name="t"), load=lambda: far.opener, pins=pins)
    async with asyncio.TaskGroup() as group:
        owner = group.create_task(server.run())
        for word in steps:
            await step(word, far, server)
        far.bad = far.losing = False
        await step("ready", far, server)
        async with asyncio.timeout(PATIENCE):
            while server.problem:  # it may just be letting go of one that died
                await server.ready()
        assert (await server.call(asked("t__say"))).text == "said"
        owner.cancel()
    return far


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pins")


@given(st.lists(STEPS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_one_connection_at_a_time_and_each_is_let_go_of(folder, steps):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(servers, "FIRST_PAUSE", 0.0)
        far = asyncio.run(life(steps, Pins(folder)))
    assert far.open == 0
    assert far.opened == far.closed
    assert far.most == 1


async def test_pauses_grow_until_a_connection_lasts(pins, monkeypatch):
    far = Far()
    far.bad = True
    server = McpServer(Options(name="t"), load=lambda: far.opener, pins=pins)
    async with asyncio.TaskGroup() as group:
        owner = group.create_task(server.run())
        with capture_logs() as logged:
            for number in range(10):
                server._not_before = 0.0  # the pause is over
                if number == 9:
                    monkeypatch.setattr(servers, "STEADY", -1.0)  # it had lasted
                await server.ready()
        owner.cancel()
    assert [each["again_in"] for each in logged] == [0, 1, 2, 4, 8, 16, 32, 60, 60, 0]


class SlowPins(Pins):
    """Reads what was approved, once slowly: until it is let go on."""

    def __init__(self, folder):
        super().__init__(folder)
        self.slow = False
        self.reading, self.go_on = threading.Event(), threading.Event()

    @override
    def approved(self, server: str) -> Mapping[str, Listed] | None:
        found = super().approved(server)
        if self.slow:
            self.slow = False
            self.reading.set()
            self.go_on.wait(PATIENCE)
        return found


async def until_listed(server: McpServer, *names: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while [each.name for each in server.reviewed] != [*names]:  # noqa: ASYNC110 - files are read
            await asyncio.sleep(0.01)


async def test_what_a_turn_looks_up_never_takes_the_place_of_a_newer_listing(tmp_path):
    far, pins = Far(), SlowPins(tmp_path)
    server = McpServer(Options(name="t"), load=lambda: far.opener, pins=pins)
    async with asyncio.TaskGroup() as group:
        owner = group.create_task(server.run())
        await server.ready()
        assert far.session is not None
        far.lists = ["add", "say"]
        far.session.heard.changed()
        await until_listed(server, "add", "say")
        pins.slow = True
        looking = group.create_task(server.ready())
        await asyncio.to_thread(pins.reading.wait, PATIENCE)
        far.lists = ["say"]
        far.session.heard.changed()
        await until_listed(server, "say")
        pins.go_on.set()
        await looking
        assert [each.name for each in server.reviewed] == ["say"]
        owner.cancel()
