"""What the bot cannot see is not asked for: each such question counts against its address."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from adapters.chat.discord.servers import Channel, Guild, Overwrite, Role
from adapters.chat.discord.sight import unseen
from tests.adapters.chat.discord.desk import Inbox, running

VIEW, ADMINISTRATOR = 1 << 10, 1 << 3
ME, GUILD, MINE, OTHER = "1", "10", "11", "12"


def guild(*overwrites: Overwrite, **changed: Any) -> Guild:
    """A server with one channel and a thread in it, where everybody sees everything."""
    usual = Guild(
        id=GUILD,
        members=[{"user": {"id": ME}, "roles": [MINE]}],
        roles=(
            Role(id=GUILD, permissions=str(VIEW)),
            Role(id=MINE, permissions="0"),
            Role(id=OTHER, permissions=str(ADMINISTRATOR)),
        ),
        channels=(Channel(id="20", permission_overwrites=overwrites),),
        threads=(Channel(id="21", type=11, parent_id="20"),),
    )
    return structs.replace(usual, **changed)


def denied(who: str) -> Overwrite:
    return Overwrite(id=who, deny=str(VIEW))


def allowed(who: str) -> Overwrite:
    return Overwrite(id=who, allow=str(VIEW))


@pytest.mark.parametrize(
    "overwrites",
    [
        [denied(GUILD)],
        [denied(ME)],
        [denied(MINE)],
        [denied(GUILD), allowed(OTHER)],
        [allowed(MINE), denied(ME)],
    ],
)
def test_a_channel_that_is_denied_is_not_seen_nor_are_its_threads(overwrites):
    assert unseen(guild(*overwrites), ME) == {"20", "21"}


@pytest.mark.parametrize(
    "overwrites",
    [
        [],
        [denied(OTHER)],
        [denied(GUILD), allowed(MINE)],
        [denied(GUILD), denied(MINE), allowed(ME)],
        [Overwrite(id=GUILD, deny="much")],
    ],
)
def test_a_channel_that_is_allowed_again_is_seen(overwrites):
    assert not unseen(guild(*overwrites), ME)


@pytest.mark.parametrize(
    "changed",
    [
        {"owner_id": ME},
        {"members": None},
        {"members": [{"user": {"id": "2"}, "roles": []}]},
        {"members": [{"roles": []}]},
        {"members": [{"user": {"id": ME}, "roles": [MINE, "13"]}]},
        {"members": [{"user": {"id": ME}, "roles": [OTHER]}]},
        {"roles": (Role(id=MINE, permissions="0"),)},
        {"roles": (Role(id=GUILD), Role(id=MINE, permissions="0"))},
        {"roles": (Role(id=GUILD, permissions="much"), Role(id=MINE, permissions="0"))},
    ],
)
def test_whoever_may_see_all_or_is_not_told_of_sees(changed):
    assert not unseen(guild(denied(GUILD), **changed), ME)


async def test_a_new_session_asks_for_no_channel_that_it_cannot_see(discord):
    ada = discord.person("Ada")
    open_one, *shut = (discord.group(name, ada) for name in ("general", "staff", "board"))
    for each in shut:
        await discord.forbid(each, "view")
    inbox = Inbox(discord.changes.tell)
    async with running(discord, inbox=inbox):
        await discord.say(open_one, ada, "one", mention=True)
        await discord.until(lambda: inbox.messages)
    for each in (open_one, *shut):
        await discord.say(each, ada, "two", mention=True)
    async with running(discord, inbox=inbox):
        await discord.until(lambda: len(inbox.messages) == 2)
    asked = {each.params["channel"] for each in discord.requests.of("get_messages")}
    assert open_one.id in asked
    assert not asked & {each.id for each in shut}
