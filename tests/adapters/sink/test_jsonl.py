"""Shows how traces lie on the disk: names, lines, modes, rotation, failures (MOA-33)."""

from __future__ import annotations

import json
import logging
import signal
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.sink.jsonl import JsonLines, file_name, json_line
from core.events import TurnFinished, TurnResult
from core.presets import Preset, Slot
from core.records import TurnStart
from core.types import Address, Line, Usage

PRESET = Preset(name="x", aggregator=Slot(provider="p", model="agg"))


def start(session: str = "web/one", turn_id: str = "t1") -> TurnStart:
    return TurnStart(
        turn_id=turn_id,
        session=session,
        place=Address(platform="web", channel="room"),
        seq=None,
        preset=PRESET,
        question=Line.of("user", "q"),
        asker="ann",
        history=0,
        started=0,
    )


def ending(text: str = "answer") -> TurnFinished:
    result = TurnResult(
        text=text,
        preset="x",
        advice=(),
        calls=(),
        usage=Usage(),
        dollars=Decimal(0),
        priced=True,
        seconds=1.0,
        finish="stop",
    )
    return TurnFinished(result=result)


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


async def test_moa_33_each_turn_is_a_line_in_its_sessions_file(tmp_path):
    sink = JsonLines(tmp_path / "deep" / "traces")
    await sink.turn_over(start(turn_id="t1"), ending("one"))
    await sink.turn_over(start(turn_id="t2"), ending("two"))
    await sink.turn_over(start("slack/C1/17.5", "t3"), ending())
    one, two = sorted((tmp_path / "deep" / "traces").iterdir())
    assert [each["session"] for each in records(one)] == ["slack/C1/17.5"]
    assert [each["answer"] for each in records(two)] == ["one", "two"]


async def test_moa_33_only_the_owner_may_read_even_a_file_that_was_there(tmp_path):
    folder = tmp_path / "traces"
    sink = JsonLines(folder)
    await sink.turn_over(start(), ending())
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    file.chmod(0o644)
    await sink.turn_over(start(), ending())
    assert file.stat().st_mode & 0o777 == 0o600


async def test_moa_33_files_rotate_by_size_and_the_oldest_goes(tmp_path):
    sink = JsonLines(tmp_path, rotate_bytes=1_500, kept=2)
    for number in range(9):
        await sink.turn_over(start(turn_id=f"t{number}"), ending("x" * 500))
    name = file_name("web/one")
    files = [tmp_path / f"{name}{suffix}.jsonl" for suffix in (".2", ".1", "")]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert all(file.stat().st_size <= 1_500 for file in files)
    left = [each["turn_id"] for file in files for each in records(file)]
    assert left == [f"t{number}" for number in range(9 - len(left), 9)]


async def test_moa_33_an_unwritable_folder_costs_one_warning_and_no_turn(tmp_path, caplog):
    blocked = tmp_path / "traces"
    blocked.write_text("a file stands where the folder should be")
    sink = JsonLines(blocked)
    with caplog.at_level(logging.WARNING):
        await sink.turn_over(start(), ending())
        await sink.turn_over(start(), ending())
    assert len(caplog.records) == 1
    assert str(blocked) in caplog.text
    blocked.unlink()
    await sink.turn_over(start(), ending())
    assert len(list(blocked.iterdir())) == 1


async def test_a_link_in_the_folder_is_not_followed(tmp_path):
    target = tmp_path / "precious"
    target.write_text("keep")
    folder = tmp_path / "traces"
    folder.mkdir()
    (folder / f"{file_name('web/one')}.jsonl").symlink_to(target)
    await JsonLines(folder).turn_over(start(), ending())
    assert target.read_text() == "keep"


hard = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(hard)
def test_moa_33_a_session_is_always_a_safe_file_name(session):
    name = file_name(session)
    assert "/" not in name
    assert "\0" not in name
    assert "." not in name
    assert len(f"{name}.99.jsonl".encode()) <= 255


@given(st.lists(hard, unique=True, max_size=6))
def test_moa_33_different_sessions_have_different_files(sessions):
    assert len({file_name(each) for each in sessions}) == len(sessions)


@given(st.text(max_size=60))
def test_moa_33_whatever_was_said_a_line_stays_a_line(text):
    line = json_line({"answer": text}).decode()
    assert len(line.splitlines()) == 1
    assert json.loads(line)["answer"] == text


@pytest.mark.parametrize("text", ["день", "日本語"])
def test_words_stay_readable(text):
    assert text.encode() in json_line({"answer": text})


async def test_moa_33_a_line_that_a_kill_cut_spoils_no_other(tmp_path):
    sink = JsonLines(tmp_path)
    await sink.turn_over(start(turn_id="t1"), ending("one"))
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes() + b'{"schema": 1, "turn_')
    await sink.turn_over(start(turn_id="t2"), ending("two"))
    first, cut, last = file.read_text().splitlines()
    assert (json.loads(first)["answer"], json.loads(last)["answer"]) == ("one", "two")
    assert cut == '{"schema": 1, "turn_'


async def test_moa_33_on_a_full_disk_a_line_is_there_as_a_whole_or_not_at_all(tmp_path, caplog):
    resource = pytest.importorskip("resource")
    sink = JsonLines(tmp_path)
    await sink.turn_over(start(turn_id="t1"), ending("one"))
    (file,) = tmp_path.iterdir()
    before = file.read_bytes()
    soft, hard_ = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard_))
        await sink.turn_over(start(turn_id="t2"), ending("two"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard_))
        signal.signal(signal.SIGXFSZ, ignored)
    assert file.read_bytes() == before
    assert "traces cannot be written" in caplog.text
    await sink.turn_over(start(turn_id="t3"), ending("three"))
    assert [each["answer"] for each in records(file)] == ["one", "three"]
