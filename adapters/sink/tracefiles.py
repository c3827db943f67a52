"""Takes lines out of trace files: those that are too old, and those that somebody wants gone.

A file is written anew beside the old one and takes its place whole, so that a kill leaves one or
the other. Decides only what a line is about; which of them go is said by whoever asks.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from adapters.sink.jsonl import WRITING, file_name

_NEW = ".new"


class _Head(msgspec.Struct, frozen=True):
    """What a line is about; the rest of it is not read."""

    turn_id: str = ""
    session: str = ""
    asker: str = ""
    started: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What one line is about; `started` is in ms, 0 where it cannot be read."""

    turn_id: str
    session: str
    asker: str
    started: int


class TraceFiles:
    """The trace files of `folder`; it need not be there. Everything blocks only its own thread."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def sessions(self) -> Mapping[str, int]:
        """Give the sessions that have traces, with the moment (ms) of the oldest one."""
        return await asyncio.to_thread(self._sessions)

    async def heads(self, session: str) -> list[Traced]:
        """Say what each line of a session is about, oldest first."""
        return await asyncio.to_thread(lambda: [head for head, _ in self._of(session)])

    async def records(self, session: str) -> list[bytes]:
        """Give the lines of a session as they stand, oldest first."""
        return await asyncio.to_thread(self._records, session)

    async def drop(self, session: str, gone: Callable[[Traced], bool]) -> int:
        """Take the lines out for which `gone` says so; give how many they were.

        Raises:
            OSError: a file cannot be written; those before it are done.
        """
        return await asyncio.to_thread(self._drop, session, gone)

    def _sessions(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for path in self._folder.glob("*.jsonl"):
            heads = map(_head, _lines(path))
            first = next((head for head in heads if head.session), None)
            if first is not None:
                before = found.get(first.session, first.started)
                found[first.session] = min(before, first.started)
        return found

    def _records(self, session: str) -> list[bytes]:
        return [line for _, line in self._of(session)]

    def _of(self, session: str) -> Iterator[tuple[Traced, bytes]]:
        """Give the lines of a session, one after the other: files are large."""
        for path in sorted(self._files(session), key=_age, reverse=True):
            for line in _lines(path):
                if (head := _head(line)).session == session:
                    yield head, line

    def _drop(self, session: str, gone: Callable[[Traced], bool]) -> int:
        for left in self._folder.glob(f"*{_NEW}"):  # by a kill
            left.unlink(missing_ok=True)
        dropped = 0
        for path in self._files(session):
            with WRITING:
                dropped += _rewrite(path, session, gone)
        return dropped

    def _files(self, session: str) -> Iterable[Path]:
        """Find the file of a session and those that it was rotated to: names are no patterns."""
        name = file_name(session)
        paths = (self._folder / f"{name}.jsonl", *self._folder.glob(f"{name}.*.jsonl"))
        return [path for path in paths if path.is_file() and not path.is_symlink()]


def _rewrite(path: Path, session: str, gone: Callable[[Traced], bool]) -> int:
    """Write a file without those lines; it is read twice, since it may be too large to be kept."""
    fates = [head.session in {session, ""} and gone(head) for head in map(_head, _lines(path))]
    if all(fates):
        path.unlink()
    elif any(fates):
        _replace(path, (line for line, goes in zip(_lines(path), fates, strict=True) if not goes))
    return sum(fates)


def _replace(path: Path, lines: Iterable[bytes]) -> None:
    new = path.with_name(f"{path.name}{_NEW}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(new, flags, 0o600), "wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def _lines(path: Path) -> Iterator[bytes]:
    """Give the lines of a file that are not blank, each with its end."""
    with path.open("rb") as file:
        for line in file:
            if line.strip():
                yield line if line.endswith(b"\n") else line + b"\n"


def _head(line: bytes) -> Traced:
    try:
        found = msgspec.json.decode(line, type=_Head)
    except (ValueError, RecursionError):
        found = _Head()
    return Traced(
        turn_id=found.turn_id, session=found.session, asker=found.asker, started=found.started
    )


def _age(path: Path) -> int:
    """Give the number that a file was rotated to, 0 for the one that is written."""
    number = path.name.removesuffix(".jsonl").rpartition(".")[2]
    return int(number) if number.isdecimal() else 0
