"""The store in memory, on which scenarios run, tells the same story as the one on disk."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.store import open_sqlite
from core.errors import StoreError
from core.records import StoredTurn, Whose
from core.storage import Store
from core.types import Address
from tests.fakes.memory_store import MemoryStore
from tests.fakes.turns import advice, approval, end, message, start, tool_round, tool_step

Step: TypeAlias = Callable[[Store], Awaitable[object]]

SESSIONS = ["web/a", "web/b", "other/c"]
few = st.integers(min_value=1, max_value=4)
ids = few.map(lambda number: f"t{number}")
sessions = st.sampled_from(SESSIONS)
people = st.sampled_from(["u1", "u2"])
keys = st.sampled_from(["panel", "answer"])


def step(make: Callable[..., Step], *drawn: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    return st.tuples(*drawn).map(lambda values: make(*values))


async def seq_of(store: Store, number: int) -> int:
    """Look the message up: its seq may differ, for a repeat may burn one."""
    return next(
        (each.seq for each in await store.waiting() if each.incoming.event_id == f"e{number}"), 999
    )


async def drop(store: Store, number: int) -> None:
    await store.drop(await seq_of(store, number), "a command")


async def begin(store: Store, number: int | None, turn: str, session: str, asker: str) -> None:
    seq = None if number is None else await seq_of(store, number)
    await store.begin(start(turn, seq=seq, session=session, asker=asker))


def at(session: str, thread: str | None) -> Address:
    return replace(Address.of(session), thread=thread)


async def say(store: Store, number: int, where: Address) -> None:
    said = replace(message(f"e{number}", address=where), message_id=f"m{number}")
    await store.accept(said)


steps = st.one_of(
    step(lambda n: lambda store: store.accept(message(f"e{n}")), few),
    step(
        lambda n, where, thread: lambda store: say(store, n, at(where, thread)),
        few,
        sessions,
        st.none() | st.just("m1"),
    ),
    step(
        lambda old, new: lambda store: store.move(Address.of(old), Address.of(new)),
        st.sampled_from(["web/a", "web/b"]),
        st.sampled_from(["web/a", "web/b"]),
    ),
    step(lambda n: lambda store: drop(store, n), few),
    step(
        lambda turn, n, where, who: lambda store: begin(store, n, turn, where, who),
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
    step(lambda turn, n: lambda store: store.called(turn, tool_round(n), []), ids, few),
    step(
        lambda turn, n, asked: lambda store: store.intend(turn, tool_step(n, asked)),
        ids,
        few,
        st.none() | few,
    ),
    step(
        lambda turn, n: lambda store: store.returned(turn, tool_step(n, text="It is 4.")), ids, few
    ),
    step(
        lambda turn, n: lambda store: store.ask(turn, tool_step(n), approval(n)),
        ids,
        few,
    ),
    step(
        lambda turn, n, said, at: lambda store: store.decide(turn, n, said, by="Anna", at=at),
        ids,
        few,
        st.sampled_from(["approved", "refused", "expired"]),
        st.sampled_from([1, 3_000]),
    ),
    step(lambda turn: lambda store: store.delivered(turn), ids),
    step(lambda turn: lambda store: store.attempt(turn), ids),
    step(lambda turn: lambda store: store.remove(turn), ids),
    step(lambda turn, key: lambda store: store.attempting(turn, key), ids, keys),
    step(lambda turn, key: lambda store: store.posted(turn, key, "m1", shown=key), ids, keys),
    step(lambda turn, key: lambda store: store.unposted(turn, key, "unknown"), ids, keys),
    step(
        lambda where, key, value: (
            lambda store: store.set(where, key, value, by="u1", at=1, name="Ann")
        ),
        st.sampled_from(["here", *(f"session:{each}" for each in SESSIONS)]),
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
    seen.append([_without_seq(turn) for turn in await store.unfinished()])
    seen.append(await store.settings("here"))
    seen.append([await store.chosen_everywhere(key) for key in ("panel", "answer")])
    seen.append(await store.bookmarks("web"))
    seen.append(await store.costs(Whose(platform="web", asker="u1"), since=0, until=10_000))
    seen.append(await store.costs(Whose(preset="review"), since=0, until=10_000))
    seen.append(await store.costs_of_models(since=0, until=10_000))
    for session in SESSIONS:
        seen.append([line for _, line in await store.lines(session)])
        seen.append(await store.settings(f"session:{session}"))
        seen.append(await store.has_message(session, "m1"))
        seen.append(await store.costs(Whose(channel=session), since=0, until=10_000))
        seen.append([_without_seq(turn) for turn in await store.turns(session, last=2)])
    mine, theirs = [await store.conversations("web", owner=each) for each in ("u1", "u2")]
    return [*seen, mine, theirs]


def _without_numbers(given: object) -> object:
    return given if given is None or isinstance(given, int) else "accepted"


def _without_seq(turn: StoredTurn) -> StoredTurn:
    return replace(turn, start=replace(turn.start, seq=turn.start.seq and 1))


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
