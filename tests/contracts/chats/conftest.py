from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.contracts.chats.opening import STANDS, opened
from tests.contracts.chats.stand import WHERES, Stand, Where


@pytest.fixture(params=sorted(STANDS))
async def stand(request: pytest.FixtureRequest) -> AsyncIterator[Stand]:
    async with opened(request.param) as stand:
        yield stand


@pytest.fixture(params=WHERES)
def where(request: pytest.FixtureRequest) -> Where:
    found: Where = request.param
    return found
