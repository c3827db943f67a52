"""What every store knows of files that came with messages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.errors import StoreError
from core.records import FileUse
from core.storage import Store
from core.storage.erasing import Texts
from core.types import Address, KeptFile, Line
from tests.fakes.turns import message, start

A, B = "a" * 64, "b" * 64
OTHER = Address(platform="test", channel="other")


async def seq_of(store: Store, event_id: str, address: Address | None = None) -> int:
    said = message(event_id) if address is None else message(event_id, address=address)
    found = await store.accept(said)
    assert found
    return found.seq


def use(seq: int, digest: str = A, *, person: str = "anna", at: int = 10, text: str | None = None):
    return FileUse(seq=seq, digest=digest, person=person, at=at, text=text)


async def test_what_was_read_out_of_a_file_is_given_by_its_hash(store: Store):
    seq = await seq_of(store, "e1")
    await store.keep_file(use(seq, text="the words"))
    await store.keep_file(use(seq, B))
    assert await store.file_texts({A, B}) == {A: "the words"}
    assert await store.file_texts(()) == {}


async def test_the_first_text_of_a_file_stands(store: Store):
    one, two = await seq_of(store, "e1"), await seq_of(store, "e2")
    await store.keep_file(use(one, text="as it was read first"))
    await store.keep_file(use(two, text="as it would be read today"))
    assert await store.file_texts([A]) == {A: "as it was read first"}


async def test_a_file_is_in_use_until_the_last_message_lets_go_of_it(store: Store):
    one, two = await seq_of(store, "e1"), await seq_of(store, "e2", OTHER)
    for seq in (one, one, two):
        await store.keep_file(use(seq, text="words"))
    assert await store.files_in_use([A, B]) == {A}
    assert await store.release_files(session=OTHER.session) == 1
    assert await store.files_in_use([A]) == {A}
    assert await store.file_texts([A])
    assert await store.release_files(session=message("e1").address.session) == 1
    assert await store.files_in_use([A]) == frozenset()
    assert await store.file_texts([A]) == {}


async def test_files_are_forgotten_by_age_and_by_person(store: Store):
    one, two = await seq_of(store, "e1"), await seq_of(store, "e2")
    await store.keep_file(use(one, A, at=10))
    await store.keep_file(use(two, B, at=20, person="ben"))
    assert await store.release_files(before=10) == 0
    assert await store.release_files(before=11) == 1
    assert await store.files_in_use([A, B]) == {B}
    platform = message("e2").address.platform
    assert await store.release_files(platform="elsewhere", person="ben") == 0
    assert await store.release_files(platform=platform, person="anna") == 0
    assert await store.release_files(platform=platform, person="ben") == 1
    assert await store.files_in_use([A, B]) == frozenset()


async def test_who_holds_old_files(store: Store):
    one, two = await seq_of(store, "e1"), await seq_of(store, "e2", OTHER)
    await store.keep_file(use(one, A, at=10))
    await store.keep_file(use(one, B, at=20))
    await store.keep_file(use(two, B, at=30))
    assert await store.files_held(before=10) == {}
    assert await store.files_held(before=25) == {message("e1").address.session: 10}
    assert (await store.files_held(before=31))[OTHER.session] == 30


async def test_nothing_is_forgotten_where_nothing_is_said(store: Store):
    await store.keep_file(use(await seq_of(store, "e1")))
    assert await store.release_files() == 0
    assert await store.files_in_use([A]) == {A}


async def test_a_message_that_was_erased_needs_its_files_no_more(store: Store):
    one, two = await seq_of(store, "e1"), await seq_of(store, "e2")
    await store.keep_file(use(one, A, text="words"))
    await store.keep_file(use(two, B))
    await store.erase(Texts(messages=(one,)))
    assert await store.files_in_use([A, B]) == {B}
    assert await store.release_files() == 1
    assert await store.file_texts([A]) == {}
    assert await store.files_in_use([A, B]) == {B}


async def test_a_file_belongs_to_a_message(store: Store):
    with pytest.raises(StoreError):
        await store.keep_file(use(999))


async def test_more_files_than_fit_into_one_question(store: Store):
    await store.keep_file(use(await seq_of(store, "e1")))
    assert await store.files_in_use([A, *(f"{n:064x}" for n in range(1200))]) == {A}


async def test_a_question_keeps_its_files_over_a_restart(store: Store):
    file = KeptFile(kind="text", name="a.txt", digest=A, size=3, most=9, cut=True, about="1 page")
    seq = await seq_of(store, "e1")
    question = replace(Line.of("user", "Why?"), files=(file,))
    await store.begin(replace(start("t1", seq=seq), question=question))
    found = await store.turn("t1")
    assert found
    assert found.start.question == question
