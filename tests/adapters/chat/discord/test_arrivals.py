"""Shows when the bot is new in a server of Discord's, where it would speak, how it leaves."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adapters.chat.discord import servers, shapes
from adapters.chat.discord.arrivals import Servers, added
from adapters.chat.discord.normalise import Setting, message_of
from adapters.chat.discord.places import Place, Places
from core.errors import ChatError
from tests.adapters.chat.discord.desk import running
from tests.simulators.base import Fault

SETTING = Setting(
    platform="discord", me="1", places=Places(), application="2", name="MoA", hears=True
)
HIDDEN = [{"id": "42", "type": 0, "deny": "1024", "allow": "0"}]


def guild(**more: Any) -> servers.Guild:
    return shapes.read({"id": "42", **more}, servers.Guild)


def channel(number: int, kind: int = 0, **more: Any) -> dict[str, Any]:
    return {"id": f"c{number}", "type": kind, "position": number, **more}


def test_a_server_is_new_that_the_session_did_not_begin_with():
    known = Servers()
    known.begin(["42"])
    assert not known.is_new("GUILD_CREATE", guild(unavailable=False))
    assert not known.is_new("GUILD_CREATE", guild())
    other = guild(id="43")
    assert known.is_new("GUILD_CREATE", other)
    assert not known.is_new("GUILD_CREATE", other)


def test_an_outage_is_no_farewell_and_its_end_no_arrival():
    known = Servers()
    known.begin(["42"])
    assert not known.is_new("GUILD_DELETE", guild(unavailable=True))
    assert not known.is_new("GUILD_CREATE", guild(unavailable=False))
    assert not known.is_new("GUILD_CREATE", guild(unavailable=True, id="44"))
    assert not known.is_new("GUILD_CREATE", guild(unavailable=False, id="44"))


def test_who_was_thrown_out_is_new_again():
    known = Servers()
    known.begin(["42"])
    assert not known.is_new("GUILD_DELETE", guild())
    assert known.is_new("GUILD_CREATE", guild())


def test_it_would_speak_where_people_are_greeted_then_where_everybody_reads():
    one = guild(
        system_channel_id="c4",
        roles=[{"id": "42"}, {"id": "7"}],
        channels=[
            channel(1, permission_overwrites=HIDDEN),
            channel(3),
            channel(2, kind=5),
            channel(0, kind=2),
            channel(4),
            channel(5, permission_overwrites=[{"id": "7", "type": 0, "deny": "1024"}]),
        ],
    )
    found = added(one, SETTING, 9)
    assert found.rooms == ("c4", "c2", "c3", "c5", "c1")
    assert found.address.channel == "c4"
    assert (found.place, found.circles) == ("42", ("guild:42",))
    assert found.groups == ("role:42", "role:7")
    assert (found.me, found.suffix, found.at, found.author.id) == ("@MoA", "", 9, "")
    assert (found.hears, found.threads) == (True, True)
    assert not added(one, replace(SETTING, threads="never", hears=False), 9).threads


def test_a_server_without_a_channel_to_write_in_is_one_all_the_same():
    found = added(guild(), SETTING, 9)
    assert (found.rooms, found.address.channel) == ((), "42")


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ({}, False),
        ({"webhook_id": "9"}, False),
        ({"webhook_id": "9", "application_id": "8"}, False),
        ({"webhook_id": "9", "application_id": "2"}, True),
        ({"webhook_id": "2"}, True),
    ],
)
def test_what_a_webhook_of_its_own_application_wrote_is_its_own(more, own):
    raw = {"id": "5", "channel_id": "c1", "author": {"id": "9", "username": "X"}, "content": "Hi"}
    said = message_of(shapes.read(raw | more, shapes.Message), Place("open", "42"), SETTING)
    assert said is not None
    assert (said.author.is_self, said.author.is_bot) == (own, bool(more))


# --- for real -------------------------------------------------------------------------------


async def test_it_hears_of_a_new_server_knows_who_is_there_and_leaves_once(discord):
    ann, ben = discord.person("Ann"), discord.person("Ben")
    discord.group("general", ann, guild="Old")
    async with running(discord) as bot:
        place = discord.group("lab", ann, guild="New")
        await discord.until(lambda: bot.inbox.arrivals)
        (found,) = bot.inbox.arrivals
        assert (found.place, found.rooms, found.me) == (place.guild, (place.id,), "@moa")
        assert not await bot.chat.present(found, {ben.id, "1"})
        assert await bot.chat.present(found, {ben.id, ann.id})
        await bot.chat.leave(found)
        assert not discord.world.guilds[place.guild].present
        await bot.chat.leave(found)
        discord.faults.plan("leave_guild", Fault(kind="refuse", status=403, error="50013 No"))
        with pytest.raises(ChatError):
            await bot.chat.leave(found)


async def test_an_outage_in_mid_session_brings_it_nowhere(discord):
    place = discord.group("general", discord.person("Ann"))
    async with running(discord) as bot:
        await discord.outage(place)
        await discord.outage(place, over=True)
        new = discord.group("lab", discord.person("Ben"), guild="New")
        await discord.until(lambda: bot.inbox.arrivals)
        assert [each.place for each in bot.inbox.arrivals] == [new.guild]
