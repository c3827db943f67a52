"""What an adapter says when the platform refuses, forgets, waits or cannot be heard."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from core.errors import (
    ChatBusy,
    ChatClosed,
    ChatError,
    ChatRefused,
    ChatUnknown,
    MessageGone,
)
from tests.contracts.chats.frames import answer, notice
from tests.contracts.chats.opening import STANDS, opened
from tests.contracts.chats.stand import Stand, Where
from tests.patience import PATIENCE
from tests.simulators.base import Fault


async def test_flood_control_says_how_long_and_holds_up_nobody_else(stand: Stand):
    """P7."""
    asked = await stand.heard("group")
    other = await stand.heard("dm")
    stand.hold("group", 70)
    with pytest.raises(ChatBusy) as busy:
        await stand.post(asked, answer("Wait."))
    assert busy.value.retry_after == pytest.approx(70, abs=10)
    async with asyncio.timeout(50):
        await stand.post(other, answer("At once."))
    assert stand.shown("group") == []


async def test_flood_control_of_an_edit_says_how_long(stand: Stand):
    asked = await stand.heard("group")
    posted = await stand.post(asked, answer("One"))
    stand.sim.faults.plan(stand.editing, Fault(kind="refuse", status=429, retry_after=9))
    with pytest.raises(ChatBusy) as busy:
        await stand.chat.edit(asked.address, posted, answer("Two"))
    assert busy.value.retry_after == pytest.approx(9, abs=1)


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_what_was_perhaps_posted_is_said_to_be_or_posted_once(stand: Stand, kind):
    """P2: after a broken connection there is one message, or nobody claims to know."""
    asked = await stand.heard("group")
    before = stand.now()
    stand.sim.faults.plan(stand.posting, Fault(kind=kind))
    delivery = "d" * 24
    try:
        posted = await stand.post(asked, notice("Once."), delivery_id=delivery)
    except ChatUnknown:
        with contextlib.suppress(ChatUnknown):
            posted = await stand.find(asked, delivery, since=before) or ""
            assert bool(posted) == (kind == "drop")
    else:
        assert stand.one("group", posted).id == posted
    told = [each.text for each in stand.shown("group")]
    assert len(told) <= 1
    assert kind == "reset" or len(told) == 1


async def test_what_was_found_can_be_edited_after_a_restart(stand: Stand):
    asked = await stand.heard("group")
    before = stand.now()
    posted = await stand.post(asked, answer("Once."), delivery_id="d" * 24)
    await stand.restart()
    try:
        found = await stand.find(asked, "d" * 24, since=before)
    except ChatUnknown:
        return  # this platform cannot tell, and says so
    assert found == posted
    await stand.chat.edit(asked.address, found, answer("Twice."))
    (seen,) = stand.shown("group")
    assert "Twice." in seen.text
    assert await stand.find(asked, "e" * 24, since=before) is None


async def test_an_edit_whose_answer_is_lost_can_be_done_again(stand: Stand):
    asked = await stand.heard("group")
    posted = await stand.post(asked, answer("One"))
    stand.sim.faults.plan(stand.editing, Fault(kind="drop"))
    with contextlib.suppress(ChatError):
        await stand.chat.edit(asked.address, posted, answer("Two"))
    await stand.chat.edit(asked.address, posted, answer("Two"))
    (seen,) = stand.shown("group")
    assert "Two" in seen.text


async def test_a_message_that_was_deleted_is_gone(stand: Stand, where: Where):
    asked = await stand.heard(where)
    posted = await stand.post(asked, answer("One"))
    await stand.remove(stand.one(where, posted))
    with pytest.raises(MessageGone):
        await stand.chat.edit(asked.address, posted, answer("Two"))
    await stand.chat.delete(asked.address, posted)
    await stand.post(asked, answer("Three"))
    assert len(stand.shown(where)) == 1


async def test_a_message_that_nobody_posted_is_an_error_of_the_chat(stand: Stand):
    asked = await stand.heard("group")
    for odd in ("nobody/knows", "", "1", "💥", "-1", "../.."):
        with pytest.raises(ChatError):
            await stand.chat.edit(asked.address, odd, answer("x"))
        with contextlib.suppress(ChatError):
            await stand.chat.delete(asked.address, odd)


async def test_where_it_may_not_write_any_more_is_closed(stand: Stand, where: Where):
    asked = await stand.heard(where)
    posted = await stand.post(asked, answer("One"))
    await stand.close(where)
    with pytest.raises(ChatClosed):
        await stand.post(asked, answer("Two"))
    with contextlib.suppress(ChatClosed, MessageGone):  # some let what stands be changed
        await stand.chat.edit(asked.address, posted, answer("Two"))
    other: Where = "dm" if where != "dm" else "group"
    assert (await stand.heard(other, "Still there?")).text == "Still there?"


async def test_acknowledging_never_fails(stand: Stand, where: Where):
    asked = await stand.heard(where)
    await stand.chat.acknowledge(asked)
    await stand.close(where)
    await stand.chat.acknowledge(asked)
    await stand.revoke()
    await stand.chat.acknowledge(asked)


@pytest.mark.parametrize("platform", sorted(STANDS))
async def test_a_wrong_token_is_one_line_that_names_the_setting(platform: str, caplog):
    async with opened(platform, run=False) as stand:
        stand.chat = stand.wrong()
        with pytest.raises(ChatRefused) as refused:
            async with asyncio.timeout(PATIENCE):
                await stand.chat.run(stand.inbox)
    told_well(str(refused.value), platform)
    assert "nobody-s" not in caplog.text


async def test_a_token_that_is_revoked_ends_it_with_one_line(stand: Stand):
    await stand.heard("dm")
    await stand.revoke()
    await stand.until(lambda: stand.refused)
    assert isinstance(stand.refused, ChatRefused)
    told_well(str(stand.refused), stand.platform)


def told_well(text: str, platform: str) -> None:
    assert "\n" not in text
    assert f"platforms.{platform}." in text or platform in text.lower()
    assert "token" in text
    assert "nobody-s" not in text


async def test_it_ends_at_once_when_it_is_cancelled(stand: Stand):
    asked = await stand.heard("dm")
    await stand.post(asked, answer("Hello", final=False))
    async with asyncio.timeout(8):  # aiohttp by itself would wait for ten
        await stand.stop()
    assert stand.refused is None
