"""Runs the program as it is but for its paces, and tells on a signal what it holds.

`python -m bench.watched FILE run --config …`: each SIGUSR2 appends a line of JSON to FILE. How much
a messenger lets a bot say would make a long soak take a day, so a minute of it is 60 ms here.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections import Counter
from pathlib import Path

from gateway.cli import lean, main, root
from gateway.delivery import pacing

KINDS = 400
FASTER = 1_000.0
SPANS = {
    "adapters.chat.discord.account": ("SECOND",),
    "adapters.chat.slack.budget": ("MINUTE", "SOON"),
}


def hasten() -> None:
    """Let it send as fast as it can; what it has not imported stays away."""
    made = pacing.Account.__init__

    def faster(self: pacing.Account, rate: float | None = None) -> None:
        made(self, None if rate is None else rate * FASTER)

    for module, names in SPANS.items():
        for name in names if module in sys.modules else ():
            there = sys.modules[module]
            setattr(there, name, getattr(there, name) / FASTER)
    setattr(pacing.Account, "__init__", faster)  # noqa: B010 - a method, which types forbid


def imported() -> None:
    """Do what the program does once all is imported, and hasten it."""
    lean.hand_back()
    hasten()


def watch(path: Path) -> None:
    """Tell there whenever a signal comes. `blocks` are those of Python's own memory in use."""

    def tell(*_signal: object) -> None:
        for _ in range(3):
            gc.collect()
        kinds = Counter(f"{type(e).__module__}.{type(e).__qualname__}" for e in gc.get_objects())
        told = {
            "tasks": len(asyncio.all_tasks()),
            "objects": sum(kinds.values()),
            "kinds": dict(kinds.most_common(KINDS)),
            "blocks": sys.getallocatedblocks(),
        }
        with path.open("a") as file:
            file.write(json.dumps(told) + "\n")

    signal.signal(signal.SIGUSR2, tell)


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    setattr(root, "hand_back", imported)  # noqa: B010 - it exports its commands alone
    main()
