"""Fuzzes every parser that strangers can reach, by coverage: `make fuzz`, or one with TARGET.

Each target runs in a process of its own for SECONDS. What it finds stands under `.fuzz/`, with
the input that did it: `python -m tests.fuzz NAME FILE` plays that again.
"""

from __future__ import annotations

import argparse
import importlib
import re
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(".fuzz")
SLOW = 20
"""Seconds that one input may take."""

_RUNS = re.compile(r"^(?:Done |stat::number_of_executed_units: |#)(\d+)", re.MULTILINE)
_EDGES = re.compile(r"\bcov: (\d+)")
_INPUT = re.compile(r"Test unit written to (\S+)")
_LINE = "{:18} {:>10} {:>8} {:>7} {:>9}\n"


def main() -> int:
    """Fuzz, or play one input again; 1 where something was found."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("name", nargs="?")
    parser.add_argument("input", nargs="?", type=Path)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**31) + 1)
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()
    if given.child:
        return _fuzz(given.name, given.seconds, given.seed)
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - the child instruments it first

    if given.name not in {None, *TARGETS}:
        parser.error(f"there is no target {given.name}; there are {', '.join(TARGETS)}")
    if given.input is not None:
        TARGETS[given.name](given.input.read_bytes())
        return 0
    sys.stdout.write(f"SEED={given.seed}\n")
    sys.stdout.write(_LINE.format("target", "runs", "seconds", "edges", "findings"))
    found = [_tried(each, given) for each in TARGETS if given.name in {None, each}]
    return int(any(found))


def _tried(name: str, given: argparse.Namespace) -> bool:
    """Fuzz one target in a child; tells whether it broke, and how to see that again."""
    options = ["--child", "--seconds", str(given.seconds), "--seed", str(given.seed)]
    command = [sys.executable, "-m", "tests.fuzz", name, *options]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    broke = bool(done.returncode)
    runs, edges = (each.findall(done.stderr) or ["?"] for each in (_RUNS, _EDGES))
    sys.stdout.write(_LINE.format(name, runs[-1], given.seconds, edges[-1], int(broke)))
    if broke:
        sys.stdout.write("\n".join([*done.stdout.splitlines()[-40:], ""]))
        sys.stdout.write("\n".join([*done.stderr.splitlines()[-12:], ""]))
        for file in _INPUT.findall(done.stderr):
            sys.stdout.write(f"Again: {sys.executable} -m tests.fuzz {name} {file}\n")
    sys.stdout.flush()
    return broke


def _fuzz(name: str, seconds: int, seed: int) -> int:
    """Fuzz one target until its time is up; ends the process."""
    atheris = importlib.import_module("atheris")  # `make fuzz` installs it, apart from the rest
    with atheris.instrument_imports(include=["core", "adapters", "gateway"]):
        from tests.fuzz.targets import MOST, SEEDS, TARGETS  # noqa: PLC0415 - instrumented

    corpus = _corpus(name, SEEDS[name])
    options = [f"-max_total_time={seconds}", f"-seed={seed}", f"-timeout={SLOW}"]
    longest = max(MOST, *map(len, SEEDS[name]))
    found = f"-artifact_prefix={FOLDER}/{name}-"
    every = [sys.argv[0], *options, f"-max_len={longest}", found, str(corpus)]
    atheris.Setup(every, TARGETS[name])
    atheris.Fuzz()
    return 0


def _corpus(name: str, seeds: Sequence[bytes]) -> Path:
    """Give the folder of what is known to be interesting; it grows."""
    folder = FOLDER / name
    folder.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds):
        (folder / f"seed-{number}").write_bytes(seed)
    return folder


if __name__ == "__main__":
    sys.exit(main())
