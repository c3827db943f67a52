"""Tool servers from the npm registry, installed once into a folder that all checkouts share.

What is installed is pinned by the lock beside `servers/package.json`.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

PINNED = Path(__file__).parent / "servers"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moa-gateway"


def installed() -> Path:
    """Give the folder of the servers' programs; the first use on a machine installs them."""
    lock = (PINNED / "package-lock.json").read_bytes()
    folder = CACHE / f"tool-servers-{hashlib.sha256(lock).hexdigest()[:12]}"
    folder.mkdir(parents=True, exist_ok=True)
    programs = folder / "node_modules" / ".bin"
    with (folder / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # other workers wait for the one that installs
        done = folder / ".installed"
        if not done.exists():
            _install(folder)
            done.touch()
    return programs


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        missing = "there is no npm: apt-get install nodejs npm"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(PINNED / name, folder / name)
    command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder)]
    subprocess.run(command, check=True, capture_output=True, timeout=280)
