"""What goes wrong in Telegram is one clear line, and everything else goes on."""

from __future__ import annotations

import asyncio

import pytest

from adapters.chat.telegram import account, admins, menus, polling
from core.errors import ChatRefused, StoreFull
from core.types import Command, Message
from tests.adapters.chat.telegram.conftest import address, chat_of, running
from tests.adapters.chat.telegram.test_receiving import CHOICE
from tests.fakes.clock import FakeClock
from tests.simulators.base import Fault
from tests.simulators.telegram import TelegramSimulator
from tests.simulators.telegram.updates import Webhook


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """Failures are tried again soon."""
    monkeypatch.setattr(polling, "FIRST_PAUSE", 0.02)


async def test_what_cannot_be_stored_comes_again_and_is_said_once(telegram, chat, inbox, lines):
    ana, bo = telegram.person("Ana"), telegram.person("Bo")
    inbox.refusals += [StoreFull("The disk is full.")] * 3
    await telegram.say(telegram.dm(ana), ana, "one")
    await telegram.say(telegram.dm(bo), bo, "two")
    heard = await inbox.until(2)
    assert {each.text for each in heard if isinstance(each, Message)} == {"one", "two"}
    assert len(lines.of("The disk is full.", "Telegram keeps them")) == 1
    await telegram.until(lambda: not telegram.updates.pending)
    assert len(lines.of("receiving again")) == 1


@pytest.mark.parametrize(
    "payload",
    [
        *(None, 5, "x", {}, [1], {"message_id": 1}),
        {"message_id": "x", "date": "y", "chat": []},
        {"message_id": 1, "date": 2**62},
    ],
)
async def test_a_malformed_update_is_passed_over_and_the_others_go_on(
    telegram, chat, inbox, lines, payload
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
    lines = lines.of("malformed")
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


async def test_a_wrong_token_ends_it_with_one_line_that_names_what_to_mend(telegram, inbox, lines):
    telegram.revoke()
    telegram.token = "7:secret-part"
    with pytest.raises(ChatRefused, match=r"^platforms\.telegram\.token: .*BotFather") as refused:
        await chat_of(telegram).run(inbox)
    assert "secret-part" not in f"{refused.value}{lines.text}"


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


async def test_it_waits_for_a_telegram_that_is_away_with_one_line(inbox, lines):
    async with TelegramSimulator() as telegram:
        ana = telegram.person("Ana")
        await telegram.say(telegram.dm(ana), ana, "early")
        await telegram.go_away()
        async with running(chat_of(telegram), inbox):
            await lines.until("cannot be reached")
            await telegram.come_back()
            await inbox.until(1)
            telegram.drop_connections()
            await telegram.say(telegram.dm(ana), ana, "late")
            await inbox.until(2)
    assert len(lines.of("cannot be reached")) == 1
    assert len(lines.of("receiving again")) == 1
    assert telegram.token not in lines.text


async def test_a_connection_that_breaks_once_is_not_worth_a_line(telegram, chat, inbox, lines):
    ana = telegram.person("Ana")
    await telegram.until(lambda: telegram.updates.waiting)
    telegram.drop_connections()
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    assert lines.of("reached") == []
    assert lines.of("receiving again") == []


async def test_numbers_that_begin_anew_after_a_quiet_week_are_no_loss(telegram, inbox, monkeypatch):
    monkeypatch.setattr(account, "POLL_SECONDS", 1)
    ana = telegram.person("Ana")
    async with running(chat_of(telegram), inbox):
        for number in (0, 700_000_000, 5, 900_000_000):
            telegram.updates._next = number
            await telegram.say(telegram.dm(ana), ana, "hi")
            await inbox.until(len(inbox.heard) + 1)
            await telegram.until(lambda: not telegram.updates.pending)
    assert len(inbox.heard) == 4


async def test_what_was_confirmed_is_not_asked_for_again_after_silence(
    telegram, inbox, monkeypatch
):
    monkeypatch.setattr(account, "POLL_SECONDS", 0)
    monkeypatch.setattr(polling, "BREATH", 0.05)
    ana = telegram.person("Ana")
    async with running(chat_of(telegram), inbox):
        await telegram.say(telegram.dm(ana), ana, "hi")
        await inbox.until(1)
        asked = len(telegram.requests.of("getUpdates"))
        await telegram.until(lambda: len(telegram.requests.of("getUpdates")) > asked + 3)
    offsets = [each.params.get("offset") for each in telegram.requests.of("getUpdates")[asked:]]
    assert set(offsets) == {str(telegram.updates._next)}


@pytest.mark.parametrize("forgets", [True, False])
async def test_a_server_that_holds_no_poll_open_is_not_asked_without_a_break(
    telegram, inbox, monkeypatch, forgets
):
    monkeypatch.setattr(account, "POLL_SECONDS", 0)
    monkeypatch.setattr(polling, "BREATH", 0.2)
    telegram.updates.forgets = forgets
    ana = telegram.person("Ana")
    await telegram.say(telegram.dm(ana), ana, "hi")
    async with running(chat_of(telegram), inbox):
        await telegram.until(lambda: len(telegram.requests.of("getUpdates")) > 4)
    times = [each.at for each in telegram.requests.of("getUpdates")][1:5]
    assert times[-1] - times[0] >= 0.5
    assert len(inbox.heard) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(500, "Internal Server Error"), (502, "Bad Gateway")]
)
async def test_a_server_that_fails_is_asked_again(telegram, chat, inbox, lines, status, error):
    ana = telegram.person("Ana")
    telegram.faults.plan("getUpdates", *[Fault(kind="refuse", status=status, error=error)] * 3)
    telegram.drop_connections()
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    assert len(lines.of("cannot be reached")) == 1


async def test_a_second_poller_is_explained_in_one_line(telegram, chat, inbox, lines):
    ana = telegram.person("Ana")
    await telegram.until(lambda: telegram.updates.waiting)
    telegram.faults.plan(
        "getUpdates",
        *[Fault(kind="refuse", status=409, error="Conflict: terminated by other getUpdates")] * 3,
    )
    telegram.updates.end_poll()
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    (line,) = lines.of("409")
    assert "same token" in line
    assert "stop the other one" in line


async def test_a_server_that_knows_no_stop_of_drafts_is_polled_without_it(telegram, inbox, lines):
    ana = telegram.person("Ana")
    old = Fault(kind="refuse", status=400, error="Bad Request: unknown type in allowed_updates")
    telegram.faults.plan("getUpdates", old)
    async with running(chat_of(telegram), inbox):
        for count in (1, 2):
            await telegram.say(telegram.dm(ana), ana, "hi")
            await inbox.until(count)
    known = ["message", "edited_message", "callback_query", "my_chat_member"]
    assert telegram.updates.asked == known
    assert [each.status for each in telegram.requests.of("getUpdates")][:2] == [400, 200]
    assert lines.of("reached") == []


async def test_a_webhook_that_somebody_left_is_removed(telegram, inbox):
    telegram.updates.hook(Webhook(url="http://127.0.0.1:9/x"))
    ana = telegram.person("Ana")
    await telegram.say(telegram.dm(ana), ana, "hi")
    async with running(chat_of(telegram), inbox):
        await inbox.until(1)
        telegram.updates.hook(Webhook(url="http://127.0.0.1:9/x"))
        await telegram.say(telegram.dm(ana), ana, "again")
        await inbox.until(2)
    assert telegram.requests.of("deleteWebhook")


async def test_being_thrown_out_is_a_line_and_the_others_go_on(telegram, chat, inbox, lines):
    ana = telegram.person("Ana")
    lab = telegram.group("Lab", ana)
    await telegram.until(lambda: telegram.updates.waiting)
    await telegram.kick(lab, ana)
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    assert lines.of("removed from Lab")


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault(kind="refuse", status=429, retry_after=20), 20),
        (Fault(kind="refuse", status=500, error="no"), admins.AGAIN_SECONDS),
    ],
)
async def test_a_group_that_once_did_not_tell_its_admins_is_asked_again_soon(
    telegram, inbox, fault, seconds
):
    ana, clock = telegram.person("Ana"), FakeClock()
    lab = telegram.group("Lab", ana)
    telegram.faults.plan("getChatAdministrators", fault)
    async with running(chat_of(telegram, clock=clock), inbox):
        for passed in (0, seconds - 1, 2):
            clock.advance(passed)
            await telegram.command(lab, ana, "moa")
            await inbox.until(len(inbox.heard) + 1)
    known = [each.author.is_admin for each in inbox.heard if isinstance(each, Command)]
    assert known == [False, False, True]


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


async def test_menus_are_set_by_a_server_that_does_not_tell_which_there_are(telegram, inbox):
    unknown = Fault(kind="refuse", status=404, error="Not Found")
    telegram.faults.plan("getMyCommands", *[unknown] * 3)
    async with running(chat_of(telegram), inbox):
        await telegram.until(lambda: len(telegram.account.commands) == 3)
    assert all(
        "ask" in {each["command"] for each in listed}
        for listed in telegram.account.commands.values()
    )


async def test_menus_that_are_refused_are_a_line(telegram, inbox, lines):
    telegram.faults.plan("setMyCommands", Fault(kind="refuse", status=400, error="no"))
    ana = telegram.person("Ana")
    async with running(chat_of(telegram), inbox):
        await lines.until("menu")
        await telegram.say(telegram.dm(ana), ana, "hi")
        await inbox.until(1)
    assert len(lines.of("menu")) == 1
    assert [each.text for each in inbox.heard] == ["hi"]


async def test_menus_that_are_not_set_at_once_are_set_later(telegram, inbox, lines, monkeypatch):
    monkeypatch.setattr(menus, "PAUSE", 0.02)
    telegram.faults.plan(
        "setMyCommands", Fault(kind="reset"), Fault(kind="refuse", status=429, retry_after=1)
    )
    async with running(chat_of(telegram), inbox):
        await telegram.until(lambda: len(telegram.account.commands) == 3)
    tries = telegram.requests.of("setMyCommands")
    assert tries[2].at - tries[1].at >= 1
    assert lines.of("menu") == []


async def test_menus_that_cannot_be_set_are_given_up(telegram, inbox, lines, monkeypatch):
    monkeypatch.setattr(menus, "PAUSE", 0.02)
    telegram.faults.plan("setMyCommands", *[Fault(kind="refuse", status=500, error="no")] * 9)
    async with running(chat_of(telegram), inbox):
        await lines.until("menu")
    assert len(telegram.requests.of("setMyCommands")) == menus.TRIES


async def test_privacy_mode_is_explained(telegram, chat, lines):
    await lines.until("privacy mode", "/setprivacy")
    assert len(lines.of("privacy mode")) == 1


async def test_nothing_secret_is_in_the_log_however_much_is_logged(telegram, chat, inbox, lines):
    ana = telegram.person("Ana")
    await telegram.say(telegram.dm(ana), ana, "hi")
    await inbox.until(1)
    await chat.post(address(ana.id), CHOICE, delivery_id="d")
    assert telegram.token not in lines.text
