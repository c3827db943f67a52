"""The store in memory, on which scenarios run, tells the same story as the one on disk."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store import open_sqlite
from core.errors import StoreError
from core.ports import Store
from tests.fakes.memory_store import MemoryStore
from tests.fakes.turns import advice, end, message, start

Step: TypeAlias = Callable[[Store], Awaitable[object]]

SESSIONS = ["web/a", "web/b", "other/c"]
few = st.integers(min_value=1, max_value=4)
ids = few.map(lambda number: f"t{number}")
sessions = st.sampled_from(SESSIONS)
people = st.sampled_from(["u1", "u2"])
keys = st.sampled_from(["panel", "answer"])


def step(make: Callable[..., Step], *drawn: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    return st.tuples(*drawn).map(lambda values: make(*values))


steps = st.one_of(
    step(lambda n: lambda store: store.accept(message(f"e{n}")), few),
    step(lambda n: lambda store: store.drop(n, "a command"), few),
    step(
        lambda turn, seq, where, who: (
            lambda store: store.begin(start(turn, seq=seq, session=where, asker=who))
        ),
        ids,
        st.none() | few,
        sessions,
        people,
    ),
    step(lambda turn, n: lambda store: store.landed(turn, 1, advice(n)), ids, few),
    step(
        lambda turn, n: lambda store: store.references_done(turn, n, [advice(n)]),
        ids,
        few,
    ),
    step(
        lambda turn, text: lambda store: store.finish(end(turn, text)),
        ids,
        st.sampled_from(["", "Because."]),
    ),
    step(lambda turn: lambda store: store.delivered(turn), ids),
    step(lambda turn: lambda store: store.attempt(turn), ids),
    step(lambda turn: lambda store: store.remove(turn), ids),
    step(lambda turn, key: lambda store: store.attempting(turn, key), ids, keys),
    step(lambda turn, key: lambda store: store.posted(turn, key, "m1"), ids, keys),
    step(lambda turn, key: lambda store: store.unposted(turn, key, "unknown"), ids, keys),
    step(
        lambda key, value: lambda store: store.set("here", key, value, by="u1", at=1),
        keys,
        st.none() | st.just("chosen"),
    ),
)


async def told(store: Store, story: Sequence[Step]) -> list[object]:
    """Live through a story: what each step gave, and what is to be seen at the end."""
    seen: list[object] = []
    for each in story:
        try:
            seen.append(_without_numbers(await each(store)))
        except StoreError:
            seen.append("refused")
    seen.append([each.incoming for each in await store.waiting()])
    seen.append(await store.unfinished())
    seen.append(await store.settings("here"))
    for session in SESSIONS:
        seen.append([line for _, line in await store.lines(session)])
        seen.append(await store.turns(session, last=2))
    mine, theirs = [await store.conversations("web", owner=each) for each in ("u1", "u2")]
    return [*seen, mine, theirs]


def _without_numbers(given: object) -> object:
    """An id that was burnt by a repeat is nobody's business."""
    return given if given is None or isinstance(given, int) else "accepted"


async def both(story: Sequence[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = await open_sqlite(Path(folder) / "data.db")
        try:
            on_disk = await told(store, story)
        finally:
            await store.close()
    assert await told(MemoryStore(), story) == on_disk


@settings(max_examples=25, deadline=None)
@given(st.lists(steps, min_size=5, max_size=25))
def test_memory_and_disk_agree(story):
    asyncio.run(both(story))
