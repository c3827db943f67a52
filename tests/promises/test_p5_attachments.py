"""Shows that a file is streamed to the disk: its memory does not go by its size (P5)."""

from __future__ import annotations

import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

from adapters.files.shelf import Shelf

PIECE = 64 * 1024
SMALL, LARGE = 2 * 1024 * 1024, 20 * 1024 * 1024
SLACK = 512 * 1024
"""Bytes by which two runs may differ."""


async def pieces(size: int) -> AsyncIterator[bytes]:
    for number in range(size // PIECE):
        yield bytes([number % 256]) * PIECE


async def peak(folder: Path, size: int) -> int:
    """Receive a file and give the most memory that was in use meanwhile."""
    shelf = Shelf(folder)
    tracemalloc.start()
    try:
        received = await shelf.receive(pieces(size), most=LARGE)
        await shelf.keep(received)
        found = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert received.size == size
    return found


async def test_p5_a_file_takes_as_much_memory_as_one_of_a_tenth_of_its_size(tmp_path):
    await peak(tmp_path / "first", SMALL)  # whatever is loaded once, is loaded
    small = await peak(tmp_path / "small", SMALL)
    large = await peak(tmp_path / "large", LARGE)
    assert large - small < SLACK
    assert large < SMALL + SLACK
