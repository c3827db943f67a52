"""What was erased is in no file any more: with the real SQLite, its log included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from adapters.store import open_sqlite
from core.storage.erasing import Texts
from core.types import Address, Author, Line
from tests.fakes.turns import advice, end, message, report, start, tool_round, tool_step

CANARY = "CANARY-77-PLUM"


def found_in(folder: Path, word: str) -> list[str]:
    return [each.name for each in folder.iterdir() if word.encode() in each.read_bytes()]


async def exchange(store, number: int, word: str, padding: int) -> tuple[str, int]:
    where = Address(platform="web", channel=f"room{number % 7}")
    text = f"{word} " * padding
    said = replace(
        message(f"e{number}", text, address=where), author=Author(id=f"u{number % 3}", name=word)
    )
    accepted = await store.accept(said)
    turn_id = f"t{number}"
    begun = start(turn_id, seq=accepted.seq, session=where.session)
    await store.begin(replace(begun, question=Line.of("user", text)))
    tried = replace(report("q:x", text), error=word)
    await store.landed(turn_id, 1, replace(advice(1), text=text, reason=word, tried=(tried,)))
    await store.called(turn_id, tool_round(1), [])
    await store.returned(turn_id, tool_step(1, text=text))
    await store.finish(replace(end(turn_id, text), calls=(report("p:big", text),), notes=(word,)))
    await store.delivered(turn_id)
    return turn_id, accepted.seq


@pytest.mark.parametrize("padding", [1, 40, 900])
async def test_a_grep_finds_nothing_of_what_was_erased(tmp_path, padding):
    store = await open_sqlite(tmp_path / "data.db")
    try:
        mine = []
        for number in range(60):
            word = CANARY if number % 2 else "OTHER-WORD"
            found = await exchange(store, number, word, padding + number % 5)
            mine += [found] if number % 2 else []
        assert "data.db-wal" in found_in(tmp_path, CANARY)
        turns, messages = zip(*mine, strict=True)
        await store.erase(Texts(turns=turns, messages=messages))
        await store.scrub(whole=True)
        assert found_in(tmp_path, CANARY) == []
        assert found_in(tmp_path, "OTHER-WORD") == ["data.db"]
    finally:
        await store.close()
    assert found_in(tmp_path, CANARY) == []


async def test_the_log_is_emptied_without_writing_everything_anew(tmp_path):
    store = await open_sqlite(tmp_path / "data.db")
    turn_id, seq = await exchange(store, 1, CANARY, 1)
    await store.erase(Texts(turns=(turn_id,), messages=(seq,)))
    await store.scrub(whole=False)
    assert (tmp_path / "data.db-wal").stat().st_size == 0
    await store.close()
