"""Shows how lines go out of trace files: by age, by person, and whatever was rotated."""

from __future__ import annotations

import json
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.sink.jsonl import JsonLines, file_name
from adapters.sink.tracefiles import TraceFiles
from tests.adapters.sink.test_jsonl import ending, records, start

DAY = 86_400_000


async def traced(folder: Path, session: str, *turns: tuple[str, str, int]) -> None:
    sink = JsonLines(folder, rotate_bytes=1_500)
    for turn_id, asker, day in turns:
        begun = replace(start(session, turn_id), asker=asker, started=day * DAY)
        await sink.turn_over(begun, ending(f"the answer of {turn_id} " + "x" * 400))


def left(folder: Path) -> set[str]:
    return {each["turn_id"] for path in folder.glob("*") for each in records(path)}


TURNS = [(f"t{day}", "ann" if day % 2 else "ben", day) for day in range(1, 7)]


async def test_what_is_older_goes_wherever_it_was_rotated_to(tmp_path):
    await traced(tmp_path, "web/one", *TURNS)
    await traced(tmp_path, "web/other", ("o1", "ann", 1))
    assert len([*tmp_path.glob("*.jsonl")]) > 3
    files = TraceFiles(tmp_path)
    assert await files.sessions() == {"web/one": DAY, "web/other": DAY}
    assert await files.drop("web/one", lambda line: line.started < 4 * DAY) == 3
    assert left(tmp_path) == {"t4", "t5", "t6", "o1"}
    assert await files.drop("web/one", lambda line: line.started < 4 * DAY) == 0


async def test_a_file_of_which_nothing_is_left_is_deleted(tmp_path):
    await traced(tmp_path, "web/one", *TURNS)
    assert await TraceFiles(tmp_path).drop("web/one", lambda _: True) == 6
    assert not [*tmp_path.iterdir()]


async def test_one_persons_lines_go_and_the_others_stay_as_they_were(tmp_path):
    await traced(tmp_path, "web/one", *TURNS)
    files = TraceFiles(tmp_path)
    before = [line for line in await files.records("web/one") if b'"asker":"ben"' in line]
    await files.drop("web/one", lambda line: line.asker == "ann")
    assert await files.records("web/one") == before
    assert [json.loads(line)["turn_id"] for line in before] == ["t2", "t4", "t6"]


async def test_what_cannot_be_dated_is_not_kept_and_a_cut_line_spoils_no_other(tmp_path):
    await traced(tmp_path, "web/one", ("t1", "ann", 5))
    path = tmp_path / f"{file_name('web/one')}.jsonl"
    with path.open("ab") as file:
        file.write(b'{"turn_id": "cut", "ses')
    assert await TraceFiles(tmp_path).drop("web/one", lambda line: line.started < 4 * DAY) == 1
    assert left(tmp_path) == {"t1"}


async def test_what_a_kill_left_half_written_is_cleared_away(tmp_path):
    await traced(tmp_path, "web/one", ("t1", "ann", 5))
    (tmp_path / f"{file_name('web/one')}.jsonl.new").write_text("half of it")
    await TraceFiles(tmp_path).drop("web/one", lambda _: False)
    assert [path.suffix for path in tmp_path.iterdir()] == [".jsonl"]


async def test_a_rewritten_file_is_its_owners_alone(tmp_path):
    await traced(tmp_path, "web/one", ("t1", "ann", 1), ("t2", "ann", 5))
    await TraceFiles(tmp_path).drop("web/one", lambda line: line.started < 4 * DAY)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


async def test_a_folder_that_was_never_made_has_no_traces(tmp_path):
    files = TraceFiles(tmp_path / "none")
    assert await files.sessions() == {}
    assert await files.records("web/one") == []
    assert await files.drop("web/one", lambda _: True) == 0


@pytest.mark.parametrize(
    "session", ["slack/C1/17.5", "web/a*b", "telegram/-100[1]", "web/" + "x" * 300]
)
async def test_any_sessions_file_is_found_and_no_other_ones(tmp_path, session):
    await traced(tmp_path, session, ("t1", "ann", 1))
    await traced(tmp_path, f"{session}1", ("t2", "ann", 1))
    assert await TraceFiles(tmp_path).drop(session, lambda _: True) == 1
    assert left(tmp_path) == {"t2"}


async def test_a_large_file_is_never_held_in_memory_as_a_whole(tmp_path):
    line = b'{"turn_id":"t","session":"web/one","asker":"%s","started":1,"x":"' + b"x" * 5_000
    path = tmp_path / f"{file_name('web/one')}.jsonl"
    path.write_bytes(b"".join(line % who + b'"}\n' for who in (b"ann", b"ben") * 1_000))
    files = TraceFiles(tmp_path)
    tracemalloc.start()
    try:
        assert len(await files.heads("web/one")) == 2_000
        assert await files.drop("web/one", lambda head: head.asker == "ann") == 1_000
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()
    assert {each.asker for each in await files.heads("web/one")} == {"ben"}
