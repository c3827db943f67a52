"""Shows what becomes of what was being taken in as its messenger's connection broke down (P1, P3).

An adapter that fails takes its tasks with it, and is started again. What it had offered by then is
done to its end: on Discord and Slack nobody offers a press twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count

import pytest
from structlog.testing import capture_logs
from typing_extensions import override

from core.errors import ChatError, StoreError, StoreFull
from core.records import Accepted
from core.types import Author, Command, Incoming, Message, Press
from gateway.program.app import DRAIN_SECONDS, _drain
from gateway.program.faces import Faces
from tests.contracts.chats.opening import STANDS, opened
from tests.contracts.chats.stand import Stand
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.fakes.tools import FakeServer
from tests.gateway.assembled import TEXT, Parts, assembled
from tests.gateway.guarded import DM, Scene, guarded
from tests.gateway.test_tooling import DELETES, asked
from tests.gateway.test_tooling import scene as with_tools
from tests.gateway.test_while_running import SLOW, history, questions

TOKENS = {"slack": "bot_token: x, app_token: y"}


async def broken_off(offering: Awaitable[object], when: asyncio.Event) -> None:
    """Offer something as an adapter does that fails at a moment, with all of its tasks."""

    async def offer() -> None:
        await offering

    with suppress(ExceptionGroup):
        async with asyncio.TaskGroup() as adapter:
            adapter.create_task(offer())
            await when.wait()
            raise ChatError("the connection broke down")


class Late(MemoryStore):
    """Has kept some things for a second before it says so."""

    def __init__(self, *late: type[Incoming]) -> None:
        super().__init__()
        self.late = late
        self.kept_one = asyncio.Event()

    @override
    async def accept(self, incoming: Incoming, session: str = "") -> Accepted | None:
        accepted = await super().accept(incoming, session)
        if isinstance(incoming, self.late) and accepted is not None:
            self.kept_one.set()
            await asyncio.sleep(1)
        return accepted


# --- on each messenger ----------------------------------------------------------------------


@asynccontextmanager
async def answering(platform: str, store: MemoryStore) -> AsyncIterator[tuple[Stand, Parts]]:
    """Have a gateway answer Ann on a platform, through its own adapter, which does not run yet."""
    model = ScriptedModel({"big": [["Yes."], ["Indeed."]]})
    async with opened(platform, run=False) as stand:
        block = f"{platform}: {{type: {platform}, {TOKENS.get(platform, 'token: x')}}}"
        text = f"{TEXT}platforms: {{{block}}}\naccess: {{allow: ['{platform}:{stand.ann.id}']}}\n"
        text += "defaults: {preset: alone}\n"
        async with assembled(store, model, text=text) as parts:
            parts.gateway.chats[platform] = stand.chat
            yield stand, parts


def reads(stand: Stand, text: str) -> list[str]:
    """Give the messages that say so, by their ids."""
    return [each.id for each in stand.shown("dm") if text in each.text]


@pytest.mark.parametrize("platform", sorted(STANDS))
async def test_a_press_is_done_though_its_messenger_breaks_down_as_it_is_stored(platform):
    """On Discord and Slack it waited for the next start of the program."""
    store = Late(Press)
    async with answering(platform, store) as (stand, parts), asyncio.TaskGroup() as group:
        group.create_task(broken_off(stand.chat.run(parts.gateway.intake), store.kept_one))
        await stand.until(stand.listening)
        await stand.say("dm", "How do I get there?")
        await stand.until(lambda: retry(stand))
        pressing = group.create_task(stand.press("dm", *retry(stand)))
        await store.kept_one.wait()
        await stand.until(lambda: reads(stand, "Indeed."))
        pressing.cancel()
        assert await store.waiting() == []


def retry(stand: Stand) -> Sequence[str]:
    """Give the message that has a button to ask again, and its label; nothing if none has yet."""
    for seen in stand.shown("dm"):
        for label in seen.buttons:
            if "Retry" in label and not seen.streaming:
                return seen.id, label
    return ()


# --- on any ---------------------------------------------------------------------------------


class Decides(MemoryStore):
    """Has kept for a second what somebody decided before it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.decided = asyncio.Event()

    @override
    async def decide(self, turn_id, number, decision, *, by, at) -> bool:
        done = await super().decide(turn_id, number, decision, by=by, at=at)
        self.decided.set()
        await asyncio.sleep(1)
        return done


def test_a_yes_is_heard_though_its_messenger_breaks_down_as_it_is_stored():
    """It was stored, and the turn went on waiting for it."""
    store, server = Decides(), FakeServer("files", "delete")

    async def scenario() -> None:
        async with with_tools(DELETES, server, store=store) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            await broken_off(here.press("approve", turn, value="0"), store.decided)
            await asyncio.sleep(5)
            assert [each.arguments for each in server.calls] == ['{"path":"/a"}']
            await here.idle()
            assert await store.waiting() == []

    run_virtual(scenario())


class TakesBack(MemoryStore):
    """Has taken a turn back for a second before it says so."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = asyncio.Event()

    @override
    async def withdraw(
        self, turn_id: str, *, changed: Accepted | None = None, by: int | None = None
    ) -> Sequence[int]:
        done = await super().withdraw(turn_id, changed=changed, by=by)
        self.taken.set()
        await asyncio.sleep(1)
        return done


@pytest.mark.parametrize("again", [True, False], ids=["offered again", "offered once"])
def test_a_change_is_asked_though_its_messenger_breaks_down_as_its_turn_is_taken_back(again):
    """What was asked before it was changed was answered."""
    store = TakesBack()

    async def scenario() -> None:
        async with guarded(SLOW, store=store) as scene:
            said = await scene.say("How do I get there?") or ""
            await scene.until(lambda: scene.model.of("a"))
            await broken_off(scene.edit(said, "How do I get to Dover?"), store.taken)
            if again:
                scene.numbers = count(2)
                await scene.edit(said, "How do I get to Dover?")
            await scene.until(lambda: "Yes." in str(scene.chat.texts()))
            await scene.idle()
            assert await history(scene) == ["How do I get to Dover?", "Yes."]
            assert questions(scene) == [["How do I get to Dover?"]]
            assert await store.waiting() == []

    run_virtual(scenario())


def test_a_command_is_done_once_though_its_messenger_breaks_down_as_it_is_stored():
    store = Late(Command)

    async def scenario() -> None:
        async with guarded(store=store) as scene:
            await broken_off(scene.command("status"), store.kept_one)
            await scene.heard("review")
            await scene.idle()
            assert len(scene.whispers) == 1
            assert await store.waiting() == []

    run_virtual(scenario())


def test_a_change_comes_behind_its_message_though_both_come_anew():
    """The message is still being stored as it is offered again, and so is its change."""
    store = Late(Message)

    async def scenario() -> None:
        async with guarded(SLOW, store=store) as scene:
            await broken_off(scene.say("How do I get there?"), store.kept_one)
            scene.numbers = count(1)
            said = await scene.say("How do I get there?") or "e1"
            await scene.edit(said, "How do I get to Dover?")
            await scene.idle()
            assert await history(scene) == ["How do I get to Dover?", "Yes."]
            assert questions(scene) == [["How do I get to Dover?"]]
            assert len(scene.whispers) == 0
            assert await store.waiting() == []

    run_virtual(scenario())


class Fails(MemoryStore):
    """Cannot say, a second later, what came in."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = asyncio.Event()

    @override
    async def accept(self, incoming: Incoming, session: str = "") -> Accepted | None:
        self.asked.set()
        await asyncio.sleep(1)
        raise StoreError("the disk fails")


def test_what_cannot_be_stored_is_in_the_log_though_whoever_offered_it_is_gone():
    store = Fails()

    async def scenario() -> None:
        async with guarded(store=store) as scene:
            await broken_off(scene.press("down"), store.asked)
            await asyncio.sleep(5)

    with capture_logs() as logs:
        run_virtual(scenario())
    (line,) = (each for each in logs if each["event"] == "not_taken_in")
    assert line["error"] == "the disk fails"


# --- and at the end -------------------------------------------------------------------------


class Full(MemoryStore):
    """Has no room any more for what is done with."""

    @override
    async def drop(self, seq: int, reason: str) -> None:
        raise StoreFull("no space")


def test_p6_what_waits_for_room_on_a_full_disk_holds_no_drain_beyond_its_time():
    store = Full()

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        async with guarded(store=store) as scene, asyncio.TaskGroup() as adapter:
            giving = adapter.create_task(given(scene))
            await scene.heard("review")  # the command is done, and cannot be noted as done
            began = loop.time()
            await _drain(scene.parts.gateway, Faces())
            assert await giving == "gone"
            assert loop.time() - began <= DRAIN_SECONDS + 1
        assert [type(each.incoming) for each in await store.waiting()] == [Command]

    with capture_logs():
        run_virtual(scenario())


async def given(scene: Scene) -> str:
    """Give a command; tells whether it was acknowledged."""
    try:
        await scene.command("status")
    except StoreError:
        return "gone"
    return "taken"


@pytest.mark.parametrize("rounds", range(0, 24, 2))
def test_p6_all_that_is_acknowledged_around_the_beginning_of_a_drain_is_stored(rounds):
    store = MemoryStore()

    async def scenario() -> None:
        taken: list[str] = []

        async def offer(scene: Scene, number: int) -> None:
            who = Author(id=f"p{number}", name="P", circles=("T1",))
            with suppress(StoreError):
                await scene.say(f"Question {number}", who=who)
                taken.append(f"Question {number}")

        async with guarded(SLOW, store=store) as scene, asyncio.TaskGroup() as adapter:
            for number in range(30):
                adapter.create_task(offer(scene, number))
            for _ in range(rounds):
                await asyncio.sleep(0)
            await _drain(scene.parts.gateway, Faces())
        here = [line.text for _, line in await store.lines(DM.session)]
        left = [str(each.incoming) for each in await store.waiting()]
        running = [each.start.question.text for each in await store.unfinished()]
        everything = "\n".join([*here, *left, *running])
        assert all(each in everything for each in taken)

    run_virtual(scenario())
