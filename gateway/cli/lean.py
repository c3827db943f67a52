"""Leaves out what libraries bring along only because it happens to be installed.

structlog takes rich to colour tracebacks and greenlet for a server of other people's, httpx (of
python-telegram-bot) rich and pygments for a command line of its own: 4 MB and a fifth of a second,
for nothing that runs here. python-telegram-bot takes cryptography, which comes with the tools' mcp,
to read passports: 9 MB.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Let nothing import these meanwhile, as if they were not installed; what is there stays."""
    absent = [name for name in names if name not in sys.modules]
    for name in absent:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in absent:
            del sys.modules[name]


def hand_back() -> None:
    """Give the system the memory that compiling modules took: 5 MB where no bytecode is kept.

    The C library keeps it for later, and nothing here needs as much again. Only glibc can be told.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
    if trim is not None:
        trim(0)
