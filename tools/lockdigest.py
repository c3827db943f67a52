"""Says what the locks are compiled from: `python tools/lockdigest.py` prints their first line.

Nothing but the standard library, for `make lock` runs where nothing is installed.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def project(root: Path) -> dict[str, Any]:
    """Read pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))


def header(told: Mapping[str, Any]) -> str:
    """Give the first line of a lock: a digest of all that decides what stands in it."""
    of_project = told["project"]
    deciding = [
        of_project["requires-python"],
        sorted(of_project["dependencies"]),
        of_project["optional-dependencies"],
        told["dependency-groups"],
    ]
    digest = hashlib.sha256(json.dumps(deciding, sort_keys=True).encode()).hexdigest()
    return f"# dependencies sha256:{digest}"


if __name__ == "__main__":
    print(header(project(Path())))
