"""What strangers can reach with bytes of their own: each parser, with what it is allowed to raise.

A target takes any bytes. What it raises is a bug. `make fuzz` drives them by coverage,
`test_targets.py` at random.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.fuzz import messengers, peers, words

MOST: Final = 4096
"""Bytes of one input: what takes longer to read is not looked for here."""

TARGETS: Final[Mapping[str, Callable[[bytes], None]]] = {
    **messengers.TARGETS,
    **words.TARGETS,
    **peers.TARGETS,
}
SEEDS: Final[Mapping[str, tuple[bytes, ...]]] = {
    **messengers.SEEDS,
    **words.SEEDS,
    **peers.SEEDS,
}
"""What each begins with: good input, which is where the interesting bad input lies near."""
