"""In private an answer is a draft while it is written; where there are none, it is edited."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.chat.telegram import drafts as drafts_module
from adapters.chat.telegram.drafts import draft_id
from core.errors import ChatBusy, ChatError
from tests.adapters.chat.telegram.conftest import address, chat_of, running
from tests.adapters.chat.telegram.frames import ANSWER, PANEL, WRITING
from tests.fakes.clock import FakeClock
from tests.simulators.base import Fault


async def test_what_is_being_written_is_a_draft_in_private(telegram, sender, dm):
    at = address(dm.id)
    assert sender.capabilities(at).preview == 0.25
    assert await sender.preview(at, WRITING, delivery_id="d")
    assert await sender.preview(at, replace(WRITING, buttons=()), delivery_id="d")
    first, second = telegram.chat(dm).drafted
    assert (first.text, first.can_stop, first.keep_on_stop) == ("It", True, True)
    assert (second.id, second.can_stop) == (first.id, False)
    await sender.post(at, ANSWER, delivery_id="d")
    assert telegram.drafts(dm) == []
    assert telegram.requests.of("sendMessageDraft")[0].params["draft_id"] == str(draft_id("d"))


async def test_a_group_has_no_drafts_and_is_not_asked(telegram, sender, lab):
    assert sender.capabilities(address(lab.id)).preview is None
    assert not await sender.preview(address(lab.id), WRITING, delivery_id="d")
    assert telegram.requests.of("sendMessageDraft") == []


@pytest.mark.parametrize(("status", "elsewhere"), [(400, True), (403, True), (404, False)])
async def test_a_refused_draft_is_not_tried_again(telegram, sender, dm, status, elsewhere):
    telegram.faults.plan("sendMessageDraft", Fault(kind="refuse", status=status, error="no"))
    assert not await sender.preview(address(dm.id), WRITING, delivery_id="d")
    assert not await sender.preview(address(dm.id), WRITING, delivery_id="d")
    assert sender.capabilities(address(dm.id)).preview is None
    assert (sender.capabilities(address("12345")).preview is not None) == elsewhere
    assert len(telegram.requests.of("sendMessageDraft")) == 1


async def test_a_draft_that_has_to_wait_says_how_long(telegram, sender, dm):
    telegram.faults.plan("sendMessageDraft", *[Fault(kind="refuse", status=429, retry_after=3)] * 3)
    for _ in range(3):
        with pytest.raises(ChatBusy) as busy:
            await sender.preview(address(dm.id), WRITING, delivery_id="d")
        assert busy.value.retry_after == 3
    assert await sender.preview(address(dm.id), WRITING, delivery_id="d")


@pytest.mark.parametrize("status", [500, 501, 502, 504])
async def test_drafts_that_fail_twice_in_a_row_are_left_alone_for_a_while(telegram, dm, status):
    clock = FakeClock()
    sender = chat_of(telegram, clock=clock)
    failure = Fault(kind="refuse", status=status, error="no")
    telegram.faults.plan("sendMessageDraft", failure, None, failure, failure)
    at = address(dm.id)
    with pytest.raises(ChatError):
        await sender.preview(at, WRITING, delivery_id="d")
    assert await sender.preview(at, WRITING, delivery_id="d")
    with pytest.raises(ChatError):
        await sender.preview(at, WRITING, delivery_id="d")
    assert not await sender.preview(at, WRITING, delivery_id="d")
    assert sender.capabilities(at).preview is None
    clock.advance(drafts_module.FAILED_SECONDS)
    assert await sender.preview(at, WRITING, delivery_id="d")


async def test_a_draft_that_hangs_holds_up_nothing(telegram, sender, dm, monkeypatch):
    monkeypatch.setattr(drafts_module, "PATIENCE", 0.1)
    telegram.faults.plan("sendMessageDraft", *[Fault(kind="delay", seconds=300)] * 2)
    async with asyncio.timeout(30):
        with pytest.raises(ChatError):
            await sender.preview(address(dm.id), WRITING, delivery_id="d")
        assert not await sender.preview(address(dm.id), WRITING, delivery_id="d")
        await sender.post(address(dm.id), ANSWER, delivery_id="d")
    assert [each.text for each in telegram.shown(dm)] == ["It is 4, @\u200ball. https://x.org"]


async def test_a_draft_is_shown_again_before_it_passes_until_the_answer_stands(
    telegram, inbox, dm, monkeypatch
):
    monkeypatch.setattr(drafts_module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(drafts_module, "AGAIN_SECONDS", 0.1)
    chat = chat_of(telegram)
    at = address(dm.id)
    async with running(chat, inbox):
        await chat.preview(at, WRITING, delivery_id="d")
        await telegram.until(lambda: len(telegram.chat(dm).drafted) >= 3)
        await chat.post(at, PANEL, delivery_id="p")
        drawn = len(telegram.chat(dm).drafted)
        await telegram.until(lambda: len(telegram.chat(dm).drafted) > drawn)
        await chat.post(at, ANSWER, delivery_id="d")
        drawn = len(telegram.chat(dm).drafted)
        await chat.post(at, PANEL, delivery_id="q")
        await asyncio.sleep(0.3)
        assert len(telegram.chat(dm).drafted) == drawn
        assert telegram.drafts(dm) == []


def test_draft_numbers_are_never_zero_and_stay():
    numbers = {draft_id(str(n)) for n in range(1000)}
    assert len(numbers) == 1000
    assert all(0 < n < 2**31 for n in numbers)
    assert draft_id("d") == draft_id("d")
