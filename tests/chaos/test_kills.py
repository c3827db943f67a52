"""Shows that the program may be killed again and again: nothing is lost, nothing is there twice.

What `make chaos` does, in parts that workers share, each with a seed of its own (P1, P2, P4).
"""

from __future__ import annotations

import pytest

from tests.chaos.report import table
from tests.chaos.run import chaos

KILLS = 25
SEEDS = range(1, 9)
"""Two hundred kills in all; `make chaos` makes as many in one run."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_p1_p2_p4_killed_at_random_nothing_is_lost_doubled_or_paid_twice(tmp_path, seed):
    report = await chaos(tmp_path, kills=KILLS, seed=seed)
    assert report.kills == KILLS
    assert not report.broken, f"seed {seed}\n{table(report)}"
