"""Shows that what was perhaps posted is found however much was said since (P2)."""

from __future__ import annotations

import pytest

from adapters.chat.discord import search
from core.errors import ChatUnknown
from tests.adapters.chat.discord.desk import DELIVERY, part, running

CROWD = 300


@pytest.mark.parametrize("where", ["channel", "thread", "dm"])
@pytest.mark.parametrize("first", [True, False])
async def test_an_answer_is_found_below_three_hundred_newer_messages(discord, where, first):
    """With `first` it stands before them, else behind them: Discord lists the oldest first."""
    ada = discord.person("Ada")
    place = discord.dm(ada) if where == "dm" else discord.group("general", ada)
    async with running(discord, threads="auto" if where == "thread" else "never") as bot:
        asked = await discord.say(place, ada, "Who?", mention=where != "dm")
        await discord.until(lambda: bot.inbox.messages)
        (message,) = bot.inbox.messages
        at = {"thread": asked} if where == "thread" else {}
        begun = await bot.chat.post(message.address, part("I"), delivery_id="0" * 24)

        async def posted() -> str:
            return await bot.chat.post(message.address, part("You."), delivery_id=DELIVERY)

        answer = await posted() if first else ""
        for number in range(CROWD):
            await discord.say(place, ada, f"{number}", **at)
        answer = answer or await posted()
        assert answer != begun
    async with running(discord) as bot:
        found = await bot.chat.find(message.address, DELIVERY, since=message.at, frame=part("You."))
        assert found == answer
        other = part("Nobody.")
        assert not await bot.chat.find(message.address, "e" * 24, since=message.at, frame=other)


async def test_reading_ends_behind_so_many_pages_and_nobody_claims_to_know(discord, monkeypatch):
    monkeypatch.setattr(search, "MOST_PAGES", 2)
    ada = discord.person("Ada")
    place = discord.group("general", ada)
    async with running(discord, threads="never") as bot:
        await discord.say(place, ada, "Who?", mention=True)
        await discord.until(lambda: bot.inbox.messages)
        (message,) = bot.inbox.messages
        answer = await bot.chat.post(message.address, part("You."), delivery_id=DELIVERY)
        for number in range(CROWD):
            await discord.say(place, ada, f"{number}")
        found = await bot.chat.find(message.address, DELIVERY, since=message.at, frame=part("You."))
        assert found == answer  # it stands on the first page, and no more is read
        with pytest.raises(ChatUnknown, match="more was written"):
            await bot.chat.find(message.address, "e" * 24, since=message.at, frame=part("Nobody."))
