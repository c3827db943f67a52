"""Fuzzes every parser that strangers can reach, by coverage: `make fuzz`, or one with TARGET.

Each target runs in a process of its own for SECONDS. What it finds stands under `.fuzz/`, with
the input that did it: `python -m tests.fuzz NAME FILE` plays that again.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(".fuzz")
SLOW = 20
"""Seconds that one input may take."""


def main() -> int:
    """Fuzz, or play one input again; gives how many targets broke."""
    parser = argparse.ArgumentParser(prog="tests.fuzz", description=__doc__)
    parser.add_argument("name", nargs="?")
    parser.add_argument("input", nargs="?", type=Path)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--child", action="store_true")
    given = parser.parse_args()
    if given.child:
        return _fuzz(given.name, given.seconds)
    from tests.fuzz.targets import TARGETS  # noqa: PLC0415 - the child instruments it first

    if given.input is not None:
        TARGETS[given.name](given.input.read_bytes())
        return 0
    broken = [name for name in TARGETS if given.name in {None, name} and not _tried(name, given)]
    sys.stdout.write(f"broken: {', '.join(broken) or 'none'}\n")
    return len(broken)


def _tried(name: str, given: argparse.Namespace) -> bool:
    """Fuzz one target in a child; its last lines are told if it broke."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--child", "--seconds"]
    done = subprocess.run(
        [*command, str(given.seconds)], capture_output=True, text=True, check=False
    )
    lines = done.stderr.splitlines()
    runs = next((each for each in reversed(lines) if each.startswith("Done ")), "")
    sys.stdout.write(f"{name:12} {'ok  ' if not done.returncode else 'BROKEN'} {runs}\n")
    if done.returncode:
        sys.stdout.write("\n".join([*done.stdout.splitlines()[-30:], *lines[-12:], ""]))
    sys.stdout.flush()
    return not done.returncode


def _fuzz(name: str, seconds: int) -> int:
    """Fuzz one target until its time is up; ends the process."""
    atheris = importlib.import_module("atheris")  # `make fuzz` installs it, apart from the rest
    with atheris.instrument_imports(include=["core", "adapters", "gateway"]):
        from tests.fuzz.targets import MOST, SEEDS, TARGETS  # noqa: PLC0415 - instrumented

    corpus = _corpus(name, SEEDS[name])
    options = [f"-max_total_time={seconds}", f"-max_len={MOST}", f"-timeout={SLOW}"]
    found = f"-artifact_prefix={FOLDER}/{name}-"
    atheris.Setup([sys.argv[0], *options, found, str(corpus)], TARGETS[name])
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
