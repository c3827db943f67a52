"""What every store knows of where the bot is, and of bots among themselves."""

from __future__ import annotations

from core.storage import Store
from core.types import Address

OLD, NEW = Address(platform="t", channel="-1"), Address(platform="t", channel="-2")


async def test_a_chat_is_introduced_to_once(store: Store):
    assert await store.introduce("t", "-1", at=1)
    assert not await store.introduce("t", "-1", at=2)
    assert await store.introduce("t", "-2", at=3)
    assert await store.introduce("other", "-1", at=4)


async def test_a_chat_that_has_become_another_one_is_not_introduced_to_again(store: Store):
    await store.introduce("t", "-1", at=1)
    await store.move(OLD, NEW)
    assert not await store.introduce("t", "-2", at=2)


async def test_messages_of_bots_are_counted_until_a_person_speaks(store: Store):
    assert [await store.bot_spoke("t/-1", at=n) for n in range(3)] == [1, 2, 3]
    assert await store.bot_spoke("t/-2", at=1) == 1
    assert await store.recall_bots(since=0, most=3) == {"t/-1": 3, "t/-2": 1}
    await store.person_spoke("t/-1")
    await store.person_spoke("nobody/there")
    assert await store.recall_bots(since=0, most=3) == {"t/-2": 1}
    assert await store.bot_spoke("t/-1", at=1) == 1


async def test_bots_that_fell_silent_by_themselves_are_forgotten(store: Store):
    for session, times in (("t/many", 3), ("t/few", 2)):
        for at in range(times):
            await store.bot_spoke(session, at=at)
    await store.bot_spoke("t/young", at=100)
    assert await store.recall_bots(since=50, most=3) == {"t/many": 3, "t/young": 1}
