"""What transcripts are played on."""

import pytest

from tests.transcripts.stages import MESSENGERS, opened


@pytest.fixture(params=MESSENGERS)
async def stage(request):
    async with opened(request.param) as stage:
        yield stage


@pytest.fixture(params=MESSENGERS)
async def messenger(request):
    """Where `stage` of a file has more than messengers."""
    async with opened(request.param) as stage:
        yield stage
