"""What every store knows of messages that join, are steered, changed, deleted, taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import TurnTaken
from core.records import Accepted, Kept, Steered
from core.steering import CARRIED
from core.storage import Store
from core.storage.erasing import Texts
from core.types import Author, Deleted, Edited, Line
from tests.fakes.turns import ANNA, ROOM, advice, end, message, start

SESSION = ROOM.session


async def accepted(store: Store, event_id: str, text: str = "Why?") -> Accepted:
    found = await store.accept(message(event_id, text))
    assert found is not None
    return found


async def texts(store: Store) -> list[str]:
    return [line.text for _, line in await store.lines(SESSION)]


def said(text: str) -> Line:
    return Line.of("user", text)


async def test_changes_and_deletions_are_kept_as_they_came(store: Store):
    edited = Edited(
        event_id="x1", address=ROOM, author=ANNA, message=message("e1", "Why not?"), at=7
    )
    gone = Deleted(event_id="x2", address=ROOM, author=Author(id="", name=""), of="e1", at=8)
    for each in (edited, gone):
        assert await store.accept(each) is not None
    assert [each.incoming for each in await store.waiting()] == [edited, gone]


async def test_several_messages_may_be_one_question(store: Store):
    first, second = await accepted(store, "e1"), await accepted(store, "e2")
    third = await accepted(store, "e3")
    begun = replace(start("t1", seq=first.seq, question="Why? And how?"), joined=(second.seq,))
    await store.begin(begun)
    assert await store.waiting() == [third]
    parts = await store.parts("t1")
    assert [(each.accepted.seq, each.turn_id) for each in parts] == [
        (first.seq, "t1"),
        (second.seq, "t1"),
    ]
    assert not any(each.waiting or each.steered for each in parts)


async def test_what_came_in_is_found_by_its_event(store: Store):
    first = await accepted(store, "e1")
    assert await store.kept("web", "e1") == Kept(accepted=first, waiting=True)
    assert await store.kept("web", "e2") is None
    assert await store.kept("other", "e1") is None
    await store.begin(start("t1", seq=first.seq))
    found = await store.kept("web", "e1")
    assert found is not None
    assert (found.turn_id, found.waiting) == ("t1", False)


async def test_a_turn_that_is_taken_back_leaves_what_it_took_in_waiting(store: Store):
    first, second = await accepted(store, "e1"), await accepted(store, "e2")
    await store.begin(replace(start("t1", seq=first.seq), joined=(second.seq,)))
    await store.landed("t1", 1, advice(1))
    now = replace(first, incoming=message("e1", "Why not?"))
    assert await store.withdraw("t1", changed=now) == [first.seq, second.seq]
    assert [each.incoming for each in await store.waiting()] == [now.incoming, second.incoming]
    (turn,) = await store.unfinished()
    assert (turn.removed, turn.start.seq, turn.state) == (True, None, "running")
    await store.finish(end("t1"))
    assert await texts(store) == []
    assert await store.turns(SESSION) == []
    await store.begin(start("t2", seq=first.seq, question="Why not?"))
    await store.finish(end("t2"))
    assert await texts(store) == ["Why not?", "Because."]


async def test_a_turn_is_taken_back_once_and_a_later_change_of_it_changes_nothing(store: Store):
    first = await accepted(store, "e1")
    await store.begin(start("t1", seq=first.seq))
    assert await store.withdraw("t1") == [first.seq]
    now = replace(first, incoming=message("e1", "Why not?"))
    assert await store.withdraw("t1", changed=now) == []
    assert await store.waiting() == [first]


async def test_a_turn_that_has_ended_is_not_taken_back(store: Store):
    first = await accepted(store, "e1")
    await store.begin(start("t1", seq=first.seq))
    await store.finish(end("t1"))
    now = replace(first, incoming=message("e1", "Why not?"))
    assert await store.withdraw("t1", changed=now) == []
    assert await store.waiting() == []
    assert await texts(store) == ["Why?", "Because."]
    found = await store.accepted(first.seq)
    assert found is not None
    assert found.incoming == first.incoming


async def test_an_answer_that_is_being_shown_can_be_disowned_and_else_none(store: Store):
    first = await accepted(store, "e1")
    await store.begin(start("t1", seq=first.seq))
    assert not await store.disown("t1")
    await store.finish(end("t1"))
    await store.attempting("t1", "answer/0", piece=False)
    await store.posted("t1", "answer/0", "m1")
    assert await store.disown("t1")
    (turn,) = await store.unfinished()
    assert (turn.removed, turn.start.seq, turn.state) == (True, None, "answered")
    assert [each.message_id for each in turn.outbox] == ["m1"]
    assert await texts(store) == []
    assert await store.waiting() == []
    await store.delivered("t1")
    assert not await store.disown("t1")
    assert not await store.disown("t2")


async def test_a_changed_question_is_replaced_wherever_it_stands(store: Store):
    first = await accepted(store, "e1")
    await store.begin(start("t1", seq=first.seq))
    await store.finish(end("t1"))
    await store.remove("t1")
    await store.begin(replace(start("t2", seq=(await accepted(store, "e2")).seq), origin="t1"))
    await store.finish(end("t2"))
    again = await store.asking_again("t1")
    assert again == ["t1", "t2"]
    line = said("Why not?")
    now = replace(first, incoming=message("e1", "Why not?"))
    await store.revise(now, dict.fromkeys(again, line), line)
    assert await texts(store) == ["Why not?", "Because."]
    for turn_id in again:
        turn = await store.turn(turn_id)
        assert turn is not None
        assert turn.start.question == line
    found = await store.accepted(first.seq)
    assert found is not None
    assert found.incoming == now.incoming


async def test_what_is_changed_while_its_turn_runs_enters_the_history_as_it_is_now(store: Store):
    first = await accepted(store, "e1")
    await store.begin(start("t1", seq=first.seq))
    line = said("Why not?")
    await store.revise(replace(first, incoming=message("e1", "Why not?")), {"t1": line}, line)
    await store.finish(end("t1"))
    assert await texts(store) == ["Why not?", "Because."]


async def steered(store: Store) -> tuple[Accepted, Accepted]:
    first, second = await accepted(store, "e1"), await accepted(store, "e2", "Hurry.")
    await store.begin(start("t1", seq=first.seq))
    await store.steer("t1", 2, [(second.seq, said("Hurry."))])
    return first, second


async def asked_again(store: Store) -> tuple[Accepted, Accepted]:
    """Ask again twice what something was steered into, and steer more into the first Retry."""
    _, second = await steered(store)
    await store.finish(replace(end("t1"), lines=(said("Hurry."), said("Gone."))))
    await store.delivered("t1")
    await store.remove("t1")
    await store.begin(replace(start("t2", seq=(await accepted(store, "e3")).seq), origin="t1"))
    third = await accepted(store, "e4", "Now.")
    await store.steer("t2", 1, [(third.seq, said("Now."))])
    await store.finish(replace(end("t2"), lines=(said("Hurry."), said("Now."))))
    await store.delivered("t2")
    await store.remove("t2")
    await store.begin(replace(start("t3", seq=(await accepted(store, "e5")).seq), origin="t1"))
    return second, third


async def test_what_is_steered_goes_on_with_whatever_asks_the_same_again(store: Store):
    await asked_again(store)
    (turn,) = await store.unfinished()
    again = (
        Steered(iteration=CARRIED, line=said("Hurry.")),
        Steered(iteration=CARRIED, line=said("Now.")),
    )
    assert turn.steered == again
    for event_id in ("e2", "e4"):
        found = await store.kept("web", event_id)
        assert found is not None
        assert (found.turn_id, found.steered, found.waiting) == ("t3", True, False)
    for turn_id in ("t1", "t2", "t3"):
        assert await store.asking_again(turn_id) == ["t1", "t2", "t3"]
    seq = turn.start.seq
    assert seq is not None
    assert await store.withdraw("t3") == [seq]
    await store.erase(Texts(turns=("t3",)))
    await store.begin(replace(start("t4", seq=seq), origin="t1"))
    (turn,) = await store.unfinished()
    assert turn.steered == again


async def test_what_is_carried_along_is_changed_and_deleted_wherever_it_stands(store: Store):
    second, third = await asked_again(store)
    await store.finish(replace(end("t3"), lines=(said("Hurry."), said("Now."))))
    line = said("No hurry.")
    await store.revise(replace(second, incoming=message("e2", "No hurry.")), {}, line)
    await store.unsay(third.seq, {})
    kept = [line.text for each in await store.told(SESSION) for line in map(said, each.texts)]
    assert "Hurry." not in kept
    assert "Now." not in kept
    assert await texts(store) == ["Why?", "No hurry."]


async def test_what_is_steered_belongs_to_the_turn_and_is_known_after_a_kill(store: Store):
    _, second = await steered(store)
    assert await store.waiting() == []
    (turn,) = await store.unfinished()
    assert turn.steered == (Steered(iteration=2, line=said("Hurry.")),)
    found = await store.kept("web", "e2")
    assert found is not None
    assert (found.turn_id, found.steered) == ("t1", True)
    parts = [(each.accepted.seq, each.steered) for each in await store.parts("t1")]
    assert parts[-1] == (second.seq, True)


async def test_what_a_turn_has_not_heard_of_waits_again(store: Store):
    first, second = await steered(store)
    third = await accepted(store, "e3")
    await store.unsteer("t2", [second.seq])
    await store.unsteer("t1", [first.seq, third.seq])
    assert await store.waiting() == [third]
    await store.unsteer("t1", [second.seq, third.seq])
    assert await store.waiting() == [second, third]
    (turn,) = await store.unfinished()
    assert turn.steered == ()
    assert turn.start.seq == first.seq
    found = await store.kept("web", "e2")
    assert found is not None
    assert (found.turn_id, found.steered) == ("", False)


async def test_a_steered_line_is_changed_and_deleted_in_the_history_too(store: Store):
    _, second = await steered(store)
    lines = (said("Hurry."), Line.of("assistant", "Yes."))
    await store.finish(replace(end("t1"), lines=lines))
    assert await texts(store) == ["Why?", "Hurry.", "Yes."]
    now = replace(second, incoming=message("e2", "No hurry."))
    await store.revise(now, {}, said("No hurry."))
    assert await texts(store) == ["Why?", "No hurry.", "Yes."]
    await store.unsay(second.seq, {})
    assert await texts(store) == ["Why?", "Yes."]
    assert await store.kept("web", "e2") is None


async def test_a_part_of_a_question_is_taken_out_for_good(store: Store):
    first, second = await accepted(store, "e1"), await accepted(store, "e2", "At once.")
    whole = "Why?\n\nAt once."
    await store.begin(replace(start("t1", seq=first.seq, question=whole), joined=(second.seq,)))
    await store.finish(end("t1"))
    await store.unsay(second.seq, {"t1": said("Why?")})
    assert await texts(store) == ["Why?", "Because."]
    assert [each.accepted.seq for each in await store.parts("t1")] == [first.seq]
    bare = await store.accepted(second.seq)
    assert bare is not None
    assert getattr(bare.incoming, "text", None) == ""


async def test_what_waits_and_is_deleted_waits_no_longer(store: Store):
    first = await accepted(store, "e1")
    await store.unsay(first.seq, {})
    assert await store.waiting() == []
    assert await store.kept("web", "e1") is None
    assert await store.accept(message("e1")) is None


async def test_notes_about_places_in_line_are_found_after_a_restart(store: Store):
    first = await accepted(store, "e1")
    await store.begin(start("t1", seq=first.seq))
    await store.attempting("t1", "panel")
    await store.attempting("line/7", "notice")
    await store.posted("line/7", "notice", "m7")
    assert [(each.turn_id, each.message_id) for each in await store.line_notes()] == [
        ("line/7", "m7")
    ]
    await store.unpost("line/7")
    assert await store.line_notes() == []


async def test_what_was_taken_out_stays_out_whatever_is_late(store: Store):
    first, second = await accepted(store, "e1", "My secret"), await accepted(store, "e2")
    await store.unsay(first.seq, {})
    await store.revise(first, {}, said("My secret"))
    assert await store.kept("web", "e1") is None
    found = await store.accepted(first.seq)
    assert found is not None
    assert "secret" not in str(found.incoming)
    with pytest.raises(TurnTaken):
        await store.begin(start("t1", seq=first.seq))
    with pytest.raises(TurnTaken):
        await store.begin(replace(start("t1", seq=second.seq), joined=(first.seq,)))
    assert await store.turn("t1") is None
    assert await store.waiting() == [second]
    await store.begin(start("t1", seq=second.seq))
    assert await store.steer("t1", 1, [(first.seq, said("My secret"))]) == []
    await store.finish(end("t1"))
    assert await texts(store) == ["Why?", "Because."]


async def test_a_change_that_another_run_has_done_is_not_done_again(store: Store):
    first = await accepted(store, "e1")
    older = await store.accept(
        Edited(event_id="x1", address=ROOM, author=ANNA, message=message("e1", "One?"), at=7)
    )
    assert older is not None
    await store.unsay(older.seq, {})
    now = replace(first, incoming=message("e1", "Two?"))
    await store.revise(now, {}, said("Two?"))
    late = replace(first, incoming=message("e1", "One?"))
    await store.revise(late, {}, said("One?"), by=older.seq)
    assert await store.waiting() == [now]
    await store.begin(start("t1", seq=first.seq, question="Two?"))
    assert await store.withdraw("t1", changed=late, by=older.seq) == []
    await store.unsay(first.seq, {}, by=older.seq)
    await store.finish(end("t1"))
    assert await texts(store) == ["Two?", "Because."]


async def test_nothing_joins_a_turn_that_was_taken_back(store: Store):
    first, second = await accepted(store, "e1"), await accepted(store, "e2")
    await store.begin(start("t1", seq=first.seq))
    assert await store.withdraw("t1") == [first.seq]
    assert await store.steer("t1", 1, [(second.seq, said("Hurry."))]) == []
    assert await store.waiting() == [first, second]


async def test_what_was_posted_about_a_message_goes_when_it_is_taken_out(store: Store):
    """But for its place in line: that stands in its chat, and is found by its row."""
    first = await accepted(store, "e1")
    for kind in ("said", "letter", "line"):
        await store.posted(f"{kind}/{first.seq}", "notice", f"of {kind}")
    await store.unsay(first.seq, {})
    assert await store.away_note(f"said/{first.seq}") is None
    assert await store.away_note(f"letter/{first.seq}") is None
    assert [each.message_id for each in await store.line_notes()] == ["of line"]
