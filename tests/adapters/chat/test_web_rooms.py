"""What a browser is told: the latest of every message, in order, within bounds."""

import asyncio
from contextlib import ExitStack

import pytest

from adapters.chat.web.rooms import MOST_BROWSERS, MOST_LIVE, MOST_ROOMS, MOST_WAITING, Rooms, Shown
from core.errors import Overloaded
from core.frames import Frame, Notice, Part

ROOM = "web/owner/one"


@pytest.fixture
def rooms():
    return Rooms(lambda: 100)


def part(text, *, turn="t1", final=False):
    content = Part(turn_id=turn, index=0, text=text, streaming=not final)
    return Frame(key="answer/0", content=content, final=final)


def notice(text):
    return Frame(key="notice", content=Notice(text=text), final=True)


async def news(browser):
    async with asyncio.timeout(30):
        return await browser.next()


async def test_of_one_message_only_the_latest_frame_waits(rooms):
    with rooms.listen(ROOM, 100) as browser:
        for text in ("a", "ab", "abc"):
            rooms.show(ROOM, "t1/answer/0", part(text))
        (shown,) = await news(browser)
    assert shown.frame == part("abc")
    assert shown.version == 103


async def test_news_come_in_the_order_of_what_is_newest(rooms):
    with rooms.listen(ROOM, 100) as browser:
        rooms.show(ROOM, "one", part("a"))
        rooms.show(ROOM, "two", notice("b"))
        rooms.show(ROOM, "one", part("ac"))
        got = await news(browser)
    assert [each.message_id for each in got] == ["two", "one"]


async def test_who_missed_nothing_is_told_nothing_and_who_did_is_told_to_look(rooms):
    rooms.show(ROOM, "one", part("a"))
    with rooms.listen(ROOM, 101) as browser:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await browser.next()
        rooms.hint(ROOM, "asked", "e1")
        assert [each.kind for each in await news(browser)] == ["asked"]
    with rooms.listen(ROOM, 100) as browser:
        assert [each.kind for each in await news(browser)] == ["changed"]


async def test_a_browser_that_takes_nothing_is_let_go_and_holds_no_memory(rooms):
    with rooms.listen(ROOM, 100) as browser:
        for number in range(MOST_WAITING + 1):
            rooms.show(ROOM, f"n{number}", notice("x"))
        assert browser.closed
        assert await news(browser) == []


async def test_one_conversation_hears_nothing_of_another(rooms):
    with rooms.listen(ROOM, 100) as browser, rooms.listen("web/owner/two", 100) as other:
        rooms.show("web/owner/two", "x", notice("secret"))
        rooms.show(ROOM, "y", notice("open"))
        assert [each.message_id for each in await news(browser)] == ["y"]
        assert [each.message_id for each in await news(other)] == ["x"]


def test_what_ended_is_forgotten_when_the_next_turn_begins_and_notices_stay(rooms):
    rooms.show(ROOM, "t1/answer/0", part("Done.", final=True))
    rooms.show(ROOM, "n", notice("The preset is quick now."))
    rooms.show(ROOM, "t2/answer/0", part("On it", turn="t2"))
    room = rooms.look(ROOM)
    assert room.of_turn("t1") == []
    assert [each.after for each in room.notices] == ["t1"]
    assert [each.message_id for each in room.of_turn("t2")] == ["t2/answer/0"]


def test_what_is_deleted_is_gone_and_deleting_twice_is_no_error(rooms):
    rooms.show(ROOM, "n", notice("x"))
    rooms.remove(ROOM, "n")
    rooms.remove(ROOM, "n")
    assert rooms.look(ROOM).notices == []


def test_memory_is_bounded_by_messages_and_by_conversations(rooms):
    for number in range(3 * MOST_LIVE):
        rooms.show(ROOM, f"n{number}", notice("x"))
    assert len(rooms.look(ROOM).shown) == MOST_LIVE
    for number in range(2 * MOST_ROOMS):
        rooms.show(f"web/owner/{number}", "n", notice("x"))
    assert len(rooms._rooms) <= MOST_ROOMS


def test_what_is_being_written_outlives_the_bound_on_conversations(rooms):
    rooms.show(ROOM, "t1/answer/0", part("On it"))
    for number in range(2 * MOST_ROOMS):
        rooms.show(f"web/owner/{number}", "n", notice("x"))
    assert isinstance(rooms.look(ROOM).shown["t1/answer/0"], Shown)


def test_too_many_pages_are_refused(rooms):
    with ExitStack() as stack:
        for _ in range(MOST_BROWSERS):
            stack.enter_context(rooms.listen(ROOM, 100))
        with pytest.raises(Overloaded):
            stack.enter_context(rooms.listen(ROOM, 100))
    assert rooms.browsers == 0
