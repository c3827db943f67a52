"""Shows that what waits is bounded, in all and for each person; no flood shuts anybody out."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import pytest

from core.errors import Overloaded, UserError
from core.ports import Capabilities
from core.records import Accepted
from core.types import Address, Author, Message
from gateway.access.refusals import RATE, Refusals
from gateway.delivery.pacing import ChatBudgets
from gateway.inbox.storing import PER_ROUND
from gateway.lanes.holdings import MOST_IN_ALL, MOST_OF_ONE, UNIT, Holdings
from tests.fakes.loop import run_virtual
from tests.fakes.model import LoopClock
from tests.gateway.guarded import BEN, DM, GROUP, Scene, guarded

FLOODING = [Author(id=f"f{number}", name="Flood") for number in range(1_000)]


def question(seq: int, author: Author, text: str = "Why?") -> Accepted:
    said = Message(
        event_id=f"e{seq}",
        address=Address(platform="fake", channel=author.id),
        author=author,
        text=text,
        at=seq,
    )
    return Accepted(seq=seq, incoming=said, session=said.address.session)


def flooded(holdings: Holdings, rounds: int, text: str = "Why?") -> list[Accepted]:
    """Let a thousand people ask by turns, as often as they may; give what was let in."""
    taken: list[Accepted] = []
    for seq in range(rounds * len(FLOODING)):
        work = question(seq, FLOODING[seq % len(FLOODING)], text)
        try:
            holdings.admit("fake", work.incoming.author)
        except Overloaded:
            continue
        holdings.enter(work.session, work)
        taken.append(work)
    return taken


def test_p5_a_thousand_people_who_flood_leave_room_for_whoever_comes():
    holdings = Holdings()
    taken = flooded(holdings, 100)
    assert MOST_IN_ALL // 2 < len(taken) < MOST_IN_ALL
    for number in range(100):
        newcomer = Author(id=f"n{number}", name="Newcomer")
        holdings.admit("fake", newcomer)
        work = question(1_000_000 + number, newcomer)
        holdings.enter(work.session, work)


def test_p5_long_texts_count_by_their_length():
    holdings = Holdings()
    taken = flooded(holdings, 100, "x" * 4_000)
    assert len(taken) * 4_000 <= MOST_IN_ALL * UNIT
    holdings.admit("fake", BEN)


def test_p5_what_has_left_leaves_nothing_behind():
    holdings = Holdings()
    for work in flooded(holdings, 20):
        holdings.leave(work.session, work)
    empty = Holdings()
    assert (holdings._theirs, holdings._sessions, holdings._weight) == (
        empty._theirs,
        empty._sessions,
        empty._weight,
    )


def test_p5_one_person_in_many_threads_has_no_more_waiting_than_one_may():
    async def scenario() -> None:
        slow = {"a": [["A."]], "b": [["B."]], "big": [[300.0, "Yes."]]}
        async with guarded(slow) as scene:
            for number in range(MOST_OF_ONE):
                where = replace(GROUP, thread=f"t{number}")
                assert await scene.say("Why?", where=where, addressed=True)
            with pytest.raises(Overloaded, match="in all conversations together"):
                await scene.say("Why?", where=replace(GROUP, thread="more"), addressed=True)
            for number in range(20):  # told once a minute, wherever it is
                where = replace(GROUP, thread=f"more {number}")
                assert await scene.say("Why?", where=where, addressed=True) is None
            assert await scene.say("Why?", where=GROUP, who=BEN, addressed=True)
            await scene.idle()
            assert await scene.parts.store.waiting() == []
            answered = [each for each in scene.chat.texts() if "Yes." in each]
            assert len(answered) == MOST_OF_ONE + 1
            assert await scene.say("And now?", where=GROUP, addressed=True)

    run_virtual(scenario())


def test_p5_nobody_is_told_twice_within_a_minute_though_the_first_time_came_seconds_late():
    """A thousand who poured in were told again 58 s after a messenger had shown it to them."""

    async def scenario() -> list[float]:
        told: list[float] = []
        slow = {"a": [["A."]], "b": [["B."]], "big": [[300.0, "Yes."]]}
        async with guarded(slow) as scene:
            loop = asyncio.get_running_loop()
            for number in range(MOST_OF_ONE):
                where = replace(GROUP, thread=f"t{number}")
                assert await scene.say("Why?", where=where, addressed=True)
            for _ in range(200):
                try:
                    assert await scene.say("Why?", where=GROUP, addressed=True) is None
                except Overloaded:
                    told.append(loop.time())
                await asyncio.sleep(1.0)
        return told

    first, *later = run_virtual(scenario())
    shown = first + 5.0
    assert [at - shown > 60.0 for at in later] == [True, True]


def test_p5_a_flood_is_told_off_at_a_pace_that_leaves_room_for_answers():
    async def scenario() -> None:
        async with guarded(more="access: {allow: ['fake:ben']}\n") as scene:
            told = 0
            for author in FLOODING:
                where = replace(DM, channel=f"D{author.id}")
                try:
                    assert await scene.say("Why?", who=author, where=where) is None
                except UserError:
                    told += 1
            assert told == RATE.number == 30 - 25  # what Telegram takes, and what answers may
            await asyncio.sleep(RATE.seconds)
            with pytest.raises(UserError):  # whoever was not told is told when there is room
                await scene.say("Why?", who=FLOODING[-1], where=replace(DM, channel="Df999"))
            assert await scene.say("How?", who=BEN)

    run_virtual(scenario())


def test_p5_whoever_comes_behind_a_thousand_that_are_refused_is_taken_in_at_once():
    async def refused(scene: Scene, author: Author) -> None:
        with suppress(UserError):
            where = replace(DM, channel=f"D{author.id}")
            assert await scene.say("Why?", who=author, where=where) is None

    async def scenario() -> int:
        rounds = 0
        async with guarded(more="access: {allow: ['fake:ben']}\n") as scene:
            async with asyncio.TaskGroup() as group:
                for author in FLOODING:
                    group.create_task(refused(scene, author))
                behind = group.create_task(scene.say("How?", who=BEN))
                while not behind.done():
                    await asyncio.sleep(0)
                    rounds += 1
            assert behind.result()
        return rounds

    assert run_virtual(scenario()) < len(FLOODING) // PER_ROUND // 10


def test_p5_what_a_flood_is_told_counts_as_messages_of_the_account():
    can, seconds = Capabilities(limit=4096, rate=25.0), 4

    async def scenario() -> int:
        loop, budgets = asyncio.get_running_loop(), ChatBudgets()
        refusals = Refusals(LoopClock(), budgets)
        until, sent = loop.time() + seconds, 0
        while loop.time() < until:
            place = Address(platform="fake", channel=f"{sent}")
            await budgets.of(place, can).slot(float)
            sent += 1 + refusals.may_tell(("full", "fake", place.channel), 60.0, place)
        return sent

    most = 25 * seconds
    assert most - RATE.number <= run_virtual(scenario()) <= most + RATE.number
