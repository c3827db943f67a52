# Shows that the simulators let the bot go where the platforms do, and tell it what they tell.

from __future__ import annotations

import aiohttp
import pytest
import telegram

from tests.simulators.discord import DiscordSimulator
from tests.simulators.discord.rawclient import Wire
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.room import opened
from tests.simulators.test_telegram import running


async def test_telegram_takes_nothing_where_the_bot_is_no_member():
    async with running() as (people, bot):
        ann = people.person("Ann")
        group = people.group("Team", ann)
        assert await bot.api.leave_chat(int(group.id))
        with pytest.raises(telegram.error.Forbidden, match="not a member of the supergroup"):
            await bot.api.send_message(int(group.id), "Hello")
        with pytest.raises(telegram.error.Forbidden):
            await bot.api.leave_chat(int(group.id))
        await people.add(group, ann, admin=True)
        await bot.api.send_message(int(group.id), "Hello")
        me = await bot.api.get_chat_member(int(group.id), int(people.world.bot.id))
        assert me.status == "administrator"


async def test_slack_lets_the_bot_go_with_the_scope_of_the_kind_of_channel():
    async with SlackSimulator(scale=1e6) as slack, opened(slack) as room:
        private = slack.group("secret", room.ann, private=True)
        slack.backend.scopes -= {"channels:manage"}
        leave = "conversations.leave"
        assert await room.error(leave, channel=room.place.id) == "missing_scope"
        assert await room.error(leave, channel=private.id) == ""
        assert await room.error(leave, channel=private.id) == "channel_not_found"
        slack.backend.scopes |= {"channels:manage"}
        direct = slack.dm(room.ann)
        slack.backend.scopes |= {"im:write"}
        expected = "method_not_supported_for_channel_type"
        assert await room.error(leave, channel=direct.id) == expected
        general = slack.group("general", room.ann)
        assert await room.error(leave, channel=general.id) == "cant_leave_general"
        alone = slack.group("alone")
        assert await room.error(leave, channel=alone.id) == "last_member"
        assert await room.error(leave, channel="C0NOWHERE") == "channel_not_found"
        assert (await room.call(leave, channel=room.place.id))["ok"]
        again = await room.call(leave, channel=room.place.id)
        assert (again["ok"], again["not_in_channel"]) == (False, True)
        assert "error" not in again


async def test_slack_tells_who_came_with_the_scope_of_the_kind_of_channel():
    async with SlackSimulator(scale=1e6) as slack:
        ann = slack.person("ann")
        slack.backend.scopes -= {"groups:read"}
        for private in (False, True):
            place = slack.group("lab", ann, private=private, with_bot=False)
            await slack.invite(place, by=ann)
        await slack.until(lambda: len(slack.envelopes) >= 3)  # two joins, one of these
        events = [each.payload["event"] for each in slack.envelopes]
        told = [each for each in events if each["type"] == "member_joined_channel"]
        assert {(each["channel_type"], each["inviter"]) for each in told} == {("C", ann.id)}


async def test_discord_lets_the_bot_go_and_says_so():
    async with DiscordSimulator(scale=0) as sim, aiohttp.ClientSession() as session:
        ann = sim.person("Ann")
        place = sim.group("general", ann)
        wire = Wire(sim, session, ann, place)
        url = f"{sim.api_base}/users/@me/guilds/{place.guild}"
        headers = {"Authorization": f"Bot {sim.token}", "User-Agent": "DiscordBot (x, 1)"}
        async with session.delete(url, headers=headers) as answer:
            assert answer.status == 204
        async with session.delete(url, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (404, 10004)
        assert sim.world.bot.id not in sim.world.guilds[str(place.guild)].members
        status, body = await wire.send({"content": "x"})
        assert (status, body["code"]) == (403, 50001)
