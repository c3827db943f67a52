"""What is read of somebody's traces, whatever stands in the file."""

from __future__ import annotations

from typing import Any

import pytest

from gateway import config
from gateway.access.grants import Grants
from gateway.access.places import Places
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
