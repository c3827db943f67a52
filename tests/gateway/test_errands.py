"""Work that is done in a session's lane for somebody who waits for it."""

from __future__ import annotations

import asyncio

import pytest

from core.errors import StoreError
from gateway.lanes.running import Running
from gateway.lanes.sessions import Errand, Sessions, Work
from gateway.privacy.lanes import LiveLanes
from tests.patience import PATIENCE


async def perform(work: Work) -> None:
    assert isinstance(work, Errand)
    await work.run()


async def breaks() -> str:
    raise RuntimeError("nobody foresaw that")


async def works() -> str:
    return "done"


async def test_whoever_waits_for_what_breaks_is_told_and_the_lane_goes_on():
    async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as group:
        sessions = Sessions(group, perform)
        lanes = LiveLanes(sessions=sessions, running=Running(), halt=lambda turn_id: None)
        with pytest.raises(StoreError):
            await lanes.alone("fake/room", "anna", breaks)
        assert await lanes.alone("fake/room", "anna", works) == "done"
