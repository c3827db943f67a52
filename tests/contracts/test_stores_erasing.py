"""What every store does when texts are taken out: words go, figures stay (ADR 0040)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.store.codec import KINDS
from core.errors import StoreError
from core.records import Whose
from core.storage import Store
from core.storage.changes import LETTER, NOTE, SAID
from core.storage.erasing import PAGE, Held, Texts, Whereabouts
from core.types import (
    Added,
    Address,
    Attachment,
    Author,
    Command,
    Deleted,
    Edited,
    Line,
    Moved,
    Press,
    Quote,
    Said,
    Speaker,
)
from tests.fakes.turns import (
    ROOM,
    advice,
    approval,
    end,
    message,
    report,
    start,
    tool_round,
    tool_step,
)

EVER = 10**13
BEN = Author(id="u2", name="Ben")


async def exchange(
    store: Store,
    turn_id: str,
    *,
    at: int = 1_000,
    where: Address = ROOM,
    asker: str = "u1",
    delivered: bool = True,
) -> int:
    author = Author(id=asker, name="Somebody", circles=("guild:7",))
    said = replace(
        message(f"e of {turn_id}", f"Question {turn_id}?", address=where),
        author=author,
        at=at,
        message_id=f"m of {turn_id}",
        direct=False,
    )
    accepted = await store.accept(said)
    assert accepted is not None
    begun = start(turn_id, seq=accepted.seq, session=where.session, asker=asker, started=at)
    await store.begin(replace(begun, question=Line.of("user", f"Question {turn_id}?")))
    failed = replace(report("q:spare", "half a word"), error="busy")
    await store.landed(turn_id, 1, replace(advice(1), tried=(failed,)))
    await store.references_done(turn_id, 1, [advice(2)])
    await store.called(turn_id, tool_round(1), [])
    await store.ask(turn_id, tool_step(1), approval())
    await store.returned(turn_id, tool_step(1, text="It is noon."))
    await store.attempting(turn_id, "answer")
    await store.posted(turn_id, "answer", f"post of {turn_id}")
    await store.finish(end(turn_id, f"Answer {turn_id}."))
    if delivered:
        await store.delivered(turn_id)
    return accepted.seq


async def test_what_is_erased_has_no_word_left_and_its_figures_stay(store: Store):
    seq = await exchange(store, "t1")
    await exchange(store, "t2")
    before = await store.costs(Whose(), since=0, until=EVER)
    models = await store.costs_of_models(since=0, until=EVER)
    await store.erase(Texts(turns=("t1",), messages=(seq,)))
    assert await store.turn("t1") is None
    assert [each.start.turn_id for each in await store.turns(ROOM.session)] == ["t2"]
    assert [line.text for _, line in await store.lines(ROOM.session)] == [
        "Question t2?",
        "Answer t2.",
    ]
    assert [each.title for each in await store.conversations("web", owner="u1")] == ["Question t2?"]
    assert [each.turn_id for each in await store.told(ROOM.session)] == ["t2"]
    assert [each.turn_id for each in await store.came(ROOM.session)] == ["t2"]
    assert await store.costs(Whose(), since=0, until=EVER) == before
    assert await store.costs_of_models(since=0, until=EVER) == models


async def test_a_message_without_its_words_is_still_known_by_its_place(store: Store):
    seq = await exchange(store, "t1")
    await store.erase(Texts(turns=("t1",), messages=(seq,)))
    left = await store.accepted(seq)
    assert left is not None
    assert (left.incoming.author.id, left.incoming.author.name) == ("u1", "")
    assert getattr(left.incoming, "text", None) == ""
    assert await store.has_message(ROOM.session, "m of t1")
    assert await store.bookmarks("web") == {ROOM: "m of t1"}
    assert await store.accept(message("e of t1", "once more")) is None
    assert await store.whereabouts(ROOM.session) == Whereabouts(
        place=ROOM, circles=("guild:7",), direct=False
    )


async def test_notes_about_a_message_go_with_it(store: Store):
    """A kill may have left them: nobody else takes them out. That of its place in line stands."""
    first, second = await exchange(store, "t1"), await exchange(store, "t2")
    for kind in (NOTE, SAID, LETTER):
        await store.posted(f"{kind}{first}", "notice", "m1")
        await store.attempting(f"{kind}{second}", "notice")
    await store.erase(Texts(messages=(first,)))
    for kind in (SAID, LETTER):
        assert await store.away_note(f"{kind}{first}") is None
        assert await store.away_note(f"{kind}{second}") is not None
    assert f"{NOTE}{first}" in {each.turn_id for each in await store.line_notes()}


async def test_what_waited_waits_no_longer(store: Store):
    accepted = await store.accept(message("e1", "Question of hers"))
    assert accepted is not None
    await store.erase(Texts(messages=(accepted.seq,)))
    assert await store.waiting() == []


async def test_an_ending_that_comes_late_brings_no_words_back(store: Store):
    accepted = await store.accept(message("e1"))
    assert accepted is not None
    await store.begin(start("t1", seq=accepted.seq))
    await store.erase(Texts(turns=("t1",), messages=(accepted.seq,)))
    await store.finish(end("t1", "Her words"))
    assert await store.lines(ROOM.session) == []
    assert await store.unfinished() == []
    assert await store.told(ROOM.session) == []


async def test_what_is_older_is_found_by_session_and_newer_is_not(store: Store):
    other = Address(platform="web", channel="other")
    first = await exchange(store, "t1", at=1_000)
    await exchange(store, "t2", at=2_000)
    await exchange(store, "t3", at=1_500, where=other)
    assert await store.held(before=1_600) == [
        Held(session=other.session, oldest=1_500),
        Held(session=ROOM.session, oldest=1_000),
    ]
    aged = await store.aged(ROOM.session, before=2_000, unfinished=0)
    assert aged == Texts(turns=("t1",))  # its message goes when the turn has gone
    await store.erase(aged)
    aged = await store.aged(ROOM.session, before=2_000, unfinished=0)
    assert aged == Texts(messages=(first,))
    await store.erase(aged)
    assert not await store.aged(ROOM.session, before=2_000, unfinished=0)
    assert await store.held(before=1_200) == []


async def test_what_is_not_delivered_gets_more_time_and_then_goes(store: Store):
    seq = await exchange(store, "t1", at=1_000, delivered=False)
    waits = await store.accept(message("waits"))
    assert waits is not None
    assert not await store.aged(ROOM.session, before=2_000, unfinished=0)
    aged = await store.aged(ROOM.session, before=2_000, unfinished=1_500)
    assert aged == Texts(turns=("t1",), messages=(waits.seq,))
    await store.erase(aged)
    assert await store.unfinished() == []
    assert (await store.aged(ROOM.session, before=2_000, unfinished=0)).messages == (seq,)


async def test_what_is_told_has_every_text_and_comes_in_pages(store: Store):
    for number in range(PAGE + 2):
        await exchange(store, f"t{number:03}", at=number)
    page = await store.told(ROOM.session)
    rest = await store.told(ROOM.session, after=page[-1].number)
    assert (len(page), len(rest)) == (PAGE, 2)
    assert page[0].question == "Question t000?"
    words = "\n".join(page[0].texts)
    for text in ("Answer t000.", "Advice 1", "Advice 2", "half a word", "It is noon."):
        assert text in words
    first = await store.came(ROOM.session)
    assert [each.text for each in await store.came(ROOM.session, after=first[-1].seq)] == [
        "Question t100?",
        "Question t101?",
    ]


async def test_sessions_of_a_person_are_where_they_asked_or_wrote(store: Store):
    rooms = [Address(platform="web", channel=each) for each in "abc"]
    await exchange(store, "t1", where=rooms[0])
    await exchange(store, "t2", where=rooms[1], asker="u2")
    told = Command(event_id="c1", address=rooms[2], author=BEN, name="moa", args="quick", at=5)
    await store.accept(told)
    assert await store.sessions_of("web", "u2") == ["web/b", "web/c"]
    assert await store.sessions_of("web", "u1") == ["web/a"]
    assert await store.sessions_of("other", "u1") == []


async def test_who_was_only_quoted_is_found_and_what_quotes_them_says_so(store: Store):
    await exchange(store, "t1")
    said = Said(speaker=Speaker(id="carl", name="Carl"), text="The train is late.")
    quotes = (Quote(kind="thread", said=(said,)),)
    accepted = await store.accept(message("e2"))
    assert accepted is not None
    begun = start("t2", seq=accepted.seq, session=ROOM.session)
    await store.begin(replace(begun, question=replace(begun.question, quotes=quotes)))
    assert await store.sessions_of("web", "carl") == [ROOM.session]
    told = await store.told(ROOM.session)
    assert [each.turn_id for each in told if "carl" in each.speakers] == ["t2"]


async def test_a_persons_votes_and_choices_go_and_those_of_others_stay(store: Store):
    await exchange(store, "t1")
    await store.vote("t1", "u1", "up", at=1)
    await store.vote("t1", "u2", "up", at=1)
    await store.set("user:web:u1", "preset", "quick", by="u1", at=1)
    await store.set("user:web:u11", "preset", "quick", by="u11", at=1)
    assert await store.erase_person("other", "u1") == (0, 0)
    assert await store.votes_of("web", "u1") == {"t1": "up"}
    assert await store.erase_person("web", "u1") == (1, 1)
    assert await store.votes_of("web", "u1") == {}
    assert await store.settings("user:web:u1") == {}
    assert await store.settings("user:web:u11") == {"preset": "quick"}
    assert [each.up for each in await store.voted()] == [1]


async def test_a_session_in_which_nobody_wrote_is_nowhere(store: Store):
    assert await store.whereabouts("v1/key") is None


async def test_a_store_that_takes_nothing_erases_nothing(store: Store):
    with pytest.raises(StoreError):
        await store.vote("none", "u1", "up", at=1)
    await store.erase(Texts())
    await store.scrub(whole=False)
    await store.scrub(whole=True)


ANY = message("e", "SECRET", address=ROOM)
FILE = Attachment(kind="document", name="SECRET.pdf")
WHO = Author(id="u1", name="SECRET", circles=("T1",), is_admin=True)


@pytest.mark.parametrize(
    "incoming",
    [
        replace(ANY, author=WHO, attachments=(FILE,), preset="SECRET"),
        Command(event_id="e", address=ROOM, author=WHO, name="SECRET", args="SECRET", at=5),
        Press(event_id="e", address=ROOM, author=WHO, action="vote", turn_id="t", at=5),
        Moved(event_id="e", address=ROOM, author=WHO, new=ROOM, at=5),
        Edited(event_id="e", address=ROOM, author=WHO, message=replace(ANY, author=WHO), at=5),
        Deleted(event_id="e", address=ROOM, author=WHO, of="e0", at=5),
        Added(event_id="e", address=ROOM, author=WHO, at=5, place="P", rooms=("R",), me="SECRET"),
    ],
    ids=lambda each: type(each).__name__,
)
async def test_whatever_came_in_is_kept_without_its_words(store: Store, incoming):
    accepted = await store.accept(incoming)
    assert accepted is not None
    await store.erase(Texts(messages=(accepted.seq,)))
    left = await store.accepted(accepted.seq)
    assert left is not None
    assert "SECRET" not in repr(left)
    assert type(left.incoming) is type(incoming)
    assert left.incoming.author == Author(id="u1", name="", circles=("T1",), is_admin=True)


def test_every_kind_of_incoming_is_tried_here():
    (marks,) = test_whatever_came_in_is_kept_without_its_words.pytestmark
    assert {type(each) for each in marks.args[1]} == set(KINDS.values())
