"""A chat that cannot be told now is told later: what was put aside is not forgotten there (P13)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from core.errors import ChatAway, ChatBusy, ChatClosed, ChatUnknown
from core.types import Address, Command, Incoming, Message
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.gateway.assembled import ANNA, Parts, assembled

ROOM = Address(platform="fake", channel="room")
AWAY = ChatAway("502")
NOTE = "A message came while I was away"
UNDONE = "A command came while I was away; it was not carried out."


def asked() -> Message:
    return Message(event_id="e1", address=ROOM, author=ANNA, text="Why?", at=0, direct=True)


async def late(parts: Parts, incoming: Incoming) -> None:
    accepted = await parts.store.accept(incoming, incoming.address.session)
    assert accepted is not None
    await parts.gateway.backlog.take(accepted)


def told(*runs: FakeChat, of: Incoming | None = None) -> None:
    """Put something aside, and start the program with one chat after another."""

    async def story() -> None:
        store = MemoryStore()
        for number, chat in enumerate(runs):
            async with assembled(store, ScriptedModel({}), chat=chat) as parts:
                if not number:
                    await late(parts, of or asked())
                await parts.gateway.backlog.recall()
                await asyncio.sleep(1200)

    run_virtual(story())


def chat(*failures: Exception, tells: bool = True) -> FakeChat:
    made = FakeChat(tells=tells)
    made.fail("room", *failures)
    return made


def heads(there: FakeChat) -> list[str]:
    return [each.partition(",")[0] for each in there.texts()]


@pytest.mark.parametrize("failures", [1, 5])
def test_a_messenger_that_is_away_for_a_while_has_the_note_once_it_is_back(failures):
    there = chat(*[AWAY] * failures)
    told(there)
    assert heads(there) == [NOTE]


def test_the_next_start_asks_where_the_last_one_could_not():
    there = chat()
    told(chat(*[AWAY] * 99), there)
    assert heads(there) == [NOTE]


def test_what_may_stand_there_is_looked_for_and_not_said_twice():
    can, cannot = chat(ChatUnknown("?")), chat(ChatUnknown("?"), tells=False)
    told(can)
    told(cannot)
    assert heads(can) == heads(cannot) == [NOTE]


@pytest.mark.parametrize("tells", [True, False])
def test_a_chat_that_has_to_wait_for_long_has_the_note_after_that(tells):
    """It was noted as perhaps posted while it waited, and never posted where nobody can tell."""
    there = chat(ChatBusy("429", retry_after=150), tells=tells)
    told(there)
    assert heads(there) == [NOTE]


def test_each_of_very_many_chats_has_its_note_though_an_account_takes_few_at_once():
    there = FakeChat(rate=1.0)
    rooms = [Address(platform="fake", channel=f"room{number}") for number in range(80)]

    async def story() -> None:
        async with assembled(MemoryStore(), ScriptedModel({}), chat=there) as parts:
            for room in rooms:
                await late(parts, replace(asked(), event_id=room.channel, address=room))
            await asyncio.sleep(600)

    run_virtual(story())
    assert heads(there) == [NOTE] * len(rooms)


def test_commands_that_were_not_carried_out_are_told_later_too_and_once():
    command = Command(event_id="e1", address=ROOM, author=ANNA, name="moa", args="off", at=0)
    there = chat(AWAY, AWAY)
    told(there, of=command)
    assert there.texts() == [UNDONE]


def test_a_chat_that_is_closed_is_not_tried_again():
    there = chat(ChatClosed("kicked"))
    told(there)
    assert there.texts() == []
    assert len(there.log) == 1
