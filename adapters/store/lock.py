"""One process owns the data: a lock file beside it, held until the process ends.

The kernel lets go of the lock however the process dies; the file itself stays and means nothing.
"""

from __future__ import annotations

import fcntl
import os
from errno import EACCES, EAGAIN
from pathlib import Path

from core.errors import StoreBusy, StoreError


class Lock:
    """Held from the moment it is made until `release`."""

    def __init__(self, data: Path) -> None:
        """Take the lock of the file `data`.

        Raises:
            StoreBusy: another process holds it; the text names it.
            StoreError: this file system knows no locks.
            OSError: the lock file cannot be written.
        """
        self._path = Path(f"{data.resolve()}.lock")  # one lock, whatever link leads to the data
        self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(data)
        except BaseException:
            self.release()
            raise

    def _take(self, data: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in {EAGAIN, EACCES}:
                raise StoreError(
                    f"{self._path} cannot be locked ({error.strerror}): keep the data on a local "
                    f"disk, not on a network folder."
                ) from error
            owner = os.pread(self._file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            raise StoreBusy(
                f"{data} belongs to a moa-gateway that is running already (process {owner}): "
                f"stop that one first, or give this one another data folder."
            ) from error
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        """Let go; safe to call twice."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
