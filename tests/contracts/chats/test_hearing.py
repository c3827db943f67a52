"""What an adapter hears: whose it is, where it belongs, and each thing once."""

from __future__ import annotations

import pytest

from core.errors import StoreFull
from core.types import Address, Deleted, Edited, Message
from tests.contracts.chats.frames import answer, frames
from tests.contracts.chats.stand import WHERES, Stand, Where


async def only_heard(stand: Stand, texts: list[str]) -> None:
    """Nothing else came: what was said last would have come after it."""
    await stand.until(lambda: len(stand.inbox.kept) >= len(texts))
    assert [getattr(each, "text", each) for each in stand.inbox.kept] == texts


async def test_it_never_answers_itself(stand: Stand, where: Where):
    asked = await stand.heard(where, "Hello")
    for frame in frames("@Ann hi"):
        await stand.chat.edit(asked.address, await stand.post(asked, frame), frame)
    await stand.say(where, "Bye")
    await only_heard(stand, ["Hello", "Bye"])


async def test_it_does_not_answer_itself_after_a_restart_either(stand: Stand, where: Where):
    asked = await stand.heard(where, "Hello")
    await stand.post(asked, answer("Good morning."))
    await stand.restart()
    await stand.post(asked, answer("Good evening."))
    await stand.say(where, "Bye")
    await only_heard(stand, ["Hello", "Bye"])


@pytest.mark.parametrize("place", ["group", "thread"])
async def test_another_bot_is_known_as_one(stand: Stand, place: Where):
    said = await stand.heard(place, "I am a bot, too", who=stand.robot)
    assert said.author.is_bot
    assert not (await stand.heard(place, "I am not")).author.is_bot


async def test_an_address_leads_back_to_where_it_was_said(stand: Stand, where: Where):
    asked = await stand.heard(where, "How do I get there?")
    assert Address.of(asked.address.session) == asked.address
    assert asked.address.platform == stand.chat.platform
    assert asked.direct == (where == "dm")
    assert asked.addressed
    assert asked.author.name.startswith("Ann")
    posted = await stand.post(asked, answer("Go by train."))
    assert "Go by train." in stand.one(where, posted).text
    assert not any(stand.shown(each) for each in WHERES if each != where)


async def test_whoever_goes_on_there_is_in_the_same_conversation(stand: Stand, where: Where):
    asked = await stand.heard(where, "How do I get there?")
    await stand.post(asked, answer("Go by train."))
    await stand.restart()
    before = len(stand.inbox.kept)
    await stand.go_on(asked, where, "And back?")
    more = await stand.next(before)
    assert more.address.session == asked.address.session
    assert more.text == "And back?"
    posted = await stand.post(more, answer("The same way."))
    first, second = stand.shown(where)
    assert second.id == posted
    assert first.place == second.place


async def test_conversations_are_kept_apart(stand: Stand):
    heard = [await stand.heard(where) for where in WHERES]
    assert len({each.address.session for each in heard}) == 3
    assert len({each.event_id for each in heard}) == 3


async def test_what_is_delivered_twice_is_one_event(stand: Stand, where: Where):
    asked = await stand.heard(where, "Once")
    await stand.again(stand.sim)
    await stand.until(lambda: stand.inbox.repeats)
    await stand.say(where, "Twice")
    await only_heard(stand, ["Once", "Twice"])
    assert stand.inbox.messages[0] == asked


async def test_what_is_not_stored_comes_again(stand: Stand, where: Where):
    """P1: whatever is not stored is not acknowledged, and the platform keeps it."""
    stand.sim.ack_seconds = 0.5  # Slack's; the others ask or wait by themselves
    stand.inbox.refusals.append(StoreFull("The disk is full."))
    await stand.say(where, "Keep this")
    await stand.until(lambda: stand.inbox.messages)
    assert not stand.inbox.refusals
    assert [each.text for each in stand.inbox.messages] == ["Keep this"]


async def test_what_is_not_stored_waits_over_a_restart(stand: Stand, where: Where):
    stand.sim.ack_seconds = 0.5
    await stand.heard(where, "Earlier")
    stand.inbox.refusals.extend([StoreFull("The disk is full.")] * 2)
    await stand.say(where, "Keep this")
    await stand.until(lambda: len(stand.inbox.refusals) < 2)
    await stand.stop()
    stand.inbox.refusals.clear()
    await stand.restart()
    await only_heard(stand, ["Earlier", "Keep this"])


@pytest.mark.parametrize("thing", ["photo", "document", "voice", "sticker", "poll"])
async def test_what_is_no_text_is_named(stand: Stand, thing):
    if thing not in stand.things:
        return  # it does not exist there
    await stand.send(thing, "dm")
    message = await stand.next(0)
    (one,) = message.attachments
    expected = {"photo": "image", "document": "document", "voice": "audio", "sticker": "sticker"}
    assert one.kind == expected.get(thing, "other")
    assert one.name
    assert isinstance(message, Message)


async def heard_since(stand: Stand, before: int):
    await stand.until(lambda: len(stand.inbox.kept) > before)
    return stand.inbox.kept[before]


async def test_what_somebody_changes_is_told_as_it_stands_now(stand: Stand, where: Where):
    asked = await stand.heard(where, "How do I get their?")
    await stand.change(where, asked.message_id or "", "How do I get there?")
    edited = await heard_since(stand, 1)
    assert isinstance(edited, Edited)
    assert edited.message.text == "How do I get there?"
    assert edited.message.event_id == asked.event_id
    assert edited.event_id != asked.event_id
    assert edited.author == edited.message.author
    assert edited.author.id == asked.author.id
    assert edited.message.address == asked.address
    assert edited.at >= asked.at
    await stand.change(where, asked.message_id or "", "Where is it?")
    again = await heard_since(stand, 2)
    assert again.event_id != edited.event_id


async def test_a_deletion_is_told_where_the_platform_tells_of_it(stand: Stand, where: Where):
    asked = await stand.heard(where, "How do I get there?")
    if await stand.unsay(where, asked.message_id or ""):
        gone = await heard_since(stand, 1)
        assert isinstance(gone, Deleted)
        assert gone.of == asked.event_id
        assert gone.address.channel in {asked.address.channel, asked.address.thread}
    else:
        await stand.say(where, "Bye")
        await only_heard(stand, ["How do I get there?", "Bye"])


async def test_a_question_with_answers_below_it_is_deleted_all_the_same(stand: Stand):
    asked = await stand.heard("group", "How do I get there?")
    await stand.post(asked, answer("Go by train."))
    if await stand.unsay("group", asked.message_id or ""):
        gone = await heard_since(stand, 1)
        assert isinstance(gone, Deleted)
        assert gone.of == asked.event_id


async def test_a_preview_of_a_link_is_no_change(stand: Stand, where: Where):
    asked = await stand.heard(where, "See https://example.org")
    await stand.preview(where, asked.message_id or "")
    await stand.say(where, "Bye")
    await only_heard(stand, ["See https://example.org", "Bye"])


async def test_what_the_bot_changes_and_deletes_itself_is_no_news(stand: Stand, where: Where):
    asked = await stand.heard(where, "Hello")
    posted = await stand.post(asked, answer("Good morning."))
    await stand.chat.edit(asked.address, posted, answer("Good evening."))
    await stand.chat.delete(asked.address, posted)
    await stand.say(where, "Bye")
    await stand.until(lambda: len(stand.inbox.messages) == 2)
    assert not [each for each in stand.inbox.kept if isinstance(each, Edited)]
