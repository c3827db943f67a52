"""The small decisions: where missed messages are looked for, which post is which, what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web
from discord.http import Route

from adapters.chat.discord import routes
from adapters.chat.discord.backfill import TAKEN, TOLD, floor, known, listened, plan
from adapters.chat.discord.lanes import Lanes
from adapters.chat.discord.login import gateway_of, log_in
from adapters.chat.discord.menu import choices, menu, sync
from adapters.chat.discord.places import Places
from adapters.chat.discord.render import Body, Upload
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.rooms import Rooms
from adapters.chat.discord.search import carrying, messages_in
from core.errors import ChatError, ChatUnknown
from core.menu import MENU, Entry
from core.types import Address
from tests.adapters.chat.discord.desk import DELIVERY, part, running
from tests.simulators.base import Changes, Fault

MINUTE = 60_000 << 22
NOW = 1_300_000_000_000_000_000


def at(channel: str, thread: str | None = None) -> Address:
    return Address(platform="discord", channel=channel, thread=thread)


# --- where to look for what was missed --------------------------------------------------------


def wanted(bookmarks, seen, newest) -> list[tuple[str, int]]:
    taken = known(bookmarks, seen)
    return plan(taken, floor(taken), newest)


def test_it_looks_after_the_last_message_of_each_place():
    recent = {at("1"): str(NOW), at("2"): str(NOW - MINUTE)}
    assert wanted(recent, {}, ()) == [("1", NOW), ("2", NOW - MINUTE)]


def test_what_is_older_than_the_newest_was_listened_to():
    old = {at("1"): str(NOW), at("2"): str(NOW - 60 * MINUTE)}
    assert wanted(old, {}, ()) == [("1", NOW), ("2", NOW - 2 * MINUTE)]


def test_a_thread_whose_number_is_none_of_a_message_hides_nothing_of_its_channel():
    there = wanted({at("1", str(NOW + MINUTE)): str(NOW)}, {}, ())
    assert there == [(str(NOW + MINUTE), NOW), ("1", NOW)]


def test_a_first_start_has_listened_up_to_the_newest_message_and_no_number_of_a_channel():
    assert listened([("1", str(NOW)), (str(NOW + 1), str(NOW + 1)), ("2", "")]) == NOW
    assert listened([(str(NOW), str(NOW))]) == 1  # whatever is said there from now on is missed
    assert listened([]) == 0


def test_a_thread_is_looked_into_and_so_is_the_channel_it_came_from():
    root = NOW - 90 * MINUTE
    there = wanted({at("1", str(root)): str(NOW)}, {}, ())
    assert there == [(str(root), NOW), ("1", NOW - 2 * MINUTE)]


def test_a_channel_that_was_never_written_in_is_looked_into_if_it_is_livelier_than_we():
    newest = [("7", str(NOW + MINUTE)), ("8", str(NOW - 60 * MINUTE)), ("9", "")]
    there = dict(wanted({at("1"): str(NOW)}, {}, newest))
    assert there == {"1": NOW, "7": NOW - 2 * MINUTE, "9": NOW - 2 * MINUTE}
    assert wanted({}, {}, newest) == []  # a first start has missed nothing


def test_what_this_process_saw_counts_and_there_is_a_limit():
    seen = {str(n): NOW + n for n in range(TAKEN + 30)}
    there = wanted({at("5"): "not a number"}, seen, ())
    assert len(there) == TAKEN
    assert there[0] == (f"{TAKEN + 29}", NOW + TAKEN + 29)
    newest = [(f"new {n}", str(NOW + MINUTE + n)) for n in range(TOLD + 10)]
    there = wanted({}, seen, newest)
    assert len(there) == TAKEN + TOLD
    assert there[0][0] == f"new {TOLD + 9}"


def test_a_channel_is_looked_into_if_it_is_told_to_have_something_new_however_many_are_livelier():
    seen = {str(n): NOW + n for n in range(TAKEN + 30)}
    newest = [("0", str(NOW + MINUTE)), ("1", str(NOW + 1))]
    there = dict(wanted({}, seen, newest))
    assert there["0"] == NOW
    assert "1" not in there  # nothing was said there since


def test_ids_that_are_small_are_read_from_the_first():
    assert wanted({at("1"): "7"}, {}, [("2", "9")]) == [("2", 1), ("1", 7)]


async def test_work_that_takes_long_holds_up_nothing_of_other_channels():
    began, done = asyncio.Event(), list[int]()
    forever, changes = asyncio.Event(), Changes()

    async def work(item: int) -> None:
        if item < 0:
            began.set()
            await forever.wait()
        done.append(item)
        changes.tell()

    lanes = Lanes[int](work)
    async with asyncio.TaskGroup() as group:
        tasks = lanes.start(group)
        for number in range(100):
            await lanes.put("slow", -1 - number)
        await began.wait()
        for number in range(200):
            await lanes.put(str(number % 40), number)
        await changes.until(lambda: len(done) == 200)
        for key in range(40):
            assert [each for each in done if each % 40 == key] == list(range(key, 200, 40))
        forever.set()
        await changes.until(lambda: len(done) == 300)
        assert done[200:] == list(range(-1, -101, -1))
        for task in tasks:
            task.cancel()


async def test_a_hundred_channels_that_wait_for_the_store_hold_up_no_other():
    forever, changes, done = asyncio.Event(), Changes(), list[int]()

    async def work(item: int) -> None:
        if item < 0:
            await forever.wait()
        done.append(item)
        changes.tell()

    lanes = Lanes[int](work)
    async with asyncio.TaskGroup() as group:
        tasks = lanes.start(group)
        for number in range(100):
            await lanes.put(f"slow {number}", -1)
        await lanes.put("other", 1)
        await changes.until(lambda: bool(done))
        assert done == [1]
        forever.set()
        await changes.until(lambda: len(done) == 101)
        assert done[1:] == [-1] * 100
        for task in tasks:
            task.cancel()


# --- which post is which ----------------------------------------------------------------------


def posted(
    id_: str,
    *,
    custom_id: str = "",
    nonce: str | None = None,
    content: str = "",
    files: Sequence[str] = (),
) -> Any:
    rows = [{"type": 1, "components": [{"type": 2, "custom_id": custom_id}]}] if custom_id else []
    return {
        "id": id_,
        "channel_id": "9",
        "author": {"id": "1"},
        "content": content,
        "attachments": [{"id": "1", "filename": each} for each in files],
        "components": [{"type": 17, "components": rows}] if rows else [],
        "nonce": nonce,
    }


def read(*given: Any) -> list[Any]:
    return list(messages_in(list(given)))


def test_a_lost_post_is_found_by_its_buttons_or_its_nonce():
    others = [posted("2", custom_id="stop:t:~" + "0" * 24), {}]
    sign = posted("3", custom_id=f"stop:t:~{DELIVERY}")
    assert carrying(read(*others, sign), DELIVERY) == "3"
    assert carrying(read(*others, posted("4", nonce=DELIVERY)), DELIVERY) == "4"
    assert carrying(read(*others), DELIVERY) is None
    assert not list(messages_in("nonsense"))


def test_a_message_of_ours_without_a_sign_leaves_it_open():
    with pytest.raises(ChatUnknown):
        carrying(read(posted("1")), DELIVERY)
    with pytest.raises(ChatUnknown):
        carrying(read(posted("1")), DELIVERY, Body(json={}, layout=True))


def test_a_part_whose_nonce_is_forgotten_is_told_by_what_it_says():
    """P2: after five minutes it would be posted again, and Discord would not know it."""
    others = [posted("1", content="Another."), posted("2", files=["a.py"]), posted("5")]
    wanted = Body(json={"content": "Once. "})
    there = read(*others, posted("3", content="Once."))
    assert carrying(there, DELIVERY, wanted) == "3"
    assert carrying(read(*others), DELIVERY, wanted) is None
    file = Body(json={}, file=Upload(name="a.py", data=b""))
    assert carrying(there, DELIVERY, file) == "2"


async def test_looking_for_a_post_before_its_thread_was_made_does_not_keep_it_from_being_made(
    discord,
):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord) as bot:
        asked = await discord.say(place, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
    (message,) = bot.inbox.messages
    async with running(discord) as bot:
        assert await bot.chat.find(message.address, DELIVERY, since=message.at) is None
        first = await bot.chat.post(message.address, part("You."), delivery_id=DELIVERY)
        assert [each.id for each in discord.shown(place, thread=asked)] == [first]
        assert await bot.chat.find(message.address, DELIVERY, since=message.at) == first
        await bot.chat.edit(message.address, first, part("You!"))
        assert await bot.chat.find(message.address, DELIVERY, since=message.at) == first


async def test_a_thread_of_theirs_is_written_into_also_where_none_may_be_made(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    thread = await discord.thread(place, ada, "Ours")
    async with running(discord) as bot:
        await discord.say(thread, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
    (message,) = bot.inbox.messages
    await discord.archive(place, thread=thread.id)
    await discord.forbid(place, "threads")
    async with running(discord) as bot:
        await bot.chat.post(message.address, part("You."), delivery_id=DELIVERY)
    assert discord.shown(place) == []
    assert len(discord.shown(thread)) == 1


async def test_a_thread_whose_making_is_not_answered_is_made_once(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord) as bot:
        await discord.say(place, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
        address = bot.inbox.messages[0].address
        discord.faults.plan("create_thread", Fault(kind="drop"))
        with pytest.raises(ChatError) as met:
            await bot.chat.post(address, part("You."), delivery_id=DELIVERY)
        assert not isinstance(met.value, ChatUnknown)  # nothing was posted, for sure
        await bot.chat.post(address, part("You."), delivery_id=DELIVERY)
        assert len(discord.threads(place)) == 1
        assert len(discord.shown(place, thread=address.thread)) == 1


# --- the menu ---------------------------------------------------------------------------------


def test_every_command_is_in_the_menu_with_what_discord_asks_of_it():
    for command, entry in zip(menu(), MENU, strict=True):
        assert command["name"] == entry.name
        assert 0 < len(str(command["description"])) <= 100
        assert command["contexts"] == [0, 1]
        managers = command["default_member_permissions"] == "32"  # shown to nobody else
        assert managers is (entry.who in {"admins", "operators"}), entry.name
    long = menu([Entry(name="x", summary="y" * 300)])
    assert len(str(long[0]["description"])) == 100


def test_what_begins_so_is_offered_first():
    offered = choices(["a fast one", "fast", "slow", "faster", ""], " FAS ")
    data = offered["data"]
    assert isinstance(data, dict)
    assert [each["name"] for each in data["choices"]] == ["fast", "faster", "a fast one"]


async def test_a_menu_that_cannot_be_registered_is_one_line(discord, caplog):
    refusal = Fault(kind="refuse", status=403, error="50001 Missing Access")
    discord.faults.plan("put_commands", refusal)
    rest = Rest(discord.token, discord.api_base)
    application = discord.desk.world.application_id
    await sync(rest, application)
    assert [each.levelname for each in caplog.records] == ["WARNING"]
    await sync(rest, application)
    await sync(rest, application)
    assert len(discord.requests.of("put_commands")) == 2


# --- against servers that are not quite Discord -----------------------------------------------


async def test_json_is_read_however_it_is_spelled_and_the_library_s_address_stays(serve):
    rest = await serve(lambda _request: web.json_response({"id": "7", "username": "moa"}))
    base = Route.BASE
    assert (await log_in(rest)).user == "7"
    assert Route.BASE == base == "https://discord.com/api/v10"


async def test_a_server_that_knows_no_gateway_leaves_discord_s_own_to_discord_alone(serve):
    rest = await serve(lambda _request: web.Response(status=404))
    with pytest.raises(ChatError, match="gateway_url"):  # the token goes nowhere else
        await gateway_of(rest, None)
    assert str(await gateway_of(rest, "ws://127.0.0.1:1/g")) == "ws://127.0.0.1:1/g"
    rest = await serve(lambda _request: web.json_response({"url": "wss://g.example"}))
    assert str(await gateway_of(rest, None)).startswith("wss://g.example")


async def test_a_server_with_the_gateway_for_everybody_alone_is_believed(serve):
    def answer(request):
        known = request.path == "/api/v10/gateway"
        return web.json_response(
            {"url": "ws://127.0.0.1:1"} if known else {}, status=200 if known else 404
        )

    assert str(await gateway_of(await serve(answer), None)).startswith("ws://127.0.0.1:1")


async def test_what_is_no_thread_is_not_written_into_where_none_can_be_made(serve):
    def answer(request):
        if request.method == "POST":
            return web.json_response({"message": "404: Not Found", "code": 0}, status=404)
        return web.json_response({"id": "5", "type": 0})

    rooms = Rooms(await serve(answer), Places(), "auto")
    assert await rooms.for_post(at("4", "5")) == "4"


async def test_a_server_that_is_not_there_is_an_error_and_nothing_was_posted():
    rest = Rest("token", "http://127.0.0.1:9/api")
    with pytest.raises(ChatError) as met:
        await rest.call(routes.messages("POST", "1"), json={"content": "x"})
    assert not isinstance(met.value, ChatUnknown)
