"""Shows that several workers begin with what waits beside what computes, and that all is run."""

import pytest

from tests.order import WAITING, ordered

COMPUTING = [("core", number) for number in range(70)]
SLOW = [(name, number) for name in reversed(WAITING) for number in range(5)]


@pytest.mark.parametrize("workers", [1, 2, 3, 4, 6, 8])
def test_every_test_is_run_once(workers):
    found = ordered([*COMPUTING, *SLOW], lambda test: test[0], workers=workers)
    assert sorted(found) == sorted([*COMPUTING, *SLOW])


def test_half_of_the_workers_begin_with_the_longest():
    found = ordered([*COMPUTING, *SLOW], lambda test: test[0], workers=4)
    begin = [found[number * 25][0] for number in range(4)]
    assert begin == [WAITING[0], WAITING[0], "core", "core"]


def test_one_worker_alone_goes_folder_by_folder():
    assert ordered([*SLOW, *COMPUTING], lambda test: test[0], workers=1) == [*SLOW, *COMPUTING]
