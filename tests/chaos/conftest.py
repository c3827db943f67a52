"""What tests that kill the program at its crash points share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.chaos.cradle import Cradle
from tests.chaos.crashes import Crashes
from tests.gateway.messenger_scene import scene


@pytest.fixture(scope="session")
def cradle() -> Iterator[Cradle]:
    made = Cradle()
    yield made
    made.close()


@pytest.fixture
async def there(tmp_path, cradle) -> AsyncIterator[Crashes]:
    """Three platforms, models, and a program that is to be killed."""
    async with scene(tmp_path) as opened:
        yield Crashes(scene=opened, cradle=cradle)
