"""What Discord does to a connection: torn, asked to go, invalidated, forgotten; nothing is lost."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from types import SimpleNamespace

import pytest

from adapters.chat.discord import backfill, catchup
from adapters.chat.discord.backfill import PAGE, missed
from core.errors import ChatRefused, StoreFull
from tests.adapters.chat.discord.desk import DELIVERY, Inbox, chat_at, part, running
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.simulators.base import Fault
from tests.simulators.discord.simulator import DiscordSimulator

PAGES = 3


def caught_up(inbox: Inbox) -> bool:
    gap = inbox._gaps.get("discord")
    return gap is not None and gap.filled


async def heard(discord, bot, *texts: str) -> None:
    await discord.until(lambda: {each.text for each in bot.inbox.messages} >= set(texts))
    assert [each.text for each in bot.inbox.messages] == list(texts)


async def nowhere(channel: str, look: catchup.Look) -> None:
    raise AssertionError(channel)


async def tear(discord):
    await discord.gateway.kill()


async def close_4000(discord):
    await discord.gateway.kill(4000)


async def op_7(discord):
    discord.gateway.ask_to_reconnect()


async def op_9_resumable(discord):
    discord.gateway.invalidate(resumable=True)


@pytest.mark.parametrize("cut", [tear, close_4000, op_7, op_9_resumable])
async def test_a_session_is_resumed_and_nothing_said_meanwhile_is_lost(discord, cut):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        await discord.say(place, ada, "one")
        await heard(discord, bot, "one")
        before = discord.gateway.connected
        await cut(discord)
        await discord.say(place, ada, "two")
        await heard(discord, bot, "one", "two")
        assert before
    assert not discord.requests.of("get_messages")


@pytest.mark.parametrize("there", [None, "ws://127.0.0.1:9/", "nonsense"], ids=str)
@pytest.mark.parametrize("cut", [tear, op_7])
async def test_a_session_is_resumed_where_it_began_if_it_cannot_be_resumed_elsewhere(
    discord, there, cut, caplog
):
    caplog.set_level(logging.WARNING)
    discord.gateway.resume_url = there
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        await cut(discord)
        await discord.say(place, ada, "one")
        await heard(discord, bot, "one")
    assert (discord.gateway.identified, discord.gateway.resumed) == (1, 1)
    assert not caplog.records  # it was tried at once


@pytest.mark.parametrize("lively", [True, False])
async def test_a_connection_that_acknowledges_nothing_is_left_and_resumed(lively):
    async with DiscordSimulator(scale=0, heartbeat=1.5) as discord:
        ada = discord.person("Ada")
        place = discord.dm(ada)
        async with running(discord) as bot:
            await discord.until(lambda: len(beats(discord)) > 2)
            assert discord.gateway.resumed == 0
            discord.gateway.acking = False
            before = len(beats(discord))
            await discord.until(lambda: len(beats(discord)) > before)
            if lively:
                discord.gateway.dispatch("TYPING_START", {})
            else:
                discord.gateway.pause()
            await discord.until(lambda: discord.gateway.resumed)
            discord.gateway.acking = True
            await discord.say(place, ada, "one")
            await heard(discord, bot, "one")
        assert discord.gateway.identified == 1


def beats(discord):
    return [each for each in discord.gateway.received if each["op"] == 1]


async def test_after_a_new_session_what_was_said_meanwhile_is_read_again(discord, monkeypatch):
    ada = discord.person("Ada")
    place, group = discord.dm(ada), discord.group("general", ada)
    async with running(discord) as bot:
        await discord.say(place, ada, "one")
        await discord.say(group, ada, "two", mention=True)
        await heard(discord, bot, "one", "two")
        discord.gateway.forget()
        await discord.gateway.kill()
        await discord.say(place, ada, "three")
        await discord.say(group, ada, "four", mention=True)
        await discord.until(lambda: len(bot.inbox.messages) == 4)
        assert {each.text for each in bot.inbox.messages} == {"one", "two", "three", "four"}
        four = next(each for each in bot.inbox.messages if each.text == "four")
        assert four.author.is_admin
        assert f"guild:{group.guild}" in four.author.circles


async def test_what_was_said_while_the_program_was_away_is_read_when_it_is_back(discord):
    ada = discord.person("Ada")
    dm, group, new = discord.dm(ada), discord.group("general", ada), discord.group("new", ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox) as bot:
        await discord.say(dm, ada, "one")
        asked = await discord.say(group, ada, "two", mention=True)
        await discord.until(lambda: len(inbox.messages) == 2)
        address = inbox.messages[1].address
        await bot.chat.post(address, part("2"), delivery_id=DELIVERY, reply_to=asked)
    await discord.say(dm, ada, "three")
    await discord.say(group, ada, "four", mention=True)
    await discord.say(group, ada, "five", thread=asked, mention=True)
    await discord.say(new, ada, "six", mention=True)
    async with running(discord, inbox=inbox):
        await discord.until(lambda: len(inbox.messages) == 6)
    texts = [each.text for each in inbox.messages]
    assert set(texts) == {"one", "two", "three", "four", "five", "six"}
    five = next(each for each in inbox.messages if each.text == "five")
    assert five.address == address


@pytest.mark.parametrize("known", [True, False])
async def test_a_server_that_numbers_channels_in_a_way_of_its_own_is_read_again(discord, known):
    """A channel in which nothing was said is told with its own number: that is no message's."""
    ada = discord.person("Ada")
    made, world, inbox = (
        discord.group("general", ada),
        discord.desk.world,
        Inbox(discord.changes.tell),
    )
    channel = world.channels.pop(made.id)
    channel.id = str(int(made.id) + (1 << 62))
    world.channels[channel.id] = channel
    place = replace(made, id=channel.id)
    async with running(discord, inbox=inbox):
        if known:
            await discord.say(place, ada, "one", mention=True)
            await discord.until(lambda: inbox.messages)
        await discord.until(lambda: caught_up(inbox))
    await discord.say(place, ada, "two", mention=True)
    async with running(discord, inbox=inbox):
        await discord.until(lambda: [each.text for each in inbox.messages][known:] == ["two"])
    assert [each.text for each in inbox.messages] == ["one", "two"][not known :]


@pytest.mark.parametrize("known", [True, False])
async def test_what_was_missed_is_stored_before_anything_newer_of_its_channel(discord, known):
    """Else a kill in between would leave it behind the newest message that is known."""
    ada = discord.person("Ada")
    place, new = discord.group("general", ada), discord.group("new", ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "one", mention=True)
        await discord.until(lambda: inbox.messages)
    where = place if known else new
    await discord.say(where, ada, "two", mention=True)
    discord.faults.plan("get_messages", Fault(kind="delay", seconds=0.3))
    async with running(discord, inbox=inbox):
        await discord.say(where, ada, "three", mention=True)
        await discord.until(lambda: len(inbox.messages) == 3)
    assert [each.text for each in inbox.messages] == ["one", "two", "three"]


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_what_was_missed_is_read_also_where_the_first_answers_are_lost(discord, kind):
    """Else it would lie behind what is stored next, and nobody would look for it again."""
    ada = discord.person("Ada")
    place = discord.dm(ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "one")
        await discord.until(lambda: inbox.messages)
    await discord.say(place, ada, "two")
    discord.faults.plan("get_messages", *[Fault(kind=kind)] * 4)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "three")
        await discord.until(lambda: len(inbox.messages) == 3)
    assert [each.text for each in inbox.messages] == ["one", "two", "three"]


async def test_a_channel_that_could_not_be_read_is_read_later(discord, monkeypatch):
    """Until then it is not said that all is here, and what is newer is not held up."""
    monkeypatch.setattr(backfill, "HELD", 0.0)
    monkeypatch.setattr(catchup, "PAUSES", (0.0,) * 3)
    ada = discord.person("Ada")
    place, other = discord.dm(ada), discord.group("general", ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "one")
        await discord.until(lambda: inbox.messages)
    await discord.say(place, ada, "two")
    await discord.say(other, ada, "three", mention=True)
    discord.faults.plan("get_messages", *[Fault(kind="drop")] * 3)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "four")
        await discord.until(lambda: len(inbox.messages) == 4)
        await discord.until(lambda: caught_up(inbox))
    assert {each.text for each in inbox.messages} == {"one", "two", "three", "four"}


async def test_a_channel_that_cannot_be_read_holds_up_nothing_new(discord, monkeypatch):
    """It is tried again by itself, and not for each message that is new there."""
    monkeypatch.setattr(backfill, "HELD", 0.0)
    monkeypatch.setattr(catchup, "PAUSES", (3600.0,))
    ada = discord.person("Ada")
    place = discord.dm(ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "one")
        await discord.until(lambda: inbox.messages)
    discord.faults.plan("get_messages", *[Fault(kind="drop")] * 1000)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "two")
        await discord.until(lambda: len(inbox.messages) == 2)
        asked = len(discord.requests.of("get_messages"))
        for number in range(5):
            await discord.say(place, ada, f"new {number}")
        await discord.until(lambda: len(inbox.messages) == 7)
        assert len(discord.requests.of("get_messages")) == asked
        assert not caught_up(inbox)


async def test_a_server_that_was_away_at_the_start_is_read_when_it_is_back(discord, monkeypatch):
    """Until then it is kept from where on, so a kill in between leaves nothing behind."""
    monkeypatch.setattr(catchup, "GUILDS", 0.0)
    ada = discord.person("Ada")
    place, far = discord.dm(ada), discord.group("far", ada, guild="far")
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "one")
        await discord.until(lambda: inbox.messages)
    await discord.say(far, ada, "two", mention=True)
    discord.gateway.late.add(far.guild)
    for minutes, text in enumerate(("three", "four"), 1):
        async with running(discord, inbox=inbox):
            await discord.say(place, ada, text, ago=-600 * minutes)
            await discord.until(lambda text=text: inbox.messages[-1].text == text)
            assert not caught_up(inbox)
    async with running(discord, inbox=inbox):
        await discord.outage(far, over=True)
        await discord.until(lambda: inbox.messages[-1].text == "two")
        await discord.until(lambda: caught_up(inbox))


async def test_a_server_that_comes_while_others_are_read_is_read_too(discord, monkeypatch):
    monkeypatch.setattr(catchup, "GUILDS", 0.0)
    ada = discord.person("Ada")
    place, far = discord.dm(ada), discord.group("far", ada, guild="far")
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(place, ada, "one")
        await discord.until(lambda: inbox.messages)
    await discord.say(far, ada, "two", mention=True)
    discord.gateway.late.add(far.guild)
    discord.faults.plan("get_messages", Fault(kind="delay", seconds=1.0))
    async with running(discord, inbox=inbox):
        await discord.until(lambda: discord.requests.of("get_messages"))
        await discord.outage(far, over=True)
        await discord.until(lambda: len(inbox.messages) == 2)
        await discord.until(lambda: caught_up(inbox))
    assert [each.text for each in inbox.messages] == ["one", "two"]


def test_a_server_that_comes_when_a_pause_is_just_over_is_not_passed_over():
    """What was to be read in it was put away with the pause."""

    async def scenario() -> None:
        missed = catchup.CatchUp(
            SimpleNamespace(setting=SimpleNamespace(platform="discord")),  # type: ignore[arg-type]
            MemoryStore(),
            nowhere,
        )
        loop = asyncio.get_running_loop()
        until = loop.time() + 5.0
        loop.call_at(until, missed._came.set)
        assert await missed._one_came(until)
        assert not await missed._one_came(until + 5.0)

    run_virtual(scenario())


async def test_what_was_said_in_an_outage_of_a_server_is_read_when_it_is_back(discord):
    ada = discord.person("Ada")
    place, far = discord.dm(ada), discord.group("far", ada, guild="far")
    async with running(discord) as bot:
        await discord.say(place, ada, "one")
        await discord.say(far, ada, "two", mention=True)
        await heard(discord, bot, "one", "two")
        await discord.outage(far)
        await discord.say(far, ada, "three", mention=True)
        await discord.say(place, ada, "four")
        await discord.outage(far, over=True)
        await discord.until(lambda: len(bot.inbox.messages) == 4)
    assert sorted(each.text for each in bot.inbox.messages) == ["four", "one", "three", "two"]


async def test_a_first_question_is_read_where_nothing_was_ever_said(discord):
    """The account has heard of channels, so it knows from where on."""
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.until(lambda: caught_up(inbox))
    await discord.say(place, ada, "one", mention=True)
    async with running(discord, inbox=inbox):
        await discord.until(lambda: inbox.messages)
    assert [each.text for each in inbox.messages] == ["one"]


async def test_all_private_chats_are_read_in_which_something_was_taken_in(discord, monkeypatch):
    """Discord lists none of them; so many have to be remembered."""
    monkeypatch.setattr(backfill, "GAP", 0.0)
    people = [discord.person(f"P{number}") for number in range(60)]
    places = [discord.dm(each) for each in people]
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        for place, person in zip(places, people, strict=True):
            await discord.say(place, person, "one")
        await discord.until(lambda: len(inbox.messages) == 60)
    await discord.say(places[0], people[0], "two")
    async with running(discord, inbox=inbox):
        await discord.until(lambda: len(inbox.messages) == 61)
    assert [each.text for each in inbox.messages] == [*["one"] * 60, "two"]


async def test_what_was_missed_is_read_page_by_page_and_not_without_end(discord, monkeypatch):
    monkeypatch.setattr(backfill, "PAGES", PAGES)
    ada = discord.person("Ada")
    place, busy = discord.dm(ada), discord.group("busy", ada)
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(busy, ada, "Hello?", mention=True)
        await discord.until(lambda: inbox.messages)
        await discord.say(place, ada, "Hello?")
        await discord.until(lambda: len(inbox.messages) == 2)
    for number in range(PAGE + 20):
        await discord.say(busy, ada, f"chat {number}")
    await discord.say(busy, ada, "And now?", mention=True)
    async with running(discord, inbox=inbox):
        await discord.until(lambda: len(inbox.messages) == 3)
    assert inbox.messages[-1].text == "And now?"
    read = [each.params["channel"] for each in discord.requests.of("get_messages")]
    assert read.count(busy.id) == 2
    for number in range(2 * PAGE * PAGES + 1):
        await discord.say(place, ada, f"word {number}")
    after = int(inbox.messages[1].message_id or 0)
    before = len(discord.requests.of("get_messages"))
    told = [each async for each in missed(chat_at(discord, inbox)._rest, place.id, after)]
    assert [each.content for each in told] == [f"word {n}" for n in range(2 * PAGE * PAGES)]
    assert len(discord.requests.of("get_messages")) - before == 2 * PAGES + 1


async def test_of_too_much_the_last_hour_is_read(discord, monkeypatch):
    """Else what was asked a minute ago would be left out for what nobody waits for any more."""
    monkeypatch.setattr(backfill, "PAGES", 1)
    ada = discord.person("Ada")
    busy = discord.dm(ada)
    first = await discord.say(busy, ada, "first", ago=3 * 86400)
    for number in range(3 * PAGE):
        await discord.say(busy, ada, f"talk {number}", ago=2 * 86400 - number)
    await discord.say(busy, ada, "And now?")
    inbox = Inbox(discord.changes.tell)
    told = [each async for each in missed(chat_at(discord, inbox)._rest, busy.id, int(first))]
    assert [each.content for each in told] == [*(f"talk {n}" for n in range(PAGE)), "And now?"]


async def test_a_message_waits_for_the_store_and_is_not_lost(discord, caplog):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        bot.inbox.refusals.append(StoreFull("The disk is full."))
        await discord.say(place, ada, "one")
        await discord.say(place, ada, "two")
        await heard(discord, bot, "one", "two")
    assert sum("The disk is full." in each.message for each in caplog.records) == 1


@pytest.mark.parametrize(
    "event",
    [
        ("MESSAGE_CREATE", {"id": "1"}),
        ("MESSAGE_CREATE", {"id": 5, "author": None}),
        ("INTERACTION_CREATE", {"type": 3}),
        ("GUILD_CREATE", {"id": "1", "channels": [{}]}),
        ("THREAD_CREATE", {}),
        ("NEVER_HEARD_OF", {"x": [1]}),
        ("READY", {}),
    ],
    ids=str,
)
async def test_a_malformed_dispatch_ends_nothing(discord, event, caplog):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        discord.gateway.dispatch(*event)
        await discord.say(place, ada, "still there?")
        await heard(discord, bot, "still there?")
    assert not [each for each in caplog.records if each.exc_info]


async def test_a_wrong_token_is_one_line_that_says_what_to_mend(discord, caplog):
    discord.token = "wrong"
    inbox = Inbox(discord.changes.tell)
    with pytest.raises(ChatRefused, match=r"token.*Developer Portal") as refused:
        await chat_at(discord, inbox).run(inbox)
    assert "\n" not in str(refused.value)
    assert "wrong" not in str(refused.value) + caplog.text


async def test_a_token_that_is_revoked_at_work_is_refused(discord):
    async with asyncio.TaskGroup() as group:
        inbox = Inbox(discord.changes.tell)
        task = group.create_task(refusal(chat_at(discord, inbox), inbox))
        await discord.until(lambda: discord.gateway.connected)
        await discord.gateway.kill(4004)
        assert "Reset Token" in await task


async def test_an_intent_that_is_not_switched_on_is_named(discord):
    inbox = Inbox(discord.changes.tell)
    text = await refusal(chat_at(discord, inbox, listen_all=True), inbox)
    assert "Message Content Intent" in text


async def refusal(chat, inbox) -> str:
    with pytest.raises(ChatRefused) as refused:
        await chat.run(inbox)
    return str(refused.value)


async def test_with_the_intent_everything_is_read():
    async with DiscordSimulator(scale=0, content_intent=True) as discord:
        ada = discord.person("Ada")
        place = discord.group("general", ada)
        async with running(discord, listen_all=True) as bot:
            await discord.say(place, ada, "just talking")
            await heard(discord, bot, "just talking")
            (message,) = bot.inbox.messages
            assert not message.addressed
            assert message.address.thread is None


async def test_it_starts_before_discord_is_there(discord, caplog):
    caplog.set_level(logging.WARNING)
    ada = discord.person("Ada")
    place = discord.dm(ada)
    await discord.stop()
    port = int(discord.api_base.split(":")[2].split("/")[0])
    inbox = Inbox(discord.changes.tell)
    chat = chat_at(discord, inbox)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(chat.run(inbox))
        await asyncio.sleep(0)  # the first attempt is refused at once
        discord._port = port
        await discord.start()
        await discord.until(lambda: discord.gateway.connected)
        await discord.say(place, ada, "hi")
        await discord.until(lambda: inbox.messages)
        task.cancel()
    assert [each.text for each in inbox.messages] == ["hi"]


async def test_two_accounts_of_one_process_have_their_own_discord(discord):
    ada = discord.person("Ada")
    async with DiscordSimulator(scale=0) as other:
        bob = other.person("Bob")
        async with running(discord) as one, running(other) as two:
            await discord.say(discord.dm(ada), ada, "to one")
            await other.say(other.dm(bob), bob, "to two")
            await heard(discord, one, "to one")
            await heard(other, two, "to two")
            assert [each.text for each in one.inbox.messages] == ["to one"]
            assert [each.text for each in two.inbox.messages] == ["to two"]
