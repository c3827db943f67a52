"""A turn in a real Discord client's eyes: asked, answered, edited, in threads, channels, DMs."""

from __future__ import annotations

import pytest

from core.errors import MessageGone
from tests.adapters.chat.discord.desk import DELIVERY, notice, panel, part, running


async def test_a_dm_is_heard_acknowledged_and_answered(discord):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        asked = await discord.say(place, ada, "What is 2 + 2?")
        await discord.until(lambda: bot.inbox.messages)
        (message,) = bot.inbox.messages
        assert (message.text, message.direct, message.addressed) == ("What is 2 + 2?", True, True)
        assert (message.author.id, message.author.name) == (ada.id, "Ada")
        assert message.message_id == asked
        await bot.chat.acknowledge(message)
        assert discord.reactions(place, asked) == ["👀"]
        posted = await bot.chat.post(
            message.address, part("It is", streaming=True), delivery_id=DELIVERY
        )
        await bot.chat.edit(message.address, posted, part("It is **four**."))
    (shown,) = discord.shown(place)
    assert shown.text.startswith("It is **four**.")
    assert "-# review · advisors 2/3" in shown.text
    assert shown.buttons == ("🔁 Retry",)
    assert shown.flags == {"no embeds"}
    assert not shown.pings
    assert bot.inbox.heard == [message]  # never its own


async def test_a_mention_opens_a_thread_and_what_is_said_there_stays_in_its_session(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord) as bot:
        asked = await discord.say(place, ada, "What is *love*?\nTell me", mention=True)
        await discord.until(lambda: bot.inbox.messages)
        (message,) = bot.inbox.messages
        assert message.address.channel == place.id
        assert message.address.thread == asked
        await bot.chat.acknowledge(message)
        await bot.chat.post(message.address, panel("ok"), delivery_id="p", reply_to=asked)
        await bot.chat.post(message.address, part("Hm."), delivery_id=DELIVERY, reply_to=asked)
        (thread,) = discord.threads(place)
        assert (thread.id, thread.name) == (asked, "What is *love*? Tell me")
        assert discord.shown(place) == []
        assert [each.text[:3] for each in discord.shown(thread)][1:] == ["Hm."]
        await discord.say(thread, ada, "More", mention=True)
        await discord.until(lambda: len(bot.inbox.messages) == 2)
        assert bot.inbox.messages[1].address == message.address


async def test_where_no_thread_may_be_made_the_answer_is_a_reply_and_replies_go_on(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    await discord.forbid(place, "threads")
    async with running(discord) as bot:
        asked = await discord.say(place, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
        address = bot.inbox.messages[0].address
        posted = await bot.chat.post(address, part("You."), delivery_id="1", reply_to=asked)
        await bot.chat.edit(address, posted, part("You!"))
        (shown,) = discord.shown(place)
        assert (shown.reply_to, shown.text[:4]) == (asked, "You!")
        await discord.say(place, ada, "Why?", reply_to=posted)
        await discord.until(lambda: len(bot.inbox.messages) == 2)
        assert bot.inbox.messages[1].address == address
        assert bot.inbox.messages[1].addressed


async def test_after_a_restart_it_finds_where_it_wrote(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord) as bot:
        asked = await discord.say(place, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
        address = bot.inbox.messages[0].address
        posted = await bot.chat.post(address, part("I", streaming=True), delivery_id="1")
    async with running(discord) as bot:
        await bot.chat.edit(address, posted, part("I am."))
        await bot.chat.post(address, part("More."), delivery_id="2")
        assert [each.text[:5] for each in discord.shown(place, thread=asked)] == ["I am.", "More."]
        await bot.chat.delete(address, posted)
        await bot.chat.delete(address, posted)
        with pytest.raises(MessageGone):
            await bot.chat.edit(address, posted, part("Gone"))


async def test_posting_needs_no_open_gateway(discord):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        await discord.say(place, ada, "Hi")
        await discord.until(lambda: bot.inbox.messages)
    address = bot.inbox.messages[0].address
    await bot.chat.post(address, notice("Good-bye"), delivery_id="1")
    assert [each.text for each in discord.shown(place)] == ["Good-bye"]


async def test_without_threads_a_mention_is_answered_in_the_channel(discord):
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord, threads="never") as bot:
        asked = await discord.say(place, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
        (message,) = bot.inbox.messages
        assert (message.address.channel, message.address.thread) == (place.id, None)
        await bot.chat.post(
            message.address, part("You."), delivery_id="1", reply_to=message.reply_to
        )
        assert [each.reply_to for each in discord.shown(place)] == [asked]
        assert discord.threads(place) == []


async def test_posting_twice_with_one_delivery_id_is_posting_once(discord):
    ada = discord.person("Ada")
    place = discord.dm(ada)
    async with running(discord) as bot:
        await discord.say(place, ada, "Hi")
        await discord.until(lambda: bot.inbox.messages)
        address = bot.inbox.messages[0].address
        first = await bot.chat.post(address, part("Hello"), delivery_id=DELIVERY)
        assert await bot.chat.post(address, part("Hello"), delivery_id=DELIVERY) == first
        assert len(discord.shown(place)) == 1
        since = bot.inbox.messages[0].at - 1000
        assert await bot.chat.find(address, DELIVERY, since=since) == first
        assert await bot.chat.find(address, "f" * 24, since=since) is None
