"""Shows what a person does in Slack arriving as `Incoming`, stored before it is acknowledged."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from adapters.chat.slack import SlackChat
from core.errors import StoreFull, UsageError
from core.types import Command, Message, Press
from tests.adapters.chat.slack.conftest import (
    Clocked,
    Inbox,
    hasty,
    listening,
    nobody_s_home,
    options,
    served,
)
from tests.patience import PATIENCE
from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.model import BOT_USER


@pytest.mark.parametrize("mention_first", [False, True])
async def test_the_twin_events_of_a_mention_are_one_message(world, mention_first):
    world.slack.mention_first = mention_first
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    ts = await world.slack.say(room, ann, "hello & hi", mention=True)
    message = await world.inbox.message()
    await world.slack.settled()
    assert (message.event_id, message.text) == (f"{room.id}/{ts}", "hello & hi")
    assert (message.address.channel, message.address.thread) == (room.id, ts)
    assert (message.direct, message.addressed, message.author.name) == (False, True, "ann")
    assert message.reply_to == f"{ts}/{ann.id}/{ann.team}"
    assert (len(world.inbox.kept), world.inbox.repeats) == (1, 1)


async def test_a_direct_conversation_is_one_whatever_the_thread(world):
    ann = world.slack.person("ann")
    dm = world.slack.dm(ann)
    first = await world.slack.say(dm, ann, "one")
    await world.slack.say(dm, ann, "two", thread=first)
    one, two = await world.inbox.message(1), await world.inbox.message(2)
    assert one.address == two.address
    assert (one.address.thread, one.direct) == (None, True)
    assert two.reply_to == one.reply_to == f"{first}/{ann.id}/{ann.team}"


async def test_our_own_messages_are_nobody_s_and_what_others_change_is_told(world):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    ts = await world.slack.say(room, ann, "hello", mention=True)
    message = await world.inbox.message()
    await world.chat.acknowledge(message)
    await world.slack.edit(room, ann, ts, "hello there")
    await world.slack.unsay(room, ann, ts)
    await world.slack.settled()
    kinds = [type(each).__name__ for each in world.inbox.kept]
    assert kinds == ["Message", "Edited", "Deleted"]


async def test_another_bot_is_marked_and_a_stranger_is_a_guest(world):
    robot = world.slack.person("robot", bot=True)
    eve = world.slack.person("eve", stranger=True)
    boss = world.slack.person("boss", admin=True)
    room = world.slack.group("room", robot, eve, boss)
    for person in (robot, eve, boss):
        await world.slack.say(room, person, "hi")
        await world.inbox.next(len(world.inbox.kept) + 1)
    said = [(each.author.is_bot, each.author.is_guest) for each in world.inbox.kept]
    assert said == [(True, False), (False, True), (False, False)]
    assert world.inbox.kept[1].author.circles[0] == eve.team
    assert world.inbox.kept[2].author.is_admin


async def test_where_slack_does_not_name_our_workspace_its_people_are_no_guests_all_the_same():
    async with SlackSimulator() as slack:
        slack.backend.nameless = True
        chat, inbox = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home), Inbox(slack)
        async with listening(slack, chat, inbox):
            ann, eve = slack.person("ann"), slack.person("eve", stranger=True)
            room = slack.group("room", ann, eve)
            await slack.say(room, ann, "hi", mention=True)
            await inbox.next()
            await slack.command(room, ann, "moa", "cost")
            await slack.say(room, eve, "hi", mention=True)
            await inbox.next(3)
        assert [each.author.is_guest for each in inbox.kept] == [False, False, True]


async def test_where_the_scope_is_missing_for_good_nobody_is_taken_for_a_guest(world):
    world.slack.backend.scopes -= {"users:read"}
    ann, bob = world.slack.person("ann"), world.slack.person("bob")
    room = world.slack.group("room", ann, bob)
    for _ in range(2):
        await world.slack.say(room, ann, f"hi <@{bob.id}>", mention=True)
        await world.inbox.next(len(world.inbox.kept) + 1)
    await world.slack.command(room, ann, "moa", "cost")
    await world.inbox.next(3)
    assert [each.author.is_guest for each in world.inbox.kept] == [False] * 3
    assert [each.author.name for each in world.inbox.kept] == [ann.id, ann.id, "ann"]
    assert (await world.inbox.message()).text == f"hi @{bob.id}"


async def test_nobody_is_asked_about_for_what_does_not_concern_us(world):
    world.inbox.admit = lambda incoming: "now" in incoming.text
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.say(room, ann, "not for anybody here")
    await world.slack.settled()
    assert not world.slack.requests.of("users.info")
    await world.slack.say(room, ann, "and now?")
    assert (await world.inbox.message()).author.name == "ann"


async def test_what_somebody_is_shown_or_told_holds_up_no_acknowledgement(world):
    shown = asyncio.Event()
    for method in ("views.publish", "chat.postEphemeral"):
        world.slack.faults.plan(method, Fault(kind="delay", until=shown))
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    world.inbox.refuse = [UsageError("That is too long.")]
    await world.slack.say(room, ann, "x", mention=True)
    async with asyncio.TaskGroup() as group:
        group.create_task(world.slack.open_home(ann))
        await world.slack.until(
            lambda: len([each for each in world.slack.envelopes if each.acked_at is not None]) == 3
        )
        shown.set()
    await world.slack.until(lambda: world.slack.shown(room))
    assert {each.whispered_to for each in world.slack.shown(room)} == {ann.id}


async def test_what_is_not_stored_is_not_acknowledged_and_comes_again(world):
    world.inbox.refuse = [StoreFull("The disk is full.")]
    world.slack.ack_seconds = 0.3
    ann = world.slack.person("ann")
    dm = world.slack.dm(ann)
    ts = await world.slack.say(dm, ann, "keep this")
    message = await world.inbox.message()
    await world.slack.settled()
    assert message.message_id == ts
    first, second = world.slack.envelopes
    assert first.acked_at is None
    assert second.acked_at is not None


async def test_whoever_sends_what_is_refused_reads_why(world):
    world.inbox.refuse = [UsageError("That is too long.")]
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.say(room, ann, "x", mention=True)
    await world.slack.until(lambda: world.slack.shown(room))
    (shown,) = world.slack.shown(room)
    assert (shown.text, shown.whispered_to) == ("That is too long.", ann.id)


async def test_commands_and_what_they_are_answered(world):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.command(room, ann, "moa", "review thread")
    await world.slack.command(room, ann, "moa", "stop")
    shown, stop = await world.inbox.next(1), await world.inbox.next(2)
    assert isinstance(shown, Command)
    assert isinstance(stop, Command)
    assert (shown.name, shown.args) == ("moa", "review thread")
    assert (stop.name, stop.args) == ("stop", "")
    assert shown.author.id == ann.id


async def test_moa_ask_quotes_the_question_and_is_a_message_in_its_thread(world):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.command(room, ann, "moa", "ask preset:quick why <!channel> & how?")
    message = await world.inbox.message()
    (quote,) = world.slack.shown(room)
    assert "ann* asked:\n>why" in quote.text  # the preset is named below it
    assert not quote.pings
    assert (message.text, message.preset) == ("why @channel & how?", "quick")
    assert message.address.thread == quote.id
    assert message.reply_to == f"{quote.id}/{ann.id}/{ann.team}"


async def test_a_quote_goes_if_the_question_is_not_taken(world):
    world.inbox.take = lambda incoming: not isinstance(incoming, Message)
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.command(room, ann, "moa", "ask why?")
    await world.slack.until(lambda: world.slack.requests.of("chat.delete"))
    assert not world.slack.shown(room)


async def test_a_quote_goes_if_the_question_cannot_be_stored(world):
    world.inbox.refuse = [StoreFull("The disk is full.")]
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.command(room, ann, "moa", "ask why?")
    await world.slack.until(lambda: world.slack.requests.of("chat.delete"))
    assert not world.slack.shown(room)
    assert not world.inbox.kept


async def test_moa_ask_where_we_are_not_says_what_to_do(world):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann, with_bot=False)
    await world.slack.command(room, ann, "moa", "ask why?")
    await world.slack.until(lambda: world.slack.shown(room))
    (shown,) = world.slack.shown(room)
    assert "/invite" in shown.text
    assert shown.whispered_to == ann.id


@pytest.mark.parametrize("kind", ["refuse", "reset"])
async def test_moa_ask_that_slack_does_not_take_now_is_to_be_asked_again(world, kind):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    fault = Fault(kind=kind, status=429, retry_after=1)
    world.slack.faults.plan("chat.postMessage", fault)
    await world.slack.command(room, ann, "moa", "ask why?")
    await world.slack.until(lambda: world.slack.shown(room))
    (shown,) = world.slack.shown(room)
    assert "ask it again" in shown.text
    assert "/invite" not in shown.text


async def test_moa_ask_of_somebody_who_is_not_let_in_is_shown_to_nobody(world):
    world.inbox.admit = lambda _: False
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    await world.slack.command(room, ann, "moa", "ask why?")
    await world.slack.settled()
    assert not world.slack.requests.of("chat.postMessage")


@pytest.mark.parametrize("event_ts", ["1515449522000016", 1515449522.5, None])
async def test_a_mention_as_slack_s_own_pages_show_it_is_taken(world, event_ts):
    said = {
        "type": "app_mention",
        "user": "U061F7AUR",
        "text": f"<@{BOT_USER}> is it everything a river should be?",
        "ts": "1515449522.000016",
        "channel": "C123ABC456",
        "event_ts": event_ts,
    }
    callback = {"type": "event_callback", "team_id": "T123ABC456", "event": said}
    assert not (await world.slack.deliver("events_api", callback)).error
    message = await world.inbox.message()
    assert (message.text, message.at) == ("is it everything a river should be?", 1515449522000)


async def test_what_slack_leaves_empty_stops_nothing_from_being_taken(world):
    ann = world.slack.person("ann")
    command = {"command": "/moa", "text": None, "user_id": ann.id, "channel_id": "C1"}
    empty = dict.fromkeys(("enterprise_id", "team_id", "response_url", "trigger_id", "user_name"))
    acted = {"action_id": "moa_stop_0", "type": "button", "value": "stop:t:", "action_ts": 17.5}
    press = {
        "type": "block_actions",
        "user": {"id": ann.id, "name": None, "team_id": None},
        "channel": {"id": "C1"},
        "container": None,
        "message": {"ts": "1700000000.000100", "thread_ts": None},
        "actions": [acted, acted | {"selected_option": {"value": None}, "action_ts": None}],
    }
    stopped = {"type": "agent_session_stopped", "channel": "C1", "user": ann.id, "event_ts": None}
    stop = {"type": "event_callback", "event_id": "Ev1", "team_id": None, "event": stopped}
    assert not (await world.slack.deliver("slash_commands", command | empty)).error
    assert not (await world.slack.deliver("interactive", press)).error
    assert not (await world.slack.deliver("events_api", stop)).error
    taken = [(type(each).__name__, bool(each.at)) for each in world.inbox.kept]
    assert taken == [("Command", True), ("Press", True), ("Press", True)]


async def test_files_are_named(world):
    ann = world.slack.person("ann")
    dm = world.slack.dm(ann)
    await world.slack.say(dm, ann, "look", files=[("plan.png", b"png"), ("notes.txt", b"abc")])
    message = await world.inbox.message()
    picture, notes = message.attachments
    assert (picture.kind, picture.name, picture.size) == ("image", "plan.png", 3)
    assert (notes.kind, notes.name) == ("document", "notes.txt")


@pytest.mark.parametrize("reason", ["warning", "refresh_requested"])
async def test_it_connects_anew_when_slack_asks_for_it(world, reason):
    opened = world.slack.sockets.opened
    await world.slack.disconnect(reason)
    await world.slack.until(
        lambda: world.slack.sockets.opened > opened and world.slack.sockets.links
    )
    ann = world.slack.person("ann")
    await world.slack.say(world.slack.dm(ann), ann, "still there?")
    assert (await world.inbox.message()).text == "still there?"


async def test_http_mode_takes_events_presses_and_commands_on_one_path():
    async with SlackSimulator(mode="http") as slack:
        chosen = options(slack, mode="http", signing_secret=slack.signing_secret, platform="eu")
        chat = SlackChat(chosen, clock=Clocked(), home=nobody_s_home)
        inbox = Inbox(slack)
        assert list(chat.hooks) == ["/eu/events"]
        async with served(chat) as url, asyncio.TaskGroup() as group:
            running = group.create_task(chat.run(inbox))
            await slack.until(lambda: slack.requests.of("auth.test"))
            assert await slack.post_to(f"{url}/eu/events")
            async with asyncio.timeout(PATIENCE):
                while (await slack.deliver("events_api", {"event": {"type": "nothing"}})).error:
                    continue  # it is asked anew over the loop, which goes on connecting
            ann = slack.person("ann")
            room = slack.group("room", ann)
            await slack.say(room, ann, "hello", mention=True)
            assert (await inbox.message()).address.platform == "eu"
            await slack.command(room, ann, "moa", "")
            assert isinstance(await inbox.next(2), Command)
            running.cancel()


async def test_two_accounts_in_one_process_do_not_mix():
    async with SlackSimulator() as one, SlackSimulator(bot_token="xoxb-2") as two:
        first = SlackChat(options(one), clock=Clocked(), home=nobody_s_home)
        second = SlackChat(options(two, platform="slack-eu"), clock=Clocked(), home=nobody_s_home)
        here, there = Inbox(one), Inbox(two)
        async with listening(one, first, here), listening(two, second, there):
            ann, bob = one.person("ann"), two.person("bob")
            await one.say(one.dm(ann), ann, "one")
            await two.say(two.dm(bob), bob, "two")
            assert (await here.message()).address.platform == "slack"
            assert (await there.message()).address.platform == "slack-eu"
            assert len(here.kept) == len(there.kept) == 1


async def test_slack_s_own_stop_is_a_press_without_a_turn(world):
    ann = world.slack.person("ann")
    room = world.slack.group("room", ann)
    ts = await world.slack.say(room, ann, "hello", mention=True)
    await world.chat.acknowledge(await world.inbox.message())
    await world.slack.native_stop(room, ann, ts)
    press = await world.inbox.next(2)
    assert isinstance(press, Press)
    assert (press.action, press.turn_id) == ("stop", "")
    assert press.address == replace(press.address, channel=room.id, thread=ts)


async def test_a_connection_that_is_lost_without_a_word_is_opened_again(world):
    await world.slack.cut()
    ann = world.slack.person("ann")
    world.slack.retries = (1.0,) * 12
    await world.slack.say(world.slack.dm(ann), ann, "are you there?")
    assert (await world.inbox.message()).text == "are you there?"


async def test_many_who_write_at_once_are_all_taken_and_no_limit_is_met(world):
    hasty(world.slack)
    room = world.slack.group("room")
    people = [world.slack.person(f"p{number}") for number in range(150)]
    async with asyncio.TaskGroup() as group:
        for person in people:
            room.members.add(person.id)
            await world.slack.say(room, person, "hi", mention=True)
        await world.inbox.next(150)
        for message in world.inbox.kept:
            group.create_task(world.chat.acknowledge(message))
    assert {each.status for each in world.slack.requests.entries} == {200}
    assert len({each.author.id for each in world.inbox.kept}) == 150


async def test_what_is_said_stays_in_order_though_names_take_a_while(world):
    ann, carol = world.slack.person("ann"), world.slack.person("carol")
    room = world.slack.group("room", ann, carol)
    await world.slack.say(room, ann, "hello", mention=True)
    await world.inbox.next()
    world.slack.faults.plan("users.info", Fault(kind="delay", seconds=0.3))
    await world.slack.say(room, ann, f"what does <@{carol.id}> think?", mention=True)
    await world.slack.say(room, ann, "in one line", mention=True)
    await world.inbox.next(3)
    said = [each.text for each in world.inbox.kept if isinstance(each, Message)]
    assert said == ["hello", "what does @carol think?", "in one line"]
