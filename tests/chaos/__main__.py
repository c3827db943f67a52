"""`make chaos`: kill the real program again and again, and say what was lost, doubled, paid twice.

    python -m tests.chaos --kills 200 --seed 7

Exit status 1 if anything was.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path
from random import SystemRandom

from tests.chaos.report import table
from tests.chaos.run import chaos


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--forked", action="store_true", help="fork it instead of starting it")
    parser.add_argument("--keep", type=Path, help="an empty folder for data, log and configuration")
    given = parser.parse_args()
    logging.getLogger("aiohttp.server").addFilter(_of_simulators)
    seed = SystemRandom().randrange(1_000_000) if given.seed is None else given.seed
    _say(f"seed {seed}: KILLS={given.kills} SEED={seed}")
    with tempfile.TemporaryDirectory() as made:
        folder = (given.keep or Path(made)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        report = asyncio.run(chaos(folder, kills=given.kills, seed=seed, forked=given.forked))
    _say(table(report))
    _say(f"seed {seed}: {'BROKEN' if report.broken else 'nothing lost, nothing twice'}")
    return 1 if report.broken else 0


def _of_simulators(record: logging.LogRecord) -> bool:
    """Say whether it is the simulators' own trouble: whoever is killed takes no answer any more."""
    kind = record.exc_info[0] if record.exc_info else None
    return kind is None or not issubclass(kind, ConnectionResetError)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
