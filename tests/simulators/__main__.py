"""Starts a simulator by hand: `python -m tests.simulators provider --port 9001`.

The name is a module of this package with a `main(arguments)`, or a package of it that has one
in its module `byhand`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main() -> int:
    own = Path(__file__).parent
    files = [*own.glob("[a-z]*.py"), *own.glob("[a-z]*/byhand.py")]
    modules = [
        ".".join(path.relative_to(own).with_suffix("").parts)
        for path in files
        if "\ndef main(" in path.read_text()
    ]
    names = {module.removesuffix(".byhand"): module for module in modules}
    if len(sys.argv) < 2 or sys.argv[1] not in names:
        sys.stderr.write(f"usage: python -m tests.simulators {{{','.join(sorted(names))}}} …\n")
        return 2
    import_module(f"tests.simulators.{names[sys.argv[1]]}").main(sys.argv[2:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
