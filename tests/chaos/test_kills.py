"""Shows that the program may be killed again and again: nothing is lost, nothing is there twice.

A short run of what `make chaos` does, in parts, so that workers share them (P1, P2, P4).
"""

from __future__ import annotations

import pytest

from tests.chaos.report import table
from tests.chaos.run import chaos

pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("seed", [1])
async def test_killed_at_random_nothing_is_lost_doubled_or_paid_twice(tmp_path, seed):
    report = await chaos(tmp_path, kills=5, seed=seed)
    assert not report.broken, table(report)
