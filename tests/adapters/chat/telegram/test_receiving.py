"""What people write, press and do in Telegram comes in, once, and is confirmed when stored."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import pytest

from adapters.chat.telegram import polling
from core.errors import ChatRefused, StoreFull, UserError
from core.frames import Button, Frame, Notice
from core.types import Command, Message, Moved, Press
from tests.adapters.chat.telegram.conftest import address, chat_of, running
from tests.simulators.base import Fault
from tests.simulators.telegram import TelegramSimulator
from tests.simulators.telegram.updates import Webhook

CHOICE = Frame(
    key="notice",
    content=Notice(text="Which one?"),
    buttons=(Button(action="pick", label="fast", turn_id="", value="fast"),),
)


@pytest.fixture(autouse=True)
def at_once(monkeypatch, caplog):
    """Failures are tried again soon; every line of the log is kept."""
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.02)
    caplog.set_level(logging.DEBUG)


def told(caplog, *words: str) -> list[str]:
    """The lines of ours, from information on, that have these words."""
    return [
        record.getMessage()
        for record in caplog.records
        if record.name.startswith("adapters") and record.levelno >= logging.INFO
        if all(word in record.getMessage() for word in words)
    ]


def logged(caplog) -> str:
    """All that the program logs; the simulator's server logs what it is asked for, too."""
    return "\n".join(
        f"{record.getMessage()} {record.exc_text or ''}"
        for record in caplog.records
        if record.name != "aiohttp.access"
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
    assert len(telegram.shown(lab)) == 1
    await chat.whisper(press, words)  # too late for that: a message, then
    assert telegram.shown(lab)[-1].reply_to == message_id


async def test_figures_for_one_person_are_never_shown_to_a_group(telegram, chat, inbox):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    info = replace(CHOICE, buttons=(Button(action="info", label="ⓘ", turn_id="t"),))
    message_id = await chat.post(address(lab.id), info, delivery_id="d")
    await telegram.press(lab, ana, message_id, "ⓘ")
    (press,) = inbox.heard
    assert isinstance(press, Press)
    with pytest.raises(Exception, match="for one person only"):
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
    message_id = await chat.post(address(old.id), CHOICE, delivery_id="d")
    assert [each.id for each in telegram.shown(new)] == [message_id]


# --- what goes wrong ------------------------------------------------------------------------


async def test_what_cannot_be_stored_comes_again_and_is_said_once(telegram, chat, inbox, caplog):
    ana, bo = telegram.person("Ana"), telegram.person("Bo")
    inbox.refusals += [StoreFull("The disk is full.")] * 3
    await telegram.say(telegram.dm(ana), ana, "one")
    await telegram.say(telegram.dm(bo), bo, "two")
    heard = await inbox.until(2)
    assert {each.text for each in heard if isinstance(each, Message)} == {"one", "two"}
    assert len(told(caplog, "The disk is full.", "Telegram keeps them")) == 1
    await telegram.until(lambda: not telegram.updates.pending)
    assert len(told(caplog, "receiving again")) == 1


@pytest.mark.parametrize(
    "payload",
    [None, 5, "x", {}, {"message_id": 1}, {"message_id": "x", "date": "y", "chat": []}, [1]],
)
async def test_a_malformed_update_is_passed_over_and_the_others_go_on(
    telegram, chat, inbox, caplog, payload
):
    ana = telegram.person("Ana")
    telegram.updates.add("message", payload)
    telegram.updates.add("callback_query", payload)
    telegram.updates.add("my_chat_member", payload)
    telegram.updates.add("stopped_message_generation", payload)
    await telegram.say(telegram.dm(ana), ana, "after it")
    (heard,) = await inbox.until(1)
    assert isinstance(heard, Message)
    assert heard.text == "after it"
    lines = told(caplog, "malformed")
    assert len(lines) <= 4
    assert all("\n" not in line for line in lines)


async def test_a_sticker_and_a_poll_have_names(telegram, chat, inbox):
    ana = telegram.person("Ana")
    dm = telegram.dm(ana)
    await telegram.sticker(dm, ana, "🎉")
    await telegram.poll(dm, ana, "Tea?", "Yes", "No")
    sticker, poll = await inbox.until(2)
    assert isinstance(sticker, Message)
    assert isinstance(poll, Message)
    assert sticker.attachments[0].name.startswith("sticker 🎉")
    assert poll.attachments[0].name.startswith("poll “Tea?”")


async def test_a_wrong_token_ends_it_with_one_line_that_names_what_to_mend(telegram, inbox, caplog):
    telegram.revoke()
    telegram.token = "7:secret-part"
    with pytest.raises(ChatRefused, match=r"^platforms\.telegram\.token: .*BotFather") as refused:
        await chat_of(telegram).run(inbox)
    assert "secret-part" not in f"{refused.value}{logged(caplog)}"


async def test_a_token_that_is_revoked_ends_it_too(telegram, inbox):
    chat = chat_of(telegram)
    with pytest.raises(ChatRefused):  # noqa: PT012 - it has to run first
        async with asyncio.TaskGroup() as group:
            task = group.create_task(_refused(chat, inbox))
            await telegram.until(lambda: telegram.updates.waiting)
            telegram.revoke()
        raise task.result()


async def _refused(chat, inbox) -> ChatRefused:
    try:
        await chat.run(inbox)
    except ChatRefused as refused:
        return refused
    raise AssertionError


async def test_it_waits_for_a_telegram_that_is_away_with_one_line(inbox, caplog):
    async with TelegramSimulator() as telegram:
        ana = telegram.person("Ana")
        await telegram.say(telegram.dm(ana), ana, "early")
        await telegram.go_away()
        async with running(chat_of(telegram), inbox):
            await _until(lambda: told(caplog, "cannot be reached"))
            await telegram.come_back()
            await inbox.until(1)
            telegram.drop_connections()
            await telegram.say(telegram.dm(ana), ana, "late")
            await inbox.until(2)
    assert len(told(caplog, "cannot be reached")) <= 2
    assert telegram.token not in logged(caplog)


async def _until(true) -> None:
    async with asyncio.timeout(10):
        while not true():
            await asyncio.sleep(0.01)


@pytest.mark.parametrize(
    ("status", "error"), [(500, "Internal Server Error"), (502, "Bad Gateway")]
)
async def test_a_server_that_fails_is_asked_again(telegram, chat, inbox, caplog, status, error):
    ana = telegram.person("Ana")
    telegram.faults.plan("getUpdates", *[Fault(kind="refuse", status=status, error=error)] * 3)
    telegram.drop_connections()
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    assert len(told(caplog, "cannot be reached")) <= 2


async def test_a_second_poller_is_explained_in_one_line(telegram, chat, inbox, caplog):
    ana = telegram.person("Ana")
    await telegram.until(lambda: telegram.updates.waiting)
    telegram.faults.plan(
        "getUpdates",
        *[Fault(kind="refuse", status=409, error="Conflict: terminated by other getUpdates")] * 3,
    )
    telegram.updates.end_poll()
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    (line,) = told(caplog, "409")
    assert "same token" in line
    assert "stop the other one" in line


async def test_a_webhook_that_somebody_left_is_removed(telegram, inbox):
    telegram.updates.hook(Webhook(url="http://127.0.0.1:9/x"))
    ana = telegram.person("Ana")
    await telegram.say(telegram.dm(ana), ana, "hi")
    async with running(chat_of(telegram), inbox):
        await inbox.until(1)
        telegram.updates.hook(Webhook(url="http://127.0.0.1:9/x"))
        await telegram.say(telegram.dm(ana), ana, "again")
        await inbox.until(2)


async def test_being_thrown_out_is_a_line_and_the_others_go_on(telegram, chat, inbox, caplog):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    await telegram.until(lambda: telegram.updates.waiting)
    await telegram.kick(lab, ana)
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    assert told(caplog, "removed from Lab")


# --- the account ----------------------------------------------------------------------------


async def test_menus_are_set_once(telegram, inbox):
    for _ in range(2):
        async with running(chat_of(telegram), inbox):
            await telegram.until(lambda: len(telegram.requests.of("getMyCommands")) % 3 == 0)
            await telegram.until(lambda: len(telegram.account.commands) == 3)
    assert len(telegram.requests.of("setMyCommands")) == 3
    names = {
        scope: [each["command"] for each in commands]
        for (scope, _), commands in telegram.account.commands.items()
    }
    assert len(names) == 3


async def test_menus_that_are_refused_are_a_line(telegram, inbox, caplog):
    telegram.faults.plan("getMyCommands", Fault(kind="refuse", status=500, error="no"))
    ana = telegram.person("Ana")
    async with running(chat_of(telegram), inbox):
        await _until(lambda: told(caplog, "menu"))
        await telegram.say(telegram.dm(ana), ana, "hi")
        await inbox.until(1)


async def test_privacy_mode_is_explained(telegram, chat, caplog):
    await _until(lambda: told(caplog, "privacy mode", "/setprivacy"))


async def test_nothing_secret_is_in_the_log_however_much_is_logged(telegram, chat, inbox, caplog):
    ana = telegram.person("Ana")
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    await chat.post(address(ana.id), CHOICE, delivery_id="d")
    assert telegram.token not in logged(caplog)
