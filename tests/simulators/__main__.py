"""Starts a simulator by hand: `python -m tests.simulators provider --port 9001`.

The name is a module of this package with a `main(arguments)`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main() -> int:
    own = Path(__file__).parent
    known = sorted(path.stem for path in own.glob("[a-z]*.py") if "\ndef main(" in path.read_text())
    if len(sys.argv) < 2 or sys.argv[1] not in known:
        sys.stderr.write(f"usage: python -m tests.simulators {{{','.join(known)}}} …\n")
        return 2
    import_module(f"tests.simulators.{sys.argv[1]}").main(sys.argv[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
