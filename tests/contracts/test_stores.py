"""What every store keeps, whatever it is made of: P1, P2, P4, P8 as far as a store can."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

import adapters.store
from core.errors import StoreError
from core.outcomes import Advice
from core.records import Accepted, Posted, Setting, Whose
from core.storage import MOVED, Store
from core.types import Address, Author, Command, Line, Moved, Press
from tests.contracts.openers import OPENERS
from tests.fakes.turns import ANNA, ROOM, advice, end, message, report, start


def test_every_dialect_with_migrations_is_held_to_this_contract():
    folder = Path(adapters.store.__file__).parent / "migrations"
    assert {each.name for each in folder.iterdir() if each.is_dir()} <= OPENERS.keys()


async def accepted(store: Store, event_id: str, text: str = "Why?") -> Accepted:
    found = await store.accept(message(event_id, text))
    assert found is not None
    return found


async def one_turn(store: Store, turn_id: str, question: str = "Why?") -> int:
    seq = (await accepted(store, f"event of {turn_id}", question)).seq
    await store.begin(start(turn_id, seq=seq, question=question))
    return seq


# --- inbox ----------------------------------------------------------------------------------


async def test_p1_an_accepted_message_waits_until_a_turn_claims_it(store: Store):
    first = await accepted(store, "e1")
    second = await accepted(store, "e2")
    assert first.seq < second.seq
    assert await store.waiting() == [first, second]
    await store.begin(start("t1", seq=first.seq))
    assert await store.waiting() == [second]


async def test_a_message_that_comes_twice_is_accepted_once(store: Store):
    first = await accepted(store, "e1", "Why?")
    assert await store.accept(message("e1", "the platform repeats itself")) is None
    assert await store.waiting() == [first]
    elsewhere = Address(platform="other", channel="room")
    assert await store.accept(message("e1", address=elsewhere)) is not None


async def test_two_arrivals_of_one_message_at_once_are_one(store: Store):
    async with asyncio.TaskGroup() as group:
        arrivals = [group.create_task(store.accept(message("e1"))) for _ in range(10)]
    assert sum(task.result() is not None for task in arrivals) == 1


async def test_a_dropped_message_waits_no_longer(store: Store):
    await store.drop((await accepted(store, "e1")).seq, "a command")
    assert await store.waiting() == []
    assert await store.accept(message("e1")) is None


@pytest.mark.parametrize(
    "incoming",
    [
        message("e", "half a \ud83d pair, a \0, a \U0001f600"),
        Command(event_id="e", address=ROOM, author=ANNA, name="moa", args="review", at=5),
        Press(
            event_id="e",
            address=Address(platform="web", channel="a/b", thread="ü"),
            author=Author(id="u2", name="\ud800", is_bot=True),
            action="retry",
            turn_id="t1",
            at=2**41,
        ),
    ],
)
async def test_what_waits_is_what_came(store: Store, incoming):
    await store.accept(incoming)
    assert [each.incoming for each in await store.waiting()] == [incoming]


async def said(
    store: Store, event_id: str, *, thread: str | None = None, message_id: str | None = None
) -> int:
    where = replace(ROOM, thread=thread)
    found = await store.accept(replace(message(event_id, address=where), message_id=message_id))
    assert found is not None
    return found.seq


async def test_what_was_accepted_is_found_again_whatever_became_of_it(store: Store):
    seq = await said(store, "e1", message_id="m1")
    await store.drop(seq, "a command")
    found = await store.accepted(seq)
    assert found is not None
    assert found.incoming == replace(message("e1"), message_id="m1")
    assert await store.accepted(99) is None


async def test_a_message_is_known_by_its_id_in_its_session(store: Store):
    await said(store, "e1", message_id="m1")
    await said(store, "e2", thread="m2", message_id="m2")
    assert await store.has_message(ROOM.session, "m1")
    assert not await store.has_message(ROOM.session, "m2")
    assert await store.has_message(replace(ROOM, thread="m2").session, "m2")
    press = Press(
        event_id="e3", address=ROOM, author=ANNA, action="stop", turn_id="t", at=1, message_id="m3"
    )
    await store.accept(press)
    assert not await store.has_message(ROOM.session, "m3")


async def test_a_platform_may_go_on_reading_where_it_left_off(store: Store):
    for number, thread in enumerate([None, "t", None, "u"]):
        await said(store, f"e{number}", thread=thread, message_id=f"m{number}")
    await said(store, "e8")
    await store.accept(
        replace(message("e9", address=Address(platform="other", channel="x")), message_id="m9")
    )
    assert await store.bookmarks("web") == {
        ROOM: "m2",
        replace(ROOM, thread="t"): "m1",
        replace(ROOM, thread="u"): "m3",
    }
    assert await store.bookmarks("web", most=2) == {
        ROOM: "m2",
        replace(ROOM, thread="u"): "m3",
    }
    assert await store.bookmarks("nowhere") == {}


# --- turns ----------------------------------------------------------------------------------


async def test_a_turn_is_found_as_it_began(store: Store):
    seq = await one_turn(store, "t1")
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.start == start("t1", seq=seq)
    assert (stored.state, stored.attempts, stored.references_done) == ("running", 1, 0)
    assert (stored.advice, stored.end, stored.outbox) == ((), None, ())
    assert await store.turn("t2") is None


async def test_p2_a_message_gets_one_turn_only(store: Store):
    seq = await one_turn(store, "t1")
    with pytest.raises(StoreError):
        await store.begin(start("t2", seq=seq))
    assert [each.start.turn_id for each in await store.unfinished()] == ["t1"]


async def test_a_message_that_nobody_accepted_gets_no_turn(store: Store):
    with pytest.raises(StoreError):
        await store.begin(start("t1", seq=77))
    assert await store.turn("t1") is None


async def test_p4_a_reference_that_landed_is_kept(store: Store):
    await one_turn(store, "t1")
    await store.landed("t1", 1, advice(2))
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.advice == ((1, advice(2)),)
    assert stored.references_done == 0


async def test_p4_a_closed_round_has_every_outcome_in_slot_order(store: Store):
    await one_turn(store, "t1")
    skipped = Advice(position=1, label="p:1", outcome="skipped", reason="no key", role="skeptic")
    late = Advice(position=3, label="p:3", outcome="late", call=report("other", "un", dollars=None))
    await store.landed("t1", 1, advice(2))
    await store.references_done("t1", 1, [late, skipped])
    await store.references_done("t1", 2, [])
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.advice == ((1, skipped), (1, advice(2)), (1, late))
    assert stored.references_done == 2


async def test_moa_29_calls_of_a_slot_that_failed_before_its_fallback_are_kept(store: Store):
    await one_turn(store, "t1")
    failed = replace(report("q:main", ""), error="busy")
    spare = replace(advice(1), in_place_of="q:main", tried=(failed,))
    await store.landed("t1", 1, spare)
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.advice == ((1, spare),)


async def test_p4_what_landed_first_stays(store: Store):
    await one_turn(store, "t1")
    await store.landed("t1", 1, advice(1))
    await store.references_done("t1", 1, [advice(1, "cancelled"), advice(2)])
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.advice == ((1, advice(1)), (1, advice(2)))


async def test_advice_for_a_turn_that_never_began_is_refused(store: Store):
    with pytest.raises(StoreError):
        await store.landed("t9", 1, advice(1))


async def test_a_finished_turn_has_its_end_and_its_lines(store: Store):
    await one_turn(store, "t1")
    await store.finish(end("t1"))
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.state == "answered"
    assert stored.end == end("t1")
    assert [line for _, line in await store.lines(ROOM.session)] == [
        Line.of("user", "Why?"),
        Line.of("assistant", "Because."),
    ]


async def test_dollars_come_back_to_the_last_digit(store: Store):
    await one_turn(store, "t1")
    await store.finish(end("t1"))
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.end is not None
    assert str(stored.end.dollars) == "0.0030"
    assert stored.end.calls[0].dollars == Decimal("0.0010")


@pytest.mark.parametrize("ending", ["stopped", "failed"])
async def test_a_cut_answer_is_kept_as_far_as_it_was_shown(store: Store, ending):
    await one_turn(store, "t1")
    await store.finish(end("t1", "Half of", ending=ending, error="It broke."))
    said = [line.text for _, line in await store.lines(ROOM.session)]
    assert said == ["Why?", "Half of"]


async def test_a_turn_that_failed_without_a_word_leaves_the_question_alone(store: Store):
    await one_turn(store, "t1")
    await store.finish(end("t1", "", ending="failed", error="It broke."))
    assert [line.text for _, line in await store.lines(ROOM.session)] == ["Why?"]


async def test_the_first_end_of_a_turn_stands(store: Store):
    await one_turn(store, "t1")
    await store.finish(end("t1"))
    await store.finish(end("t1", "Another answer", ending="stopped"))
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.end == end("t1")
    assert len(await store.lines(ROOM.session)) == 2


async def test_a_turn_without_a_message_leaves_no_history(store: Store):
    await store.begin(start("t1", session="v1/key"))
    await store.finish(end("t1"))
    assert await store.lines("v1/key") == []
    stored = await store.turn("t1")
    assert stored is not None
    assert stored.start.seq is None


async def test_turns_are_unfinished_until_they_are_delivered(store: Store):
    for turn_id in ("t1", "t2", "t3"):
        await one_turn(store, turn_id)
    await store.finish(end("t2"))
    await store.finish(end("t3"))
    await store.delivered("t3")
    unfinished = await store.unfinished()
    assert [(each.start.turn_id, each.state) for each in unfinished] == [
        ("t1", "running"),
        ("t2", "answered"),
    ]


async def test_p8_attempts_are_counted(store: Store):
    await one_turn(store, "t1")
    assert [await store.attempt("t1") for _ in range(2)] == [2, 3]
    assert [each.attempts for each in await store.unfinished()] == [3]
    with pytest.raises(StoreError):
        await store.attempt("t9")


# --- outbox ---------------------------------------------------------------------------------


async def test_p2_a_message_of_ours_is_known_before_and_after_it_is_posted(store: Store):
    await one_turn(store, "t1")
    for key in ("panel", "answer", "rest"):
        await store.attempting("t1", key)
    await store.posted("t1", "panel", "m1", shown="what it says")
    await store.unposted("t1", "answer", "unknown")
    (stored,) = await store.unfinished()
    assert stored.outbox == (
        Posted(turn_id="t1", key="panel", message_id="m1", state="delivered", shown="what it says"),
        Posted(turn_id="t1", key="answer", message_id=None, state="unknown"),
        Posted(turn_id="t1", key="rest", message_id=None, state="attempting"),
    )


async def test_p2_a_message_that_is_posted_anew_has_no_id_until_it_has_one(store: Store):
    await one_turn(store, "t1")
    await store.attempting("t1", "answer", piece=True)
    (stored,) = await store.unfinished()
    assert [(each.message_id, each.state) for each in stored.outbox] == [(None, "piece")]
    await store.attempting("t1", "answer")
    await store.posted("t1", "answer", "m1", shown="what it says")
    await store.attempting("t1", "answer")
    (stored,) = await store.unfinished()
    (row,) = stored.outbox
    assert (row.message_id, row.state, row.shown) == (None, "attempting", "")


# --- history --------------------------------------------------------------------------------


async def test_a_history_is_read_up_to_a_line(store: Store):
    for turn_id in ("t1", "t2"):
        await one_turn(store, turn_id, f"Question of {turn_id}")
        await store.finish(end(turn_id))
    lines = await store.lines(ROOM.session)
    numbers = [number for number, _ in lines]
    assert numbers == sorted(set(numbers))
    assert await store.lines(ROOM.session, upto=numbers[1]) == lines[:2]
    assert await store.lines(ROOM.session, upto=0) == []
    assert await store.lines("web/elsewhere") == []


async def test_a_removed_turn_is_gone_from_history_and_list(store: Store):
    for turn_id in ("t1", "t2"):
        await one_turn(store, turn_id, f"Question of {turn_id}")
        await store.finish(end(turn_id))
    await store.remove("t1")
    said = [line.text for _, line in await store.lines(ROOM.session)]
    assert said == ["Question of t2", "Because."]
    assert [each.start.turn_id for each in await store.turns(ROOM.session)] == ["t2"]
    removed = await store.turn("t1")
    assert removed is not None
    assert removed.removed


async def test_a_turn_that_is_removed_while_it_runs_leaves_no_line(store: Store):
    await one_turn(store, "t1")
    await store.remove("t1")
    await store.finish(end("t1"))
    assert await store.lines(ROOM.session) == []


async def test_the_last_turns_of_a_session_come_oldest_first(store: Store):
    for turn_id in ("t1", "t2", "t3"):
        await one_turn(store, turn_id)
    turns = await store.turns(ROOM.session, last=2)
    assert [each.start.turn_id for each in turns] == ["t2", "t3"]


async def test_the_newest_turn_at_a_channel_or_below_is_ones_own_else_anybody_s(store: Store):
    asked = {"t1": "1", "t2": "2", "t3": "3", "t4": "4"}
    askers = {"t1": "u1", "t2": "u1", "t3": "u2", "t4": "u1"}
    for turn_id, thread in asked.items():
        session = replace(ROOM, thread=thread).session
        await store.begin(start(turn_id, session=session, asker=askers[turn_id]))
    await store.begin(start("t6", session=replace(ROOM, channel="room2", thread="1").session))
    await store.remove("t4")

    async def newest(asker: str, channel: str = "room", *, own: bool = False) -> str | None:
        found = await store.newest_at(replace(ROOM, channel=channel), asker=asker, own=own)
        return found.start.turn_id if found else None

    assert [await newest(each) for each in ("u1", "u2", "u3")] == ["t2", "t3", "t3"]
    assert [await newest(each, own=True) for each in ("u1", "u2", "u3")] == ["t2", "t3", None]
    assert await newest("u1", "roo") is None
    await store.begin(start("t5", session="web/room/user=u2", place=ROOM, asker="u2"))
    assert [await newest(each) for each in ("u1", "u2")] == ["t5", "t5"]
    assert await newest("u1", own=True) == "t2"


async def test_it_is_known_what_a_session_has_read(store: Store):
    asked = replace(message("e1"), message_id="q1")
    accepted = await store.accept(asked)
    assert accepted is not None
    await store.begin(start("t1", seq=accepted.seq))
    await store.posted("t1", "answer", "a1")
    await store.finish(end("t1"))
    other = replace(ROOM, channel="hall")

    async def read(message_id: str, session: str = ROOM.session, place: Address = ROOM) -> bool:
        return await store.has_read(session, place.session, message_id)

    assert [await read(each) for each in ("q1", "a1", "q2")] == [True, True, False]
    assert not await read("q1", other.session)
    assert not await read("q1", place=other)
    await store.renew(ROOM.session, by="u1", at=2_000)
    assert not await read("a1")


async def test_it_is_known_what_was_said_last_at_a_place_in_a_session(store: Store):
    thread, mine = replace(ROOM, thread="7"), "web/room/user=u1"
    for number, session in ((1, ""), (2, mine), (3, ""), (4, mine)):
        said = replace(message(f"e{number}", address=thread), message_id=f"m{number}")
        await store.accept(said, session)
    place = thread.session
    assert await store.last_message(place, place, 4) == "m3"
    assert await store.last_message(place, place, 3) == "m1"
    assert await store.last_message(mine, place, 4) == "m2"
    assert await store.last_message(place, place, 1) is None
    assert await store.last_message(place, ROOM.session, 9) is None


async def test_what_was_said_last_is_not_what_came_in_last(store: Store):
    for number, at in ((1, 20), (2, 30), (3, 10), (4, 30)):
        said = replace(message(f"e{number}"), message_id=f"m{number}", at=at)
        await store.accept(said)
    last = [await store.last_message(ROOM.session, ROOM.session, seq) for seq in (2, 4, 5)]
    assert last == ["m1", "m2", "m4"]


async def test_a_turn_keeps_its_place_beside_its_session(store: Store):
    thread = replace(ROOM, thread="7")
    for turn_id, session in (("t1", ROOM.session), ("t2", "web/room/user=u1")):
        accepted = await store.accept(message(turn_id, address=thread), session)
        seq = accepted.seq if accepted else None
        await store.begin(start(turn_id, seq=seq, session=session, place=thread))
        await store.finish(end(turn_id))
    moved = replace(ROOM, channel="hall")
    await store.move(ROOM, moved)
    found = [await store.turn(each) for each in ("t1", "t2")]
    assert [each.start.place for each in found if each] == [replace(moved, thread="7")] * 2
    assert [each.start.session for each in found if each] == ["web/hall", "web/hall/user=u1"]
    assert await store.lines("web/hall") != []
    assert await store.lines("web/hall/user=u1") != []
    (cost,) = await store.costs(Whose(channel="web/hall"), since=0, until=9_999)
    assert cost.whose.channel == "web/hall/7"
    assert cost.spent.turns == 2


async def test_conversations_are_ones_own_newest_first(store: Store):
    asked = [
        ("t1", "web/a", "u1", "The\n first   question " + "of many words " * 9),
        ("t2", "web/b", "u1", "B"),
        ("t3", "web/c", "u2", "not mine"),
        ("t4", "web/a", "u1", "later"),
        ("t5", "webby/a", "u1", "another platform"),
        ("t6", "web/d", "u1", "removed"),
    ]
    for time, (turn_id, session, asker, question) in enumerate(asked):
        await store.begin(
            start(turn_id, session=session, asker=asker, question=question, started=time)
        )
    await store.remove("t6")
    found = await store.conversations("web", owner="u1")
    assert [(each.session, each.updated) for each in found] == [("web/a", 3), ("web/b", 1)]
    assert found[0].title.startswith("The first question of many words")
    assert found[0].title.endswith("…")
    assert len(found[0].title) <= 80
    assert found[1].title == "B"


# --- settings -------------------------------------------------------------------------------


async def test_settings_are_kept_per_scope(store: Store):
    await store.set("session:a", "preset", "review", by="u1", at=1)
    await store.set("session:a", "preset", "quick", by="u2", at=2)
    await store.set("session:a", "advisors", "line", by="u2", at=3)
    await store.set("user:b", "preset", "other", by="u1", at=4)
    assert await store.settings("session:a") == {"preset": "quick", "advisors": "line"}
    await store.set("session:a", "preset", None, by="u1", at=5)
    assert await store.settings("session:a") == {"advisors": "line"}
    assert await store.settings("nowhere") == {}


async def test_one_setting_is_read_in_several_scopes_at_once(store: Store):
    await store.set("session:a", "preset", "review", by="u1", at=1)
    await store.set("session:a", "advisors", "line", by="u1", at=2)
    await store.set("user:b", "preset", "other", by="u1", at=3)
    await store.set("user:c", "preset", "third", by="u1", at=4)
    here = Setting(scope="session:a", value="review", by="u1", name="", at=1)
    mine = Setting(scope="user:b", value="other", by="u1", name="", at=3)
    assert await store.chosen("preset", "session:a") == {"session:a": here}
    assert await store.chosen("preset", "session:x", "session:a", "user:b") == {
        "session:a": here,
        "user:b": mine,
    }
    assert await store.chosen("preset", "nowhere") == {}


async def test_who_set_a_setting_and_when_is_kept_with_it_and_the_log_has_all(store: Store):
    await store.set("session:web/a", "preset", "review", by="u1", at=1, name="Ann")
    await store.set("session:web/a", "preset", "quick", by="u2", at=2, name="Ben")
    await store.set("session:web/b", "preset", "review", by="u1", at=3, name="Ann")
    await store.set("session:web/b", "quiet", "on", by="u1", at=4, name="Ann")
    await store.set("session:web/c", "preset", "review", by="u1", at=5, name="Ann")
    await store.set("session:web/c", "preset", None, by="u2", at=6, name="Ben")
    assert await store.chosen_everywhere("preset") == [
        Setting(scope="session:web/a", value="quick", by="u2", name="Ben", at=2),
        Setting(scope="session:web/b", value="review", by="u1", name="Ann", at=3),
    ]
    said = [(each.value, each.by) for each in await store.audited(last=10) if each.at < 3]
    assert said == [("review", "u1"), ("quick", "u2")]


async def test_whoever_is_erased_is_not_named_as_the_one_who_chose(store: Store):
    for scope in ("session:web/a", "session:webs/a"):
        await store.set(scope, "preset", "review", by="u1", at=1, name="Ann")
    await store.set("session:web/b", "preset", "review", by="u2", at=1, name="Ben")
    await store.erase_person("web", "u1")
    names = {each.scope: each.name for each in await store.chosen_everywhere("preset")}
    assert names == {"session:web/a": "", "session:web/b": "Ben", "session:webs/a": "Ann"}


# --- places ---------------------------------------------------------------------------------


async def test_a_place_goes_on_elsewhere_with_all_that_is_kept_of_it(store: Store):
    new = Address(platform="web", channel="-100 1")
    await one_turn(store, "t1")
    await store.finish(end("t1"))
    await said(store, "e2", thread="7", message_id="m2")
    await said(store, "e3", message_id="m3")
    other = await store.accept(message("e4", address=replace(ROOM, channel="roomy")))
    await store.set(f"session:{ROOM.session}", "preset", "quick", by="u1", at=1)
    await store.set(f"session:{ROOM.session}", "advisors", "line", by="u1", at=1)
    await store.set(f"session:{ROOM.session}/7", "preset", "review", by="u1", at=1)
    await store.set(f"session:{new.session}", "preset", "mine", by="u1", at=2)
    await store.move(ROOM, new)
    assert [each.start.turn_id for each in await store.turns(new.session)] == ["t1"]
    assert len(await store.lines(new.session)) == 2
    assert await store.turns(ROOM.session) == []
    waiting = [each.incoming.address for each in await store.waiting()]
    assert waiting == [replace(new, thread="7"), new, replace(ROOM, channel="roomy")]
    assert other is not None
    assert await store.has_message(replace(new, thread="7").session, "m2")
    assert await store.settings(f"session:{new.session}") == {"preset": "mine", "advisors": "line"}
    assert await store.settings(f"session:{new.session}/7") == {"preset": "review"}
    assert await store.settings(f"session:{ROOM.session}") == {}
    assert await store.settings(MOVED) == {ROOM.session: new.session}


async def test_what_begins_while_its_chat_moves_begins_where_that_is_now(store: Store):
    new = Address(platform="web", channel="new")
    seq = (await accepted(store, "e1")).seq
    await store.move(ROOM, new)
    await store.begin(start("t1", seq=seq))
    await store.finish(end("t1"))
    (turn,) = await store.turns(new.session)
    assert turn.start.place == new
    assert len(await store.lines(new.session)) == 2
    assert await store.lines(ROOM.session) == []


async def test_a_move_itself_still_waits_under_its_own_name(store: Store):
    new = Address(platform="web", channel="new")
    moved = Moved(event_id="e1", address=ROOM, author=ANNA, new=new, at=1)
    await store.accept(moved)
    await store.move(ROOM, new)
    await store.move(ROOM, new)
    assert [each.incoming for each in await store.waiting()] == [moved]
