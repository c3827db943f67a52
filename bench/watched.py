"""Runs the program as it is, and tells on a signal what it holds: tasks, objects, who allocated.

`python -m bench.watched FILE run --config …`: each SIGUSR2 appends a line of JSON to FILE.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections import Counter
from pathlib import Path

from gateway.cli import main

KINDS = 400


def watch(path: Path) -> None:
    """Tell there whenever a signal comes."""

    def tell(*_signal: object) -> None:
        for _ in range(3):
            gc.collect()
        kinds = Counter(f"{type(e).__module__}.{type(e).__qualname__}" for e in gc.get_objects())
        told = {
            "tasks": len(asyncio.all_tasks()),
            "objects": sum(kinds.values()),
            "kinds": dict(kinds.most_common(KINDS)),
        }
        with path.open("a") as file:
            file.write(json.dumps(told) + "\n")

    signal.signal(signal.SIGUSR2, tell)


if __name__ == "__main__":
    watch(Path(sys.argv.pop(1)))
    main()
