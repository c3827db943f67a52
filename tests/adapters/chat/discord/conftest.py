"""A simulated Discord without the wait of its rate limits, unless a test wants them."""

from __future__ import annotations

import pytest

from tests.simulators.discord.simulator import DiscordSimulator


@pytest.fixture
async def discord():
    async with DiscordSimulator(scale=0) as simulator:
        yield simulator
