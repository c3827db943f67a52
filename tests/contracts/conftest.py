from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.storage import Store
from tests.contracts.openers import OPENERS


@pytest.fixture(params=OPENERS)
async def store(request, tmp_path) -> AsyncIterator[Store]:
    opened = await OPENERS[request.param](tmp_path)
    try:
        yield opened
    finally:
        await opened.close()
