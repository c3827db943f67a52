"""Shows when the bot was brought into a group of Telegram's, and how it leaves one."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.chat.telegram.account import Me
from adapters.chat.telegram.arrivals import Setting
from adapters.chat.telegram.normalise import normalise
from adapters.chat.telegram.reading import read
from core.errors import ChatError
from core.types import Added, Message
from tests.adapters.chat.telegram.conftest import chat_of, running
from tests.simulators.base import Fault

US = {"id": 700, "is_bot": True, "first_name": "MoA", "username": "moa_bot"}
ANN = {"id": 501, "is_bot": False, "first_name": "Ann"}
LAB = {"id": -1001, "type": "supergroup", "title": "Lab"}


def changed(before: str, after: str, chat: dict[str, Any] | None = None, **more: Any) -> object:
    """Read a change of the bot's standing as a server tells it that leaves out all it may."""
    update = {
        "chat": chat or LAB,
        "from": ANN,
        "date": 1_700_000_000,
        "old_chat_member": {"user": US, "status": before},
        "new_chat_member": {"user": US, "status": after, **more},
    }
    setting = Setting(
        platform="telegram", me=Me(id=700, username="moa_bot", reads_all=False), now=5
    )
    return normalise(read({"update_id": 3, "my_chat_member": update}), setting)


@pytest.mark.parametrize("before", ["left", "kicked"])
@pytest.mark.parametrize("after", ["member", "administrator", "restricted"])
def test_it_was_brought_in(before, after):
    added = changed(before, after)
    assert isinstance(added, Added)
    assert (added.place, added.rooms, added.circles) == ("-1001", ("-1001",), ("chat:-1001",))
    assert (added.author.id, added.author.circles) == ("501", ("chat:-1001",))
    assert (added.me, added.suffix, added.at) == ("@moa_bot", "@moa_bot", 1_700_000_000_000)
    assert added.hears == (after == "administrator")
    assert not added.threads


@pytest.mark.parametrize(
    ("before", "after", "more"),
    [
        ("member", "administrator", {}),
        ("administrator", "member", {}),
        ("restricted", "member", {}),
        ("member", "left", {}),
        ("member", "kicked", {}),
        ("left", "kicked", {}),
        ("left", "restricted", {"is_member": False}),
    ],
)
def test_another_standing_is_no_arrival(before, after, more):
    assert changed(before, after, **more) is None


def test_a_private_chat_is_nowhere_that_it_was_brought():
    private = {"id": 501, "type": "private", "first_name": "Ann"}
    assert changed("kicked", "member", private) is None


def test_in_a_broadcast_channel_it_has_nothing_to_say():
    added = changed("left", "administrator", {"id": -1002, "type": "channel", "title": "News"})
    assert isinstance(added, Added)
    assert (added.rooms, added.circles) == ((), ("chat:-1002",))


def test_what_somebody_sends_by_way_of_the_bot_is_the_bot_s():
    message = {"message_id": 9, "date": 1, "text": "@moa_bot hello", "from": ANN, "chat": LAB}
    me = Me(id=700, username="moa_bot", reads_all=True)
    setting = Setting(platform="telegram", me=me, now=5)
    said = normalise(read({"update_id": 1, "message": message}), setting)
    assert isinstance(said, Message)
    echo = message | {"via_bot": US}
    assert normalise(read({"update_id": 2, "message": echo}), setting) is None


# --- for real -------------------------------------------------------------------------------


async def test_it_knows_who_is_there_and_leaves_once(telegram, inbox):
    chat = chat_of(telegram)
    ann, ben = telegram.person("Ann"), telegram.person("Ben")
    group = telegram.group("Lab", ann)
    async with running(chat, inbox):
        await inbox.changes.until(lambda: inbox.arrivals)
        (added,) = inbox.arrivals
        assert added.place == group.id
        assert not added.hears  # privacy mode
        assert not await chat.present(added, {ben.id, "1"})
        assert await chat.present(added, {ben.id, ann.id})
        await chat.leave(added)
        assert int(telegram.world.bot.id) not in telegram.chat(group).members
        await chat.leave(added)


async def test_that_it_could_not_leave_is_told(telegram, inbox):
    chat = chat_of(telegram)
    telegram.group("Lab", telegram.person("Ann"))
    async with running(chat, inbox):
        await inbox.changes.until(lambda: inbox.arrivals)
        telegram.faults.plan("leaveChat", Fault(kind="refuse", status=400, error="Bad Request: no"))
        with pytest.raises(ChatError, match="Telegram: No"):
            await chat.leave(inbox.arrivals[0])
