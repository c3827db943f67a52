"""Histories that begin anew, or with a summary of what they began with (MOA-19)."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from core import records
from core.history import summary_line
from core.records import Spent, TurnStart, Whose
from core.storage import Store
from core.storage.erasing import Texts
from core.types import Address, Line
from tests.fakes.turns import ROOM, end, message, start

HERE = ROOM.session
SUMMARY = summary_line("They spoke of trains.")


async def exchange(store: Store, turn_id: str, question: str, *, session: str = HERE) -> None:
    address = Address.of(session)
    accepted = await store.accept(message(f"event of {turn_id}", question, address=address))
    assert accepted is not None
    await store.begin(start(turn_id, seq=accepted.seq, session=session, question=question))
    await store.finish(end(turn_id, f"{question} Yes."))


async def two_exchanges(store: Store) -> None:
    await exchange(store, "t1", "One?")
    await exchange(store, "t2", "Two?")


async def texts(store: Store, session: str = HERE) -> list[str]:
    return [line.text for _, line in await store.lines(session)]


async def condensing(store: Store, *, lines: int = 2) -> TurnStart:
    """The start of a summary of the first lines there are."""
    told = await store.lines(HERE)
    summing = start("s1", question="Sum it up.")
    return replace(summing, history=told[lines - 1][0], origin=records.SUMMARY)


# --- anew -----------------------------------------------------------------------------------


async def test_a_session_that_begins_anew_keeps_everything_and_tells_nothing_of_it(store: Store):
    await two_exchanges(store)
    before = await store.lines(HERE)
    number = await store.renew(HERE, by="u1", at=5_000)
    assert number is not None
    assert await store.lines(HERE) == []
    await exchange(store, "t3", "Three?")
    assert await texts(store) == ["Three?", "Three? Yes."]
    assert [each.start.turn_id for each in await store.turns(HERE)] == ["t1", "t2", "t3"]
    assert await store.unrenew(HERE, since=5_000)
    assert (await store.lines(HERE))[:4] == before
    assert len(await texts(store)) == 6


async def test_there_is_nothing_to_leave_behind_twice(store: Store):
    assert await store.renew(HERE, by="u1", at=5_000) is None
    await two_exchanges(store)
    assert await store.renew(HERE, by="u1", at=5_000) is not None
    assert await store.renew(HERE, by="u1", at=6_000) is None


async def test_beginning_anew_is_undone_by_number_and_only_for_a_while(store: Store):
    await exchange(store, "t1", "One?")
    first = await store.renew(HERE, by="u1", at=5_000)
    await exchange(store, "t2", "Two?")
    second = await store.renew(HERE, by="u1", at=6_000)
    assert None not in {first, second}
    assert not await store.unrenew(HERE, number=first, since=5_001)
    assert not await store.unrenew("web/elsewhere", number=second, since=0)
    assert await store.unrenew(HERE, number=second, since=5_001)
    assert await texts(store) == ["Two?", "Two? Yes."]
    assert not await store.unrenew(HERE, number=second, since=0)
    assert await store.unrenew(HERE, since=0)
    assert len(await texts(store)) == 4


async def test_an_older_one_takes_later_ones_with_it(store: Store):
    await exchange(store, "t1", "One?")
    first = await store.renew(HERE, by="u1", at=5_000)
    await exchange(store, "t2", "Two?")
    await store.renew(HERE, by="u1", at=6_000)
    assert await store.unrenew(HERE, number=first, since=0)
    assert len(await texts(store)) == 4


async def test_sessions_begin_anew_each_for_itself(store: Store):
    await exchange(store, "t1", "One?")
    await exchange(store, "t2", "Two?", session=f"{HERE}/thread")
    await store.renew(HERE, by="u1", at=5_000)
    assert await texts(store) == []
    assert len(await texts(store, f"{HERE}/thread")) == 2


async def test_the_last_exchange_is_one_of_this_beginning(store: Store):
    assert await store.last_exchange(HERE) is None
    await two_exchanges(store)
    assert await store.last_exchange(HERE) == "t2"
    await store.remove("t2")
    assert await store.last_exchange(HERE) == "t1"
    await store.renew(HERE, by="u1", at=5_000)
    assert await store.last_exchange(HERE) is None
    accepted = await store.accept(message("e3"))
    assert accepted is not None
    await store.begin(start("t3", seq=accepted.seq))
    assert await store.last_exchange(HERE) == "t3", "one that runs counts"


# --- condensed ------------------------------------------------------------------------------


async def test_a_summary_stands_for_the_lines_that_it_is_of(store: Store):
    await two_exchanges(store)
    summing = await condensing(store)
    assert await store.condense(summing, end("s1", ""), SUMMARY, lines=2)
    told = await store.lines(HERE)
    assert [line for _, line in told] == [SUMMARY, Line.of("user", "Two?"), told[2][1]]
    assert told[0][1].pinned
    assert told[0][0] == summing.history
    assert await store.lines(HERE, upto=told[0][0]) == told[:1]
    assert await store.last_exchange(HERE) == "t2"


async def test_a_summary_of_a_summary_takes_its_place(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await exchange(store, "t3", "Three?")
    last = (await store.lines(HERE))[2][0]
    later = summary_line("They spoke of trains, and of two.")
    again = replace(start("s2"), history=last)
    assert await store.condense(again, end("s2", ""), later, lines=2)
    assert await texts(store) == [later.text, "Three?", "Three? Yes."]
    await store.remove("t2")
    assert await texts(store) == [SUMMARY.text, "Three?", "Three? Yes."]


async def test_a_summary_is_a_turn_that_nobody_sees_and_costs_what_it_cost(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    assert [each.start.turn_id for each in await store.turns(HERE)] == ["t1", "t2"]
    assert [each.turn_id for each in await store.told(HERE)] == ["t1", "t2"]
    assert {each.start.turn_id for each in await store.unfinished()} == {"t1", "t2"}
    (cost,) = await store.costs(Whose(), since=0, until=9_000)
    assert cost.spent == Spent(dollars=Decimal("0.0090"), turns=2)


async def test_what_a_failing_summary_took_is_counted_and_the_history_stays(store: Store):
    await two_exchanges(store)
    before = await store.lines(HERE)
    failed = end("s1", "", ending="failed", error="It broke.")
    assert not await store.condense(await condensing(store), failed, None, lines=2)
    assert await store.lines(HERE) == before
    (cost,) = await store.costs(Whose(), since=0, until=9_000)
    assert cost.spent.dollars == Decimal("0.0090")


async def test_a_summary_of_what_was_taken_out_meanwhile_is_not_told(store: Store):
    await two_exchanges(store)
    summing = await condensing(store, lines=2)
    await store.remove("t1")
    assert not await store.condense(summing, end("s1", ""), SUMMARY, lines=2)
    assert await texts(store) == ["Two?", "Two? Yes."]


async def test_whoever_takes_a_condensed_exchange_out_takes_the_summary_out(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await store.remove("t1")
    assert await texts(store) == ["Two?", "Two? Yes."]


async def test_whoever_changes_a_condensed_question_takes_the_summary_out(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    (first,) = await store.parts("t1")
    now = replace(first.accepted, incoming=message("event of t1", "Ein?"))
    asked = {"t1": Line.of("user", "Ein?")}
    await store.revise(now, asked, Line.of("user", "Ein?"))
    assert await texts(store) == ["Ein?", "One? Yes.", "Two?", "Two? Yes."]


async def test_whoever_deletes_a_part_of_a_condensed_question_takes_the_summary_out(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    (first,) = await store.parts("t1")
    await store.unsay(first.accepted.seq, {"t1": Line.of("user", "the rest")})
    assert await texts(store) == ["the rest", "One? Yes.", "Two?", "Two? Yes."]


async def test_whoever_deletes_what_joined_a_condensed_turn_takes_the_summary_out(store: Store):
    first, late = (
        await store.accept(message("e1", "One?")),
        await store.accept(message("e2", "Two?")),
    )
    assert first is not None
    assert late is not None
    await store.begin(start("t1", seq=first.seq, session=HERE, question="One?"))
    assert await store.steer("t1", 1, [(late.seq, Line.of("user", "And two?"))]) == [late.seq]
    await store.finish(end("t1", "One? Yes."))
    await exchange(store, "t2", "Two?")
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await store.unsay(late.seq, {})
    assert await texts(store) == ["One?", "One? Yes.", "Two?", "Two? Yes."]


async def test_a_summary_stays_where_something_later_is_taken_out(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await store.remove("t2")
    assert await texts(store) == [SUMMARY.text]
    assert await store.renew(HERE, by="u1", at=5_000) is not None
    assert await texts(store) == []


async def test_going_back_before_a_new_beginning_leaves_its_summaries(store: Store):
    await exchange(store, "t0", "Zero?")
    await store.renew(HERE, by="u1", at=5_000)
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    assert await store.unrenew(HERE, since=0)
    assert (await texts(store))[:2] == ["Zero?", "Zero? Yes."]
    assert len(await texts(store)) == 6


async def test_where_a_chat_has_moved_its_beginnings_and_facts_are_there(store: Store):
    new = Address(platform="web", channel="newer")
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await exchange(store, "t3", "Three?", session=f"{HERE}/thread")
    await store.renew(f"{HERE}/thread", by="u1", at=5_000)
    author = message("e").author
    await store.pin(HERE, "We deploy on Fridays.", author=author, at=1, most=9)
    await store.pin(new.session, "We never deploy.", author=author, at=1, most=9)
    await store.move(ROOM, new)
    assert await texts(store, new.session) == [SUMMARY.text, "Two?", "Two? Yes."]
    assert await texts(store, f"{new.session}/thread") == []
    facts = await store.facts(new.session)
    assert [(each.place, each.text) for each in facts] == [
        (1, "We never deploy."),
        (2, "We deploy on Fridays."),
    ]
    assert await store.facts(HERE) == []


# --- erased -----------------------------------------------------------------------------------


async def test_a_summary_goes_with_any_text_that_it_is_of(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await store.erase(Texts(turns=("t2",)))
    assert await texts(store) == [SUMMARY.text]
    await store.erase(Texts(turns=("t1",)))
    assert await texts(store) == []


async def test_a_summary_that_is_too_old_itself_goes(store: Store):
    await two_exchanges(store)
    await store.condense(await condensing(store), end("s1", ""), SUMMARY, lines=2)
    await store.erase(Texts(turns=("s1",)))
    assert await texts(store) == ["One?", "One? Yes.", "Two?", "Two? Yes."]


async def test_the_facts_of_somebody_go_with_them(store: Store):
    author = message("e").author
    await store.pin(HERE, "Mine.", author=author, at=1, most=9)
    await store.pin(HERE, "Theirs.", author=replace(author, id="u2"), at=1, most=9)
    await store.pin("slack/a", "Elsewhere.", author=author, at=1, most=9)
    await store.erase_person("web", author.id)
    assert [each.text for each in await store.facts(HERE)] == ["Theirs."]
    assert len(await store.facts("slack/a")) == 1


# --- facts ----------------------------------------------------------------------------------


async def test_facts_of_a_channel_are_told_with_every_history_below_it(store: Store):
    author = message("e").author
    assert await store.pin(HERE, "One.", author=author, at=7, most=2) == 1
    assert await store.pin(HERE, "Two \ud83d.", author=author, at=8, most=2) == 2
    assert await store.pin(HERE, "Three.", author=author, at=9, most=2) is None
    await exchange(store, "t1", "One?", session=f"{HERE}/thread")
    told = await store.recalled(f"{HERE}/thread", HERE)
    assert [(each.place, each.text, each.at) for each in told.facts] == [
        (1, "One.", 7),
        (2, "Two \ud83d.", 8),
    ]
    assert told.facts[0].author == author
    assert list(told.lines) == list(await store.lines(f"{HERE}/thread"))
    assert (await store.recalled(f"{HERE}/thread", HERE, upto=0)).lines == []
    assert (await store.recalled(HERE, "web/elsewhere")).facts == ()


async def test_a_fact_that_is_taken_away_is_gone_and_the_others_keep_their_numbers(store: Store):
    author = message("e").author
    for text in ("One.", "Two.", "Three."):
        await store.pin(HERE, text, author=author, at=1, most=9)
    assert await store.unpin(HERE, 2)
    assert not await store.unpin(HERE, 2)
    assert not await store.unpin("web/elsewhere", 1)
    assert [each.place for each in await store.facts(HERE)] == [1, 3]
