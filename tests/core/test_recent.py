"""Shows that what is remembered of people and places has an end (P5)."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.recent import Recent

MOST = 3


@given(st.lists(st.tuples(st.integers(0, 6), st.integers())))
def test_p5_what_was_written_last_is_kept_and_nothing_else(written):
    memory = Recent[int, int](MOST)
    for key, value in written:
        memory[key] = value
    latest = dict(written)
    order = list(dict.fromkeys(key for key, _ in reversed(written)))[:MOST]
    assert memory.all() == {key: latest[key] for key in order}
    assert list(memory.all()) == order[::-1]
    assert len(memory) == len(order)


def test_what_is_taken_out_is_forgotten():
    memory = Recent[str, int](MOST)
    memory["a"] = 1
    assert (memory.pop("a"), memory.pop("a")) == (1, None)
    assert "a" not in memory
    assert memory.get("a") is None
