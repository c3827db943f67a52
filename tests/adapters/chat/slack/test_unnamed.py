"""Shows that a member is heard and a guest is not, while Slack cannot say who somebody is."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from adapters.chat.slack import SlackChat, people, roster
from adapters.chat.slack.people import BELIEVED, PAUSE, TRIES
from core.errors import UserError
from core.texts.intake import UNNAMED
from core.types import Command, Edited, Press
from tests.adapters.chat.slack.conftest import (
    Clocked,
    Inbox,
    hasty,
    listening,
    nobody_s_home,
    options,
)
from tests.adapters.chat.slack.frames import button, final
from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.model import BOT_USER

NOW = [
    Fault(kind="delay", seconds=9),
    Fault(kind="refuse", status=429, retry_after=1),
    Fault(kind="refuse", status=500),
    Fault(kind="refuse", status=403),
    Fault(kind="refuse", status=200, error="token_revoked"),
    Fault(kind="reset"),
]
"""What passes: it says nothing of the one who was asked about."""


def name_of(fault):
    return fault.error or f"{fault.kind}-{fault.status}"


@pytest.mark.parametrize("error", ["user_not_found", "accesslimited"])
async def test_whoever_slack_does_not_know_may_be_a_guest(world, error):
    ann = world.slack.person("ann", guest=True)
    fault = Fault(kind="refuse", status=200, error=error)
    world.slack.faults.plan("users.info", *[fault] * 20)
    room = world.slack.group("room", ann)
    await world.slack.say(room, ann, "hi", mention=True)
    await world.inbox.message()
    await world.slack.command(room, ann, "moa", "cost")
    command = await world.inbox.next(2)
    assert [each.author.is_guest for each in world.inbox.kept] == [True, True]
    assert command.author.name == "ann"


@pytest.mark.parametrize("fault", NOW, ids=name_of)
async def test_what_is_done_once_is_not_taken_for_a_guest_s_and_works_when_slack_tells(
    world, fault
):
    """A member's Stop was refused for good; nobody was told to press again."""
    ann, bob = world.slack.person("ann"), world.slack.person("bob", guest=True)
    eve = world.slack.person("eve")
    room = world.slack.group("room", ann, bob, eve)
    await world.slack.say(room, eve, "ready?", mention=True)
    address = (await world.inbox.message()).address
    frame = replace(final("Yes."), buttons=(button("retry", "🔁 Retry"),))
    ts = await world.chat.post(address, frame, delivery_id="d1")
    world.inbox.kept.clear()
    patience, world.slack.ack_seconds = world.slack.ack_seconds, 0.5
    world.slack.faults.plan("users.info", *[fault] * 9)
    world.slack.faults.plan("users.list", *[fault] * 9)
    assert await world.slack.press(room, ann, ts, "🔁 Retry")
    assert "failed" in await world.slack.command(room, bob, "moa", "cost")
    assert world.inbox.kept == []
    for who in (ann, bob):
        await world.slack.until(lambda who=who: (UNNAMED, who.id) in told(world, room))
    world.slack.faults.planned.clear()
    world.slack.ack_seconds = patience
    world.clock.ahead += 2
    assert not await world.slack.press(room, ann, ts, "🔁 Retry")
    await world.slack.command(room, bob, "moa", "cost")
    press, command = world.inbox.kept
    assert isinstance(press, Press)
    assert isinstance(command, Command)
    assert (press.author.is_guest, command.author.is_guest) == (False, True)


def told(world, room):
    return {(each.text, each.whispered_to) for each in world.slack.shown(room)}


async def test_a_press_waits_a_moment_for_slack_to_tell(world):
    ann = world.slack.person("ann")
    world.slack.faults.plan("users.info", Fault(kind="delay", seconds=1.3), None)
    await world.slack.command(world.slack.group("room", ann), ann, "moa", "cost")
    command = await world.inbox.next()
    assert (command.author.name, command.author.is_guest) == ("ann", False)


@pytest.mark.parametrize(
    "fault", [Fault(kind="refuse", status=500), Fault(kind="reset"), Fault(kind="drop")]
)
async def test_a_member_whom_slack_cannot_name_for_a_moment_is_heard_when_it_can(world, fault):
    hasty(world.slack)
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    world.slack.faults.plan("users.info", *[fault] * 2)
    said = await world.slack.say(room, ann, "hi", mention=True)
    await world.slack.settled()
    message = await world.inbox.message()
    assert (message.author.name, message.author.is_guest) == ("ann", False)
    world.clock.ahead += BELIEVED + 1  # nobody is believed for ever
    world.slack.faults.plan("users.info", *[fault] * 2)
    await world.slack.edit(room, ann, said, f"<@{BOT_USER}> hello")
    await world.slack.settled()
    (edited,) = [each for each in world.inbox.kept if isinstance(each, Edited)]
    assert not edited.message.author.is_guest


async def test_a_member_is_heard_though_slack_always_takes_long_to_say_who_they_are(world):
    """It was asked anew for each delivery, and each time given up before it could answer."""
    world.slack.retries = (2.0, 2.0, 2.0)
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    world.slack.faults.plan("users.info", *[Fault(kind="delay", seconds=1.6)] * 20)
    await world.slack.say(room, ann, "hi", mention=True)
    await world.slack.settled()
    message = await world.inbox.message()
    assert (message.author.name, message.author.is_guest) == ("ann", False)


async def test_all_who_wait_for_a_name_go_on_once_slack_tells(world, monkeypatch):
    """The second one waited out its moment, however soon the answer to the first one's came."""
    monkeypatch.setattr(people, "MOMENT", 600.0)
    ann, tells = world.slack.person("ann"), asyncio.Event()
    world.slack.faults.plan("users.info", Fault(kind="delay", until=tells))
    known = world.chat._people
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        waiting = [group.create_task(known.learn(ann.id, group.create_task)) for _ in range(3)]
        await asyncio.wait(waiting, timeout=0.2)
        assert not any(each.done() for each in waiting)
        tells.set()
    assert len(world.slack.requests.of("users.info")) == 1
    assert known.tells(ann.id)


async def test_those_who_wait_for_the_same_name_ask_once_and_one_who_is_cut_off_leaves_it_to_them(
    world,
):
    """After an absence ten threads of one person took a third of what may be asked in a minute."""
    ann = world.slack.person("ann")
    world.slack.faults.plan("users.info", Fault(kind="delay", until=asyncio.Event()), None)
    known = world.chat._people
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        first, *others = [group.create_task(known.of([ann.id])) for _ in range(10)]
        await asyncio.wait([first], timeout=0.2)
        first.cancel()
    assert {each.result()[ann.id].name for each in others} == {"ann"}
    assert len([each for each in world.slack.requests.of("users.info") if not each.error]) == 1


async def test_who_somebody_is_may_be_learnt_from_another_question_meanwhile(world):
    """Else a member is refused as a guest beside a question of theirs that is answered."""
    ann = world.slack.person("ann")
    rooms = [world.slack.group("room", ann), world.slack.group("hall", ann)]
    world.slack.faults.plan("users.info", Fault(kind="delay", seconds=1.3))
    for room in rooms:
        await world.slack.say(room, ann, "hi", mention=True)
    await world.inbox.next(2)
    assert [each.author.is_guest for each in world.inbox.kept] == [False, False]


async def test_it_is_slack_s_own_count_that_says_when_a_message_comes_for_the_last_time():
    """After a restart the adapter's count began anew: the message was left to come, and did not."""
    async with world_that_cannot_tell() as (_, inbox, say):
        for again in range(TRIES):
            assert (await say(again)).error
        assert inbox.kept == []
    async with world_that_cannot_tell() as (slack, inbox, say):
        inbox.refuse = [UserError("You are a guest.")]
        assert not (await say(TRIES)).error
        await slack.until(lambda: slack.requests.of("chat.postEphemeral"))
        (said,) = slack.requests.of("chat.postEphemeral")
        assert UNNAMED in str(said.params)
    async with world_that_cannot_tell() as (_, inbox, say):
        assert not (await say(TRIES)).error  # who lets guests in hears it all the same
        (message,) = inbox.kept
        assert message.author.is_guest


@asynccontextmanager
async def world_that_cannot_tell():
    """A run of the program that has heard nothing yet, and a message that Slack sends again."""
    async with SlackSimulator() as slack:
        ann = slack.person("ann")
        room = slack.group("room", ann)
        slack.faults.plan("users.info", *[Fault(kind="refuse", status=500)] * 20)
        inbox = Inbox(slack)
        chat = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home)

        async def say(again):
            slack.ack_seconds = 20.0 if again == TRIES else 0.5  # that one is acknowledged
            event = {
                "type": "message",
                "channel": room.id,
                "channel_type": "channel",
                "user": ann.id,
                "team": ann.team,
                "ts": "1700000000.000100",
                "text": f"<@{BOT_USER}> hi",
            }
            payload = {"type": "event_callback", "team_id": ann.team, "event": event}
            return await slack.deliver("events_api", payload, attempt=again, reason="timeout")

        async with listening(slack, chat, inbox):
            yield slack, inbox, say


async def test_a_proxy_s_404_does_not_let_every_guest_in(world):
    """Names were off for good from then on, and with them the question of who is a guest."""
    ann, bob = world.slack.person("ann"), world.slack.person("bob", guest=True)
    room = world.slack.group("room", ann, bob)
    await world.slack.say(room, ann, "hi", mention=True)
    await world.inbox.next()
    hasty(world.slack)
    world.slack.faults.plan("users.info", Fault(kind="refuse", status=404))
    await world.slack.say(room, bob, "and I?", mention=True)
    second = await world.inbox.next(2)
    assert second.author.is_guest


async def test_where_slack_says_of_nobody_it_is_asked_again_after_a_while(world):
    """The scope was added, and guests went on being taken for members until a restart."""
    scopes = world.slack.backend.scopes
    scopes -= {"users:read"}
    bob = world.slack.person("bob", guest=True)
    room = world.slack.group("room", bob)
    await world.slack.say(room, bob, "hi", mention=True)
    first = await world.inbox.next()
    scopes |= {"users:read"}
    world.clock.ahead += PAUSE + 1
    await world.slack.say(room, bob, "hi", mention=True)
    second = await world.inbox.next(2)
    assert (first.author.is_guest, second.author.is_guest) == (False, True)


async def test_whoever_brings_the_bot_somewhere_is_named_first(world):
    """It left where a member had invited it."""
    hasty(world.slack)
    ann = world.slack.person("ann")
    world.slack.faults.plan("users.info", *[Fault(kind="refuse", status=500)] * 2)
    place = world.slack.group("lab", ann, with_bot=False)
    await world.slack.invite(place, by=ann)
    await world.slack.settled()
    (added,) = world.inbox.arrivals
    assert (added.author.name, added.author.is_guest) == ("ann", False)


async def crowded(world, count: int):
    """Have so many people ask at once, each for the first time; give their numbers of messages."""
    slack = world.slack
    crowd = [slack.person(f"p{n}", guest=n == count - 1) for n in range(count)]
    room = slack.group("room", *crowd)
    for each in crowd:
        await slack.say(room, each, "hi", mention=True)


async def test_a_crowd_that_speaks_for_the_first_time_is_read_from_a_list(world, monkeypatch):
    """Slack tells of a hundred a minute one by one: others were heard late, or as guests."""
    monkeypatch.setattr(roster, "PAGE", 40)
    await crowded(world, 120)
    await world.slack.until(lambda: len(world.inbox.kept) == 120)
    assert [each.author.is_guest for each in world.inbox.kept].count(True) == 1
    assert 1 <= len(world.slack.requests.of("users.list")) <= 4
    assert len(world.slack.requests.of("users.info")) < 60


async def test_where_slack_lists_nobody_it_is_asked_for_a_list_once(world):
    world.slack.faults.plan(
        "users.list", *[Fault(kind="refuse", status=200, error="unknown_method")] * 9
    )
    await crowded(world, 45)
    await world.slack.until(lambda: len(world.inbox.kept) >= 35)
    await world.slack.until(lambda: world.slack.requests.of("users.list"))
    assert len(world.slack.requests.of("users.list")) == 1
