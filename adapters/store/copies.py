"""The copies of the data beside it: those from before an upgrade, and backups.

They hold all texts of their day, and have an end. Decides nothing: how old one may get is said by
whoever asks.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import Final

BACKUPS: Final = "backups"
"""The folder beside the data in which backups lie, unless they are told to lie elsewhere."""


class Copies:
    """Those beside the database at `path`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def drop(self, before: int | None) -> int:
        """Delete those that were made before that moment (ms), or all; give how many they were.

        Raises:
            OSError: one cannot be deleted.
        """
        return await asyncio.to_thread(self._drop, before)

    def _drop(self, before: int | None) -> int:
        found = [
            each
            for each in _beside(self._path)
            if before is None or each.stat().st_mtime * 1000 < before
        ]
        for each in found:
            if each.is_dir() and not each.is_symlink():
                shutil.rmtree(each)  # one that was cut while it was made
            else:
                each.unlink(missing_ok=True)
        return len(found)


def way_back(path: Path) -> str:
    """Say how to go on without the file at `path`: from the newest copy beside it, else empty.

    Its commands can be run as they stand, while nothing runs on the data.
    """
    folder = path.parent
    newest = max(_whole(path), key=lambda each: each.stat().st_mtime, default=None)
    aside = _free(folder / "damaged")
    moved = " ".join(quote(str(each)) for each in _parts(path))
    away = f"mkdir {quote(str(aside))} && mv {moved} {quote(str(aside))}/"
    if newest is None:
        return f"No copy lies beside it. To start empty, or with a copy of your own: {away}"
    if newest.suffix == ".tar":
        back = f"tar -xf {quote(str(newest))} -C {quote(str(folder))}"
    else:
        back = f"cp {quote(str(newest))} {quote(str(path))}"
    return f"The newest copy is {newest}. To go on with it: {away} && {back}"


def _beside(path: Path) -> Iterator[Path]:
    yield from path.parent.glob(f"{path.name}.v*.backup*")
    yield from (path.parent / BACKUPS).glob("*.tar*")


def _whole(path: Path) -> Iterator[Path]:
    """Give the copies that were not cut while they were made."""
    return (each for each in _beside(path) if each.suffix in {".backup", ".tar"})


def _parts(path: Path) -> Iterator[Path]:
    yield path
    yield from (log for log in (Path(f"{path}-wal"), Path(f"{path}-shm")) if log.exists())


def _free(folder: Path) -> Path:
    """Give a folder that is not there yet."""
    number, found = 1, folder
    while found.exists():
        number += 1
        found = folder.with_name(f"{folder.name}-{number}")
    return found
