"""Appends one JSON line for each turn to a file of its session (MOA-33).

Decides file names, rotation and modes; `core.trace` decides what a line says. A folder that cannot
be written costs one warning, never a turn.
"""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import threading
from collections.abc import Mapping
from hashlib import sha256
from io import RawIOBase
from pathlib import Path
from urllib.parse import quote

from core.events import Terminal
from core.records import TurnStart
from core.trace import turn_record
from core.types import Json

ROTATE_BYTES = 50 * 1024 * 1024
KEPT_FILES = 5
"""Older files of one session that are kept, besides the one that is written."""

LONGEST_NAME = 180
"""Characters; file systems take 255 bytes, and a number and a suffix follow."""

WRITING = threading.Lock()
"""Held while a trace file is written, by whatever part of this process."""

log = logging.getLogger(__name__)


class JsonLines:
    """Traces as files in `folder`, readable by their owner alone."""

    def __init__(
        self, folder: Path, *, rotate_bytes: int = ROTATE_BYTES, kept: int = KEPT_FILES
    ) -> None:
        """Open nothing yet: the folder is made when the first turn is over."""
        self._folder = folder
        self._rotate_bytes = rotate_bytes
        self._kept = kept
        self._warned = False

    async def turn_over(self, start: TurnStart, ending: Terminal) -> None:
        """Append the turn's line, in a thread; never fails."""
        await asyncio.to_thread(self._append, start, ending)

    def _append(self, start: TurnStart, ending: Terminal) -> None:
        line = json_line(turn_record(start, ending))
        try:
            with WRITING:
                self._write(file_name(start.session), line)
        except OSError as error:
            if not self._warned:
                log.warning("traces cannot be written to %s: %s", self._folder, error)
            self._warned = True
        else:
            self._warned = False

    def _write(self, name: str, line: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{name}.jsonl"
        if path.exists() and path.stat().st_size + len(line) > self._rotate_bytes:
            self._rotate(name, path)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0) as file:
            os.fchmod(file.fileno(), 0o600)
            _append(file, line)

    def _rotate(self, name: str, path: Path) -> None:
        """Move NAME.jsonl to NAME.1.jsonl, that one to NAME.2.jsonl …; the oldest goes."""
        older = [path, *(self._folder / f"{name}.{n}.jsonl" for n in range(1, self._kept + 1))]
        for source, target in zip(older[-2::-1], older[:0:-1], strict=True):
            if source.exists():
                source.replace(target)


def _append(file: RawIOBase, line: bytes) -> None:
    """Add a whole line or nothing: neither a full disk nor a kill spoils the next one."""
    size = file.seek(0, os.SEEK_END)
    if size:
        file.seek(size - 1)
        line = line if file.read(1) == b"\n" else b"\n" + line
    written: int | None = None
    try:
        written = file.write(line)
    finally:
        if written != len(line):
            file.truncate(size)
    if written != len(line):
        raise OSError(errno.ENOSPC, "no space is left")


def file_name(session: str) -> str:
    """Make a session's key fit to be a file's name, different ones for different keys."""
    name = quote(session, safe="").replace(".", "%2E")
    if len(name) <= LONGEST_NAME:
        return name
    digest = sha256(session.encode(errors="surrogatepass")).hexdigest()[:16]
    return f"{name[: LONGEST_NAME - 17]}~{digest}"


def json_line(record: Mapping[str, Json]) -> bytes:
    """Write an object as one line, whatever its reader takes for the end of a line."""
    text = json.dumps(record, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for separator in "\x85\u2028\u2029":
        text = text.replace(separator, f"\\u{ord(separator):04x}")
    return f"{text}\n".encode(errors="backslashreplace")
