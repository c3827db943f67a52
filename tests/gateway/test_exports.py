"""What is read of somebody's traces, whatever stands in the file."""

from __future__ import annotations

from typing import Any

import pytest

from gateway import config
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.cli import people
from gateway.privacy.exports import Exports
from tests.fakes.clock import FakeClock
from tests.fakes.memory_store import MemoryStore
from tests.gateway.assembled import TEXT


class Lines:
    """The traces of one session."""

    def __init__(self, *lines: str) -> None:
        self.lines = [each.encode() for each in lines]

    async def records(self, _session: str) -> list[bytes]:
        return self.lines


@pytest.mark.parametrize("line", ["no trace", '{"turn_id":' + "[" * 100_000, "{"])
async def test_a_line_that_is_none_is_given_as_it_stands(line):
    places = Places(config.parse(TEXT, "config.yaml", {}), Grants(FakeClock()))
    traces: Any = Lines(line, "{}")
    exports = Exports(store=MemoryStore(), traces=traces, places=places, open_dms=True)
    told: Any = await exports.session("fake/D1")
    assert told["traces"] == [line, {}]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("report.pdf", "report.pdf"),
        ("отчёт.txt", "отчёт.txt"),
        ("../../.ssh/authorized_keys", ".._.._.ssh_authorized_keys"),
        ("..\\x.lnk", ".._x.lnk"),
        ("a\0b\n\x1b[2J.txt", "a_b___2J.txt"),
        ("half \ud800.txt", "half__.txt"),
        ("x" * 5_000 + ".pdf", "x" * 130 + "x" * 16 + ".pdf"),
        ("💥" * 300, "_" * 150),
        ("Ж" * 300 + ".pdf", "Ж" * 65 + "Ж" * 8 + ".pdf"),
        ("", ""),
    ],
)
def test_no_name_of_a_file_keeps_somebody_from_taking_theirs_along(tmp_path, name, kept):
    assert people.fit(name) == kept
    people._write(tmp_path / "files" / f"0123456789ab-{people.fit(name)}", b"x")
    (written,) = (tmp_path / "files").iterdir()
    assert written.read_bytes() == b"x"
    assert written.stat().st_mode & 0o777 == 0o600
