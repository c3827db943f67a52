"""Shows how much of what others said comes along with a question."""

from __future__ import annotations

from core.quotes import ALL, CUT, EACH, MOST, REPLIED, replied, thread
from core.types import Said, Speaker


def said(text: str) -> Said:
    return Said(speaker=Speaker(id="u1"), text=text, message_id=text[:9])


def test_a_reply_brings_along_what_it_replies_to():
    quote = replied(said(" The train is late.\n"))
    assert quote is not None
    assert (quote.kind, [each.text for each in quote.said]) == ("reply", ["The train is late."])


def test_what_has_no_words_is_not_quoted():
    assert replied(said(" ")) is None
    assert thread([said(""), said("\n")]) is None


def test_a_long_message_is_cut_and_half_a_character_is_none():
    quote = replied(said("a" * 9_999))
    assert quote is not None
    assert len(quote.said[0].text) == REPLIED
    assert quote.said[0].text.endswith(CUT)
    broken = replied(said("ok \ud83d"))
    assert broken is not None
    broken.said[0].text.encode()


def test_of_a_thread_the_newest_comes_along_oldest_first():
    quote = thread([said(f"m{number}") for number in range(MOST + 5)])
    assert quote is not None
    assert [each.text for each in quote.said] == [f"m{number}" for number in range(5, MOST + 5)]
    assert quote.left_out == 5


def test_long_messages_of_a_thread_leave_room_for_the_question():
    quote = thread([said(f"{number} " + "a" * 5_000) for number in range(20)])
    assert quote is not None
    assert all(len(each.text) == EACH for each in quote.said)
    assert sum(len(each.text) for each in quote.said) <= ALL
    assert len(quote.said) + quote.left_out == 20
    assert quote.said[-1].text.startswith("19 ")
