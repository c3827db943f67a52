"""How long a test waits for what has to come: a busy machine is no bug, what never comes is one.

It costs nothing where all is well. Only what must *not* come is waited for less long.
"""

from __future__ import annotations

from typing import Final

PATIENCE: Final = 60.0
"""Seconds."""
