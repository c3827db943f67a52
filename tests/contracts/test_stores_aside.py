"""What every store knows of messages that were put aside, and of attempts that were cut."""

from __future__ import annotations

from core.records import Accepted
from core.storage import Store
from core.storage.erasing import Texts
from core.types import Address, Author, Moved
from tests.fakes.turns import ROOM, message, start


async def accepted(store: Store, event_id: str) -> Accepted:
    found = await store.accept(message(event_id))
    assert found is not None
    return found


async def test_p13_what_was_put_aside_waits_no_more_until_somebody_wants_it(store: Store):
    late, broke, other = [await accepted(store, each) for each in ("e1", "e2", "e3")]
    await store.put_aside(late.seq, "late")
    await store.put_aside(broke.seq, "broke")
    assert await store.waiting() == [other]
    assert [each.seq for each in await store.aside("late")] == [late.seq]
    assert [each.seq for each in await store.aside("broke")] == [broke.seq]
    assert await store.accept(message("e1")) is None
    assert await store.wanted([late.seq, other.seq, 99]) == [late.seq]
    assert await store.wanted([late.seq]) == []
    again = next(each for each in await store.waiting() if each.seq == late.seq)
    assert (again.wanted, again.attempts) == (True, 0)
    assert await store.aside("late") == []
    assert await store.wanted([]) == []


async def test_only_what_waits_is_put_aside(store: Store):
    done, claimed = await accepted(store, "e1"), await accepted(store, "e2")
    await store.drop(done.seq, "done")
    await store.begin(start("t1", seq=claimed.seq))
    for each in (done, claimed):
        await store.put_aside(each.seq, "late")
    assert await store.aside("late") == []


async def test_what_was_put_aside_can_be_changed_erased_and_moved(store: Store):
    first, second = await accepted(store, "e1"), await accepted(store, "e2")
    for each in (first, second):
        await store.put_aside(each.seq, "late")
    kept = await store.kept(ROOM.platform, "e1")
    assert kept is not None
    assert kept.waiting
    await store.erase(Texts(messages=(first.seq,)))
    assert [each.seq for each in await store.aside("late")] == [second.seq]
    assert await store.wanted([first.seq]) == []
    await store.unsay(second.seq, {})
    assert await store.aside("late") == []


async def test_what_was_put_aside_moves_with_its_chat(store: Store):
    there = Address(platform=ROOM.platform, channel="new")
    late = await accepted(store, "e1")
    await store.put_aside(late.seq, "late")
    gone = Moved(event_id="m", address=ROOM, author=Author(id="", name=""), new=there, at=1)
    await store.accept(gone)
    await store.move(ROOM, there)
    (found,) = await store.aside("late")
    assert (found.incoming.address, found.session) == (there, there.session)


async def test_p8_attempts_of_a_message_go_on_in_its_turn(store: Store):
    said = await accepted(store, "e1")
    assert [await store.tried([said.seq]) for _ in range(2)] == [1, 2]
    assert [each.attempts for each in await store.waiting()] == [2]
    await store.begin(start("t1", seq=said.seq))
    assert await store.attempt("t1") == 3
    assert await store.tried([]) == 0


async def test_p8_a_stop_in_good_order_counts_no_attempt(store: Store):
    runs, waits = await accepted(store, "e1"), await accepted(store, "e2")
    await store.begin(start("t1", seq=runs.seq))
    await store.tried([waits.seq])
    for _ in range(5):
        assert await store.attempt("t1") == 2
        assert await store.tried([waits.seq]) == 2
        await store.forgive()


async def test_a_note_is_found_by_its_name(store: Store):
    assert await store.away_note("away/chat") is None
    await store.attempting("away/chat", "notice")
    await store.posted("away/chat", "notice", "m1")
    found = await store.away_note("away/chat")
    assert found is not None
    assert found.message_id == "m1"


async def test_p8_an_attempt_that_was_taken_back_did_not_break_the_program_off(store: Store):
    said = await accepted(store, "e1")
    for number in range(1, 4):
        await store.tried([said.seq])
        await store.begin(start(f"t{number}", seq=said.seq))
        assert await store.withdraw(f"t{number}") == [said.seq]
    assert [each.attempts for each in await store.waiting()] == [0]
