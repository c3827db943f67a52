"""Shows when the bot was brought into a channel of Slack's, and how it leaves one."""

from __future__ import annotations

import msgspec
import pytest

from adapters.chat.slack import normalise
from adapters.chat.slack.wire import Callback, Me, Person
from core.errors import ChatError, ChatRefused
from tests.simulators.slack.leaving import GENERAL
from tests.simulators.slack.model import BOT_USER


async def brought(world, *, by=None, private=False, name="lab"):
    ann = world.slack.person("ann")
    place = world.slack.group(name, ann, private=private, with_bot=False)
    await world.slack.invite(place, by=by and ann)
    await world.slack.settled()
    return place


@pytest.mark.parametrize("heard", [{"member_joined_channel"}, {"message.channels"}, set()])
async def test_whichever_events_come_it_is_one_arrival(world, heard):
    unheard = {"member_joined_channel", "message.channels"} - heard
    world.slack.backend.subscriptions -= unheard if heard else set()
    place = await brought(world, by=True)
    (added,) = world.inbox.arrivals
    assert (added.place, added.rooms) == (place.id, (place.id,))
    assert added.address.session == f"slack/{place.id}"
    assert added.circles[0] == f"chat:{place.id}"
    assert set(added.circles) >= {f"channel:{place.id}", "T0MOA0001"}
    assert added.author.name == "ann"
    assert (added.me, added.suffix, added.threads) == ("@moa", "", True)
    assert added.at > 0


async def test_nobody_may_be_named_as_whoever_brought_it(world):
    await brought(world)
    (added,) = world.inbox.arrivals
    assert added.author.id == ""


async def test_others_who_come_are_none_of_its_business(world):
    place = world.slack.group("lab", world.slack.person("ann"))
    await world.slack.invite(place, world.slack.person("ben"))
    await world.slack.settled()
    assert world.inbox.arrivals == []
    assert world.inbox.kept == []


async def test_to_be_thrown_out_and_brought_again_is_another_arrival(world):
    place = await brought(world)
    await world.slack.kick(place)
    world.clock.ahead = 60
    await world.slack.invite(place)
    await world.slack.settled()
    first, second = world.inbox.arrivals
    assert first.event_id != second.event_id


@pytest.mark.parametrize("private", [False, True])
async def test_it_leaves_once(world, private):
    place = await brought(world, private=private)
    (added,) = world.inbox.arrivals
    await world.chat.leave(added)
    assert BOT_USER not in place.members
    if not private:
        await world.chat.leave(added)


async def test_why_it_could_not_leave_is_told(world):
    await brought(world, name=GENERAL)
    (added,) = world.inbox.arrivals
    with pytest.raises(ChatError, match="cant_leave_general"):
        await world.chat.leave(added)
    world.slack.backend.scopes -= {"channels:manage"}
    with pytest.raises(ChatRefused, match="channels:manage"):
        await world.chat.leave(added)


@pytest.mark.parametrize(
    ("more", "own"),
    [
        ({}, False),
        ({"bot_id": "B2", "app_id": "A2"}, False),
        ({"bot_id": "B2", "app_id": "A1"}, True),
        ({"bot_id": "B2"}, False),
    ],
)
def test_what_a_webhook_of_its_own_app_wrote_is_its_own(more, own):
    event = {"type": "message", "channel": "C1", "user": "U2", "ts": "1.0", "text": "Hi", **more}
    payload = {"event": event, "team_id": "T1", "api_app_id": "A1"}
    me = Me(user="U1", bot="B1", team="T1")
    said = normalise.message("slack", msgspec.convert(payload, Callback), me, {"U2": Person()})
    assert (said.author.is_self, said.author.is_bot) == (own, "bot_id" in more)
