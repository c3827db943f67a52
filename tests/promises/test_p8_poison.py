"""P8: what breaks the program off three times is put aside, told, and tried again when wanted."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from core.records import Accepted
from core.types import Address, Command, Deleted
from gateway.lanes.poison import counted, survived
from gateway.lanes.quarantine import Quarantine
from tests.chaos.life import Life
from tests.chaos.program import Breeder, breeding
from tests.fakes.memory_store import MemoryStore
from tests.fakes.turns import ANNA, ROOM, message
from tests.gateway.harness import completed, process_gateway, refused_gateway
from tests.gateway.page import questions_stored
from tests.simulators.base import Fault
from tests.transcripts.stages import MESSENGERS, Stage, opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
FETCH = "getFile"
BROKE = "I broke off 3 times"


@asynccontextmanager
async def configured(folder: Path, text: str) -> AsyncIterator[Breeder]:
    """Give what starts the program, once and again: only the first start pays for its imports."""
    (folder / "config.yaml").write_text(completed(text, folder), encoding="utf-8")
    async with breeding(folder, forked=True) as breeder:
        yield breeder


async def killed_at_it(stage: Stage, life: Life, fetched: int) -> None:
    """Kill it as soon as it works on the file, before a turn has begun."""
    await stage.until(lambda: len(stage.sim.requests.of(FETCH)) >= fetched)
    life.send(signal.SIGKILL)
    await life.ended()


async def poisoned(stage: Stage, breeder: Breeder, folder: Path) -> None:
    """Have a file that ends the program three times, and something behind it in its lane."""
    stage.sim.faults.plan(FETCH, *[Fault(kind="delay", seconds=60)] * 3)
    life = await breeder.start()
    await stage.ask("What is in it?", files=[("list.txt", b"bread")])
    await stage.until(lambda: stage.sim.requests.of(FETCH))
    await stage.ask("How do I get there?")
    await questions_stored(folder, 2)
    await killed_at_it(stage, life, 1)
    for start in (2, 3):
        life = await breeder.start()
        await stage.answers_newcomer(f"Does {start} work here?", "Go by train.")
        await killed_at_it(stage, life, start)


async def dead_letters(folder: Path, *arguments: str) -> str:
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("moa-gateway")),
        *("dead-letters", *arguments, "--config", str(folder / "config.yaml")),
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await child.communicate()
    return told.decode()


async def test_p8_a_message_that_ends_the_program_three_times_is_put_aside(tmp_path):
    async with (
        opened("telegram") as stage,
        configured(tmp_path, stage.configured(MODELS)) as breeder,
    ):
        await poisoned(stage, breeder, tmp_path)
        await breeder.start()
        await stage.reads(BROKE)
        await stage.answered("Go by train.")  # what stood behind it
        assert len(stage.sim.requests.of(FETCH)) == 3
        told = await dead_letters(tmp_path, "list")
        assert "  message of" in told
        assert "What is" not in told
        assert "No message 7" in await dead_letters(tmp_path, "retry", "7")
        assert "is tried again" in await dead_letters(tmp_path, "retry", told.split()[0])
        await stage.answered("Go by train.", times=2)
        assert "Nothing was put aside" in await dead_letters(tmp_path, "list")


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_p8_three_starts_end_at_it_and_the_fourth_goes_on(tmp_path, messenger):
    """A program that ends itself at whatever it works on first, wherever that came from."""
    at = {"MOA_GATEWAY_CRASH_AT": f"turn.unbegun@{messenger}"}
    async with opened(messenger) as stage:
        text = stage.configured(MODELS)
        async with process_gateway(text, tmp_path, environ=at) as process:
            await stage.ask("What is it?", where="group")
            assert await process.ended() != 0
        for _ in range(2):
            code, _ = await refused_gateway(text, tmp_path, environ=at)
            assert code != 0
        async with process_gateway(text, tmp_path):
            await stage.reads(BROKE, where="group")
            await stage.ask("How do I get there?", where="group", who=stage.ben)
            await stage.answered("Go by train.", where="group")
            assert not any("What is it?" in each.text for each in stage.seen("group"))


async def test_p8_an_admin_has_it_tried_again_by_the_button_and_nobody_else(tmp_path):
    async with opened("telegram") as stage:
        owner = f"access: {{public: true, chat_admins: false, owners: ['telegram:{stage.ben.id}']}}"
        text = stage.configured(MODELS).replace("access:\n  public: true", owner)
        async with configured(tmp_path, text) as breeder:
            life = await breeder.start()
            stage.sim.faults.plan(FETCH, Fault(kind="delay", seconds=60))
            await stage.ask("What is in it?", where="group", files=[("list.txt", b"bread")])
            await killed_at_it(stage, life, 1)
            await stored_now(tmp_path / "data" / "moa-gateway.db", "UPDATE inbox SET attempts = 3")
            await breeder.start()
            await stage.reads(BROKE, where="group")
            await stage.press("Try again", where="group")
            await stage.until(lambda: any("admin" in each for each in stage.toasts))
            assert not stage.finals("Go by train.", where="group")
            await stage.press("Try again", where="group", who=stage.ben)
            await stage.answered("Go by train.", where="group")


async def stored_now(store: Path, change: str) -> None:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(change)
        connection.commit()


async def test_p8_only_what_was_begun_is_counted():
    """Of a lane that is its first; what changes something is done beside them."""
    store = MemoryStore()
    for number in range(3):
        await store.accept(message(f"e{number}"))
    busy = message("b1", address=Address(platform="web", channel="other"))
    await store.accept(busy)
    await store.accept(Command(event_id="c", address=ROOM, author=ANNA, name="moa", args="", at=1))
    found = await counted(store, await store.waiting(), {busy.address.session})
    assert [each.attempts for each in found] == [1, 0, 0, 0, 1]
    assert await store.waiting() == found
    assert await counted(store, found, {busy.address.session}) == found


async def test_p8_messages_that_were_cut_twice_go_on_one_at_a_time():
    """So the next crash counts for one of them, and no bystander is put aside with it."""
    store, quarantine = MemoryStore(), Quarantine()
    for number in range(2):
        await store.accept(message(f"e{number}"))
    await store.tried([1, 2])
    await store.tried([1, 2])
    first, second = await store.waiting()
    at_work = list[int]()

    async def work(accepted: Accepted) -> None:
        async with quarantine.kept(accepted):
            at_work.append(accepted.seq)
            await asyncio.sleep(0)
            assert at_work == [accepted.seq]
            at_work.clear()

    async with asyncio.TaskGroup() as group:
        for each in (first, second):
            group.create_task(work(each))


async def test_p8_what_is_done_while_it_starts_is_counted_too():
    store = MemoryStore()
    gone = Deleted(event_id="d", address=ROOM, author=ANNA, of="e1", at=1)
    await store.accept(gone)
    tries = 0
    while waiting := await store.waiting():
        tries += await survived(store, waiting[0])
    assert tries == 3
    assert [each.incoming for each in await store.aside("broke")] == [gone]
