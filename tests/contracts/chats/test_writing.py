"""What an adapter writes: anything at all, twice if need be, and all of it."""

from __future__ import annotations

import pytest

from core.frames import File, Frame, Notice
from core.markup import utf16
from tests.contracts.chats.frames import HOSTILE, TURN, answer, button, frames, notice
from tests.contracts.chats.stand import Stand, Where


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
async def test_everything_can_be_posted_edited_twice_and_deleted_twice(stand: Stand, text: str):
    asked = await stand.heard("group")
    for frame in frames(text):
        posted = await stand.post(asked, frame)
        await stand.chat.edit(asked.address, posted, frame)
        await stand.chat.edit(asked.address, posted, frame)
        seen = stand.one("group", posted)
        assert seen.text.strip() or seen.streaming
        await stand.chat.delete(asked.address, posted)
        await stand.chat.delete(asked.address, posted)
    assert stand.shown("group") == []


async def test_an_answer_grows_and_ends(stand: Stand, where: Where):
    asked = await stand.heard(where)
    posted = await stand.post(asked, answer("Go by", final=False))
    await stand.chat.edit(asked.address, posted, answer("Go by train and", final=False))
    await stand.chat.edit(asked.address, posted, answer("Go by train and walk."))
    (seen,) = stand.shown(where)
    assert "Go by train and walk." in seen.text
    assert "review" in seen.text
    assert not seen.streaming


async def test_an_edit_that_changes_nothing_is_no_error(stand: Stand, where: Where):
    asked = await stand.heard(where)
    posted = await stand.post(asked, answer("Go by train."))
    for _ in range(2):
        await stand.chat.edit(asked.address, posted, answer("Go by bus."))
    await stand.chat.edit(asked.address, posted, answer("Go by bus.\n"))
    assert "Go by bus." in stand.one(where, posted).text


async def test_after_a_restart_it_still_edits_and_deletes_its_own(stand: Stand, where: Where):
    asked = await stand.heard(where)
    first = await stand.post(asked, answer("Go by", final=False))
    other = await stand.post(asked, notice("Second in line."))
    await stand.restart()
    await stand.chat.edit(asked.address, first, answer("Go by train."))
    await stand.chat.delete(asked.address, other)
    (seen,) = stand.shown(where)
    assert "Go by train." in seen.text
    assert not seen.streaming


WORD = "{:05d}"
SHAPES = {
    "words": "{} ",
    "emoji": "{}👩‍👩‍👧 ",
    "escapes": "{}_*&<> ",
    "lines": "{}\n",
    "bold": "**{}** ",
    "links": "[{}](https://e.org/) ",
    "list": "- {}\n",
    "quotes": "> {}\n\n",
    "code": "`{}` ",
    "table": "| {} | b |\n",
    "brackets": "[[{}]] ",
}


def filled(shape: str, limit: int, size) -> tuple[str, list[str]]:
    """Fill a text with numbered words, to exactly the limit."""
    text = "| a | b |\n|---|---|\n" if shape == "table" else ""
    words = []
    for number in range(limit):
        word = WORD.format(number)
        piece = SHAPES[shape].format(word)
        if size(text + piece) > limit:
            break
        text += piece
        words.append(word)
    return text + "x" * (limit - size(text)), words


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_part_that_is_as_long_as_it_may_be_is_shown_whole(stand: Stand, shape: str):
    asked = await stand.heard("group")
    can = stand.chat.capabilities(asked.address)
    text, words = filled(shape, can.limit, utf16 if can.unit == "utf16" else len)
    frame = answer(text, mention=asked.author.id, buttons=(button("retry"), button("preset")))
    posted = await stand.post(asked, frame)
    shown = stand.one("group", posted).text
    assert [word for word in words if word not in shown] == []
    assert "review" in shown
    grown = await stand.post(asked, answer("x", final=False))
    await stand.chat.edit(asked.address, grown, frame)
    shown = stand.one("group", grown).text
    assert [word for word in words if word not in shown] == []


async def test_a_file_arrives_with_its_name_and_in_the_conversation(stand: Stand, where: Where):
    asked = await stand.heard(where)
    assert stand.chat.capabilities(asked.address).files
    content = File(turn_id=TURN, name="answer.py", text="print('é')\n" * 2000)
    frame = Frame(key="file/0", content=content, final=True)
    posted = await stand.post(asked, frame)
    await stand.chat.edit(asked.address, posted, frame)
    assert [each.files for each in stand.shown(where)] == [("answer.py",)]
    await stand.chat.delete(asked.address, posted)
    assert not any(each.files for each in stand.shown(where))


async def test_one_delivery_posted_twice_is_one_message_where_that_is_promised(stand: Stand):
    asked = await stand.heard("dm")
    first = await stand.post(asked, notice("Once."), delivery_id="a" * 24)
    if stand.chat.capabilities(asked.address).repeatable:
        assert await stand.post(asked, notice("Once."), delivery_id="a" * 24) == first
    assert [each.text for each in stand.shown("dm")] == ["Once."]


async def test_a_notice_is_plain_text(stand: Stand, where: Where):
    asked = await stand.heard(where)
    posted = await stand.post(asked, notice("Use *stars* & <angles> in `code`."))
    assert isinstance(notice("x").content, Notice)
    assert "angles" in stand.one(where, posted).text
    assert "stars" in stand.one(where, posted).text
