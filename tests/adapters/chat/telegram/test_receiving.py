"""What people write, press and do in Telegram comes in, once, and is confirmed when stored."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from adapters.chat.telegram import polling
from core.errors import ChatError, StoreFull, UserError
from core.frames import Button, Frame, Notice
from core.types import Command, Incoming, Message, Moved, Press
from gateway.delivery.pacing import once_free
from tests.adapters.chat.telegram.conftest import address, chat_of, running
from tests.fakes.intake import Taking
from tests.simulators.base import Fault

CHOICE = Frame(
    key="notice",
    content=Notice(text="Which one?"),
    buttons=(Button(action="pick", label="fast", turn_id="", value="fast"),),
)


async def test_a_private_message_comes_in_and_is_confirmed(telegram, chat, inbox):
    ana = telegram.person("Ana")
    message_id = await telegram.say(telegram.dm(ana), ana, "What is a monad?")
    (heard,) = await inbox.until(1)
    assert isinstance(heard, Message)
    assert heard.text == "What is a monad?"
    assert heard.author.id == ana.id
    assert heard.direct
    assert heard.event_id == f"{ana.id}/{message_id}"
    await telegram.until(lambda: not telegram.updates.pending)


async def test_a_mention_a_command_a_topic_and_a_picture_come_in(telegram, chat, inbox):
    ana, bo = telegram.person("Ana"), telegram.person("Bo")
    lab = telegram.group("Lab", ana, bo, forum=True)
    topic = telegram.topic(lab, "Ideas")
    await telegram.say(lab, bo, "why?", mention=True, thread=topic)
    await telegram.command(lab, ana, "moa", "review", thread=topic)
    mention, command = await inbox.until(2)
    assert isinstance(mention, Message)
    assert (mention.text, mention.addressed, mention.author.is_admin) == ("why?", True, False)
    assert mention.address == address(lab.id, topic)
    assert isinstance(command, Command)
    assert (command.name, command.args, command.author.is_admin) == ("moa", "review", True)
    assert command.address == mention.address
    assert len(telegram.requests.of("getChatAdministrators")) == 1


@pytest.mark.parametrize("late", [0, 1, 2])
@pytest.mark.parametrize("grouped", [False, True])
async def test_an_album_is_one_message_however_its_parts_come(
    telegram, inbox, monkeypatch, late, grouped
):
    monkeypatch.setattr(polling, "ALBUM_SECONDS", 0.2)
    ana = telegram.person("Ana")
    place = telegram.group("Lab", ana) if grouped else telegram.dm(ana)
    telegram.account.privacy = False
    pictures = [(f"{name}.jpg", b"jpg") for name in "abc"]
    async with running(chat_of(telegram), inbox):
        await telegram.until(lambda: telegram.updates.waiting)
        await telegram.say(place, ana, "Compare these", mention=grouped, files=pictures)
        parts = telegram.updates.pending
        telegram.updates.pending = parts[: 3 - late]
        await telegram.until(lambda: telegram.requests.of("getUpdates")[-1].status)
        telegram.updates.pending = parts
        await telegram.say(place, ana, "And this", mention=grouped)
        album, other = await inbox.until(2)
        await telegram.until(lambda: not telegram.updates.pending)
    assert isinstance(album, Message)
    assert isinstance(other, Message)
    assert (album.text, len(album.attachments)) == ("Compare these", 3)
    assert (other.text, len(inbox.heard)) == ("And this", 2)


async def test_an_album_that_cannot_be_stored_comes_again_as_one(telegram, inbox, monkeypatch):
    monkeypatch.setattr(polling, "ALBUM_SECONDS", 0.05)
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.02)
    ana = telegram.person("Ana")
    inbox.refusals += [StoreFull("The disk is full.")] * 2
    pictures = [(f"{name}.jpg", b"jpg") for name in "abc"]
    await telegram.say(telegram.dm(ana), ana, "Compare these", files=pictures)
    async with running(chat_of(telegram), inbox):
        (album,) = await inbox.until(1)
        await telegram.until(lambda: not telegram.updates.pending)
    assert isinstance(album, Message)
    assert len(album.attachments) == 3
    assert len(inbox.heard) == 1


async def test_a_press_comes_in_and_its_button_stops_spinning(telegram, chat, inbox):
    ana = telegram.person("Ana")
    dm = telegram.dm(ana)
    await telegram.command(dm, ana, "moa")
    await inbox.until(1)
    message_id = await chat.post(address(dm.id), CHOICE, delivery_id="d")
    assert await telegram.press(dm, ana, message_id, "fast") == ""
    press = inbox.heard[1]
    assert isinstance(press, Press)
    assert (press.action, press.value, press.message_id) == ("pick", "fast", message_id)


async def test_words_for_the_presser_come_with_the_answer(telegram, chat, inbox):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    message_id = await chat.post(address(lab.id), CHOICE, delivery_id="d")
    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(telegram.press(lab, ana, message_id, "fast"))
        (press,) = await inbox.until(1)
        assert isinstance(press, Press)
        words = Frame(key="notice", content=Notice(text="Only the person who asked can do that."))
        await chat.whisper(press, words)
    assert pressing.result() == "Only the person who asked can do that."
    assert len(telegram.requests.of("answerCallbackQuery")) == 1
    assert len(telegram.shown(lab)) == 1
    await chat.whisper(press, words)  # too late for that: a message, then
    assert telegram.shown(lab)[-1].reply_to == message_id


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (404, "Not Found"),
        (400, "Bad Request: query is too old and response timeout expired or query ID is invalid"),
        (500, "Internal Server Error"),
        (429, ""),
    ],
)
async def test_words_that_cannot_be_the_answer_to_a_press_are_a_message(
    telegram, chat, inbox, status, error
):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    message_id = await chat.post(address(lab.id), CHOICE, delivery_id="d")
    wait = 1 if status == 429 else None
    fault = Fault(kind="refuse", status=status, error=error, retry_after=wait)
    telegram.faults.plan("answerCallbackQuery", fault)
    async with asyncio.TaskGroup() as group:
        pressing = group.create_task(telegram.press(lab, ana, message_id, "fast"))
        (press,) = await inbox.until(1)
        words = Frame(key="notice", content=Notice(text="Stopped."))
        await once_free(partial(chat.whisper, press, words))
        assert telegram.shown(lab)[-1].text == "Stopped."
        pressing.cancel()


async def test_words_that_come_before_the_update_is_through_are_the_answer(telegram):
    """The gateway may answer a press before its intake has returned."""
    ana = telegram.person("Ana")
    dm = telegram.dm(ana)
    await telegram.say(dm, ana, "hi")
    chat = chat_of(telegram)
    said = Frame(key="notice", content=Notice(text="Stopped."))

    async def intake(incoming: Incoming) -> bool:
        if isinstance(incoming, Press):
            await chat.whisper(incoming, said)
        return True

    async with running(chat, Taking(intake)):
        message_id = await chat.post(address(dm.id), CHOICE, delivery_id="d")
        assert await telegram.press(dm, ana, message_id, "fast") == "Stopped."
        await telegram.say(dm, ana, "hi")
        await telegram.until(lambda: not telegram.updates.pending)
    assert [each.status for each in telegram.requests.of("answerCallbackQuery")] == [200]


async def test_figures_for_one_person_are_never_shown_to_a_group(telegram, chat, inbox):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    info = replace(CHOICE, buttons=(Button(action="info", label="ⓘ", turn_id="t"),))
    message_id = await chat.post(address(lab.id), info, delivery_id="d")
    await telegram.press(lab, ana, message_id, "ⓘ")
    (press,) = inbox.heard
    assert isinstance(press, Press)
    with pytest.raises(ChatError, match="for one person only"):
        await chat.whisper(press, Frame(key="notice", content=Notice(text="$1")))
    assert len(telegram.shown(lab)) == 1


async def test_a_press_that_is_refused_says_why(telegram, chat, inbox):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    message_id = await chat.post(address(lab.id), CHOICE, delivery_id="d")
    inbox.refusals += [UserError("Not here.")]
    assert await telegram.press(lab, ana, message_id, "fast") == "Not here."


async def test_a_message_that_is_refused_is_answered_with_the_reason(telegram, chat, inbox):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    inbox.refusals += [UserError("Too much is waiting, @all.")]
    message_id = await telegram.say(lab, ana, "hi", mention=True)
    await telegram.until(lambda: telegram.shown(lab))
    (shown,) = telegram.shown(lab)
    assert (shown.text, shown.reply_to) == ("Too much is waiting, @\u200ball.", message_id)
    assert (shown.silent, shown.previews) == (True, False)
    gone = Fault(kind="refuse", status=400, error="Bad Request: replied message not found")
    telegram.faults.plan("sendMessage", gone)
    inbox.refusals += [UserError("Not here.")]
    await telegram.say(lab, ana, "hi", mention=True)
    await telegram.until(lambda: telegram.shown(lab)[1:])
    assert (telegram.shown(lab)[1].text, telegram.shown(lab)[1].reply_to) == ("Not here.", None)


async def test_the_native_stop_of_a_draft_comes_in(telegram, chat, inbox):
    ana = telegram.person("Ana")
    dm = telegram.dm(ana)
    await telegram.say(dm, ana, "hi")
    await inbox.until(1)
    stop = (Button(action="stop", label="Stop", turn_id="t"),)
    assert await chat.preview(
        address(dm.id), Frame(key="answer/0", content=CHOICE.content, buttons=stop), delivery_id="d"
    )
    await telegram.native_stop(dm, ana)
    press = (await inbox.until(2))[1]
    assert isinstance(press, Press)
    assert (press.action, press.turn_id, press.address) == ("stop", "", address(dm.id))


async def test_a_group_that_moves_is_told_and_written_to_at_its_new_place(telegram, chat, inbox):
    ana = telegram.person("Ana")
    old = telegram.group("Lab", ana, basic=True)
    new = await telegram.migrate(old)
    (moved,) = await inbox.until(1)
    assert isinstance(moved, Moved)
    assert (moved.address, moved.new) == (address(old.id), address(new.id))
    await chat.post(address(old.id), CHOICE, delivery_id="d")
    assert [each.text for each in telegram.shown(new)] == ["Which one?"]
