"""What Discord refuses, drops or is slow about: the right error, at once, and nothing twice."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import ChatBusy, ChatClosed, ChatError, ChatUnknown, MessageGone
from core.types import Address
from tests.adapters.chat.discord.desk import DELIVERY, Bot, panel, part, running
from tests.simulators.base import Fault
from tests.simulators.discord.simulator import DiscordSimulator


async def asked_in(discord, bot: Bot, place, person, *, mention: bool = False) -> Address:
    before = len(bot.inbox.messages)
    await discord.say(place, person, "Hi", mention=mention)
    await discord.until(lambda: len(bot.inbox.messages) > before)
    return bot.inbox.messages[-1].address


async def test_a_chat_that_has_to_wait_is_told_so_at_once_and_others_go_on(discord):
    ada, bob = discord.person("Ada"), discord.person("Bob")
    here, there = discord.dm(ada), discord.dm(bob)
    loop = asyncio.get_running_loop()
    async with running(discord) as bot:
        one = await asked_in(discord, bot, here, ada)
        two = await asked_in(discord, bot, there, bob)
        posted = await bot.chat.post(one, part("a", streaming=True), delivery_id=DELIVERY)
        discord.faults.plan("edit_message", Fault(kind="refuse", status=429, retry_after=75.5))
        began = loop.time()
        with pytest.raises(ChatBusy) as busy:
            await bot.chat.edit(one, posted, part("ab", streaming=True))
        assert busy.value.retry_after == pytest.approx(75.5, abs=5)
        with pytest.raises(ChatBusy) as busy:  # it is not even asked again before that time
            await bot.chat.edit(one, posted, part("abc", streaming=True))
        assert 50 < busy.value.retry_after <= 75.5
        assert len(discord.requests.of("edit_message")) == 1
        other = await bot.chat.post(two, part("a"), delivery_id="2")
        await bot.chat.edit(two, other, part("ab"))
        assert loop.time() - began < 50


async def test_a_limit_is_seen_coming():
    async with DiscordSimulator(scale=1) as discord:
        ada = discord.person("Ada")
        place = discord.dm(ada)
        async with running(discord) as bot:
            address = await asked_in(discord, bot, place, ada)
            posted = await bot.chat.post(address, part("0"), delivery_id=DELIVERY)
            for number in range(5):
                await bot.chat.edit(address, posted, part(str(number)))
            with pytest.raises(ChatBusy) as busy:
                await bot.chat.edit(address, posted, part("one more"))
            assert 0 < busy.value.retry_after <= 5
        assert not [each for each in discord.requests.entries if each.status == 429]


@pytest.mark.parametrize("method", ["create_message", "edit_message"])
@pytest.mark.parametrize("status", [500, 503])
async def test_a_passing_outage_ends_in_one_message(discord, method, status):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        address = await asked_in(discord, bot, place, ada)
        discord.faults.plan(method, Fault(kind="refuse", status=status))
        posted = await bot.chat.post(address, part("one"), delivery_id=DELIVERY)
        try:
            await bot.chat.edit(address, posted, part("two"))
        except ChatError:
            await bot.chat.edit(address, posted, part("two"))
    assert [each.text[:3] for each in discord.shown(place)] == ["two"]


@pytest.mark.parametrize("kind", ["drop", "reset"])
async def test_a_post_whose_answer_is_lost_is_posted_once(discord, kind):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        address = await asked_in(discord, bot, place, ada)
        discord.faults.plan("create_message", Fault(kind=kind))
        posted = await bot.chat.post(address, part("one"), delivery_id=DELIVERY)
        discord.faults.plan("create_message", Fault(kind=kind), Fault(kind=kind))
        with pytest.raises(ChatUnknown):
            await bot.chat.post(address, part("two"), delivery_id="b" * 24)
        again = await bot.chat.post(address, part("two"), delivery_id="b" * 24)
    assert [each.id for each in discord.shown(place)] == [posted, again]


@pytest.mark.parametrize("json_type", ["application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (404, "10008 Unknown Message", MessageGone),
        (404, "10003 Unknown Channel", ChatClosed),
        (403, "50001 Missing Access", ChatClosed),
        (403, "50013 Missing Permissions", ChatClosed),
        (400, "50035 Invalid Form Body", ChatError),
        (403, "50005 Cannot edit a message authored by another user", ChatError),
    ],
)
async def test_every_refusal_has_its_kind(status, error, kind, json_type):
    async with DiscordSimulator(scale=0, json_type=json_type) as discord:
        ada = discord.person("Ada")
        place = discord.dm(ada)
        async with running(discord) as bot:
            address = await asked_in(discord, bot, place, ada)
            posted = await bot.chat.post(address, part("one"), delivery_id=DELIVERY)
            fault = Fault(kind="refuse", status=status, error=error)
            discord.faults.plan("edit_message", fault)
            with pytest.raises(ChatError) as met:
                await bot.chat.edit(address, posted, part("two"))
    assert type(met.value).__mro__.index(kind) <= 2
    assert isinstance(met.value, ChatClosed) == (kind is ChatClosed)
    assert str(met.value).endswith(error.partition(" ")[2])


@pytest.mark.parametrize("error", ["50035 Invalid Form Body", "50006 Cannot send an empty message"])
async def test_where_components_are_refused_panels_become_text_for_good(discord, error):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    refusal = Fault(kind="refuse", status=400, error=error)
    async with running(discord) as bot:
        address = await asked_in(discord, bot, place, ada)
        discord.faults.plan("create_message", refusal)
        first = await bot.chat.post(address, panel("waiting"), delivery_id="1" * 24)
        second = await bot.chat.post(address, panel("waiting"), delivery_id="2" * 24)
        await bot.chat.edit(address, first, panel("ok", settled=True))
    shown = discord.shown(place)
    assert [each.id for each in shown] == [first, second]
    assert all("v2" not in each.flags for each in shown)
    assert "✓ model_1 · done" in shown[0].text


async def test_a_panel_is_edited_as_it_was_posted_also_after_a_restart(discord):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    refusal = Fault(kind="refuse", status=400, error="50035 Invalid Form Body")
    async with running(discord) as bot:
        address = await asked_in(discord, bot, place, ada)
        layout = await bot.chat.post(address, panel("waiting"), delivery_id="1" * 24)
        discord.faults.plan("create_message", refusal)
        plain = await bot.chat.post(address, panel("waiting"), delivery_id="2" * 24)
    async with running(discord) as bot:
        for message in (layout, plain, layout, plain):
            await bot.chat.edit(address, message, panel("ok", settled=True))
    assert all("✓ model_1 · done" in each.text for each in discord.shown(place))


async def test_a_place_that_is_gone_is_closed(discord):
    ada = discord.person("Ada")
    group, other, dm = discord.group("general", ada), discord.group("b", ada), discord.dm(ada)
    async with running(discord) as bot:
        address = await asked_in(discord, bot, group, ada, mention=True)
        posted = await bot.chat.post(address, part("one"), delivery_id="1" * 24)
        await discord.remove(group, thread=address.thread)
        with pytest.raises((ChatClosed, MessageGone)):
            await bot.chat.edit(address, posted, part("two"))
        with pytest.raises(ChatClosed):
            await bot.chat.post(address, part("two"), delivery_id="2" * 24)
        assert not discord.threads(group)
        second = await asked_in(discord, bot, other, ada, mention=True)
        await discord.kick(group)
        with pytest.raises(ChatClosed):
            await bot.chat.post(second, part("two"), delivery_id="2" * 24)
        direct = await asked_in(discord, bot, dm, ada)
        discord.block(ada)
        with pytest.raises(ChatClosed):
            await bot.chat.post(direct, part("three"), delivery_id="3" * 24)


async def test_an_archived_thread_is_opened_by_writing_and_a_locked_one_is_closed(discord):
    ada = discord.person("Ada")
    group = discord.group("general", ada)
    async with running(discord) as bot:
        address = await asked_in(discord, bot, group, ada, mention=True)
        await bot.chat.post(address, part("one"), delivery_id="1" * 24)
        await discord.archive(group, thread=address.thread)
        await bot.chat.post(address, part("two"), delivery_id="2" * 24)
        assert len(discord.shown(group, thread=address.thread)) == 2
        await discord.archive(group, thread=address.thread, locked=True)
        with pytest.raises(ChatClosed):
            await bot.chat.post(address, part("three"), delivery_id="3" * 24)


async def test_a_thread_that_is_put_away_in_mid_turn_is_brought_back_by_an_edit(discord):
    ada = discord.person("Ada")
    group = discord.group("general", ada)
    theirs = await discord.thread(group, ada, "Ours")
    async with running(discord) as bot:
        address = await asked_in(discord, bot, theirs, ada, mention=True)
        posted = await bot.chat.post(address, part("o", streaming=True), delivery_id="1" * 24)
        await discord.archive(group, thread=theirs.id)
        await bot.chat.edit(address, posted, part("one"))
        assert [each.text[:3] for each in discord.shown(theirs)] == ["one"]
        away = Fault(kind="refuse", status=400, error="50083 Thread is archived")
        discord.faults.plan("edit_message", away, away)
        with pytest.raises(MessageGone):  # so that the answer is posted anew
            await bot.chat.edit(address, posted, part("two"))
        discord.faults.plan("create_message", away)
        await bot.chat.post(address, part("two"), delivery_id="2" * 24)
        assert [each.text[:3] for each in discord.shown(theirs)] == ["one", "two"]
        await discord.archive(group, thread=theirs.id, locked=True)
        with pytest.raises(ChatClosed):
            await bot.chat.edit(address, posted, part("three"))


async def test_an_acknowledgement_that_is_not_allowed_is_left_out(discord):
    ada = discord.person("Ada")
    group = discord.group("general", ada)
    await discord.forbid(group, "reactions")
    async with running(discord) as bot:
        await asked_in(discord, bot, group, ada, mention=True)
        (message,) = bot.inbox.messages
        await bot.chat.acknowledge(message)
        assert discord.reactions(group, message.message_id or "") == []


async def test_the_token_is_never_logged_or_shown(discord, caplog):
    caplog.set_level("DEBUG")
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        address = await asked_in(discord, bot, place, ada)
        discord.faults.plan("create_message", Fault(kind="refuse", status=401, error="0 401"))
        with pytest.raises(ChatError) as met:
            await bot.chat.post(address, part("one"), delivery_id=DELIVERY)
        assert discord.token not in str(met.value)
        assert discord.token not in repr(bot.chat) + repr(bot.chat._options)
    assert discord.token not in "\n".join(
        each.getMessage() for each in caplog.records if each.name.startswith("adapters")
    )
