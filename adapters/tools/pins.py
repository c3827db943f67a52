"""Which tools an owner has approved: what they say of themselves is pinned at first use.

Decides what is offered after a server has changed its tools: those that are as they were, and no
others until somebody has looked. It keeps one file a server beside the database, which belongs to
the running program alone, while approving has to work beside it.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import msgspec

from adapters.tools.listing import Listed
from adapters.tools.results import printable
from core.signs import spelt

State: TypeAlias = Literal["approved", "changed", "new", "gone", "unnamed"]
_COMPARED: Final = 2_000  # lines of both
_WIDTH: Final = 160  # of a line that is shown: what changed far to the right is seen, too


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A tool as it is listed `now`, and as it was approved `then`.

    "unnamed": the configuration names others only.
    """

    name: str
    state: State
    now: Listed | None = None
    then: Listed | None = None

    @property
    def changes(self) -> tuple[str, ...]:
        """Give what is new in it, line by line; made where somebody looks, for it takes time."""
        if self.now is None:
            return ()
        return tuple(_lines(self.now)) if self.then is None else _changes(self.then, self.now)


def review(listed: Sequence[Listed], approved: Mapping[str, Listed] | None) -> tuple[Reviewed, ...]:
    """Hold what is listed against what was approved; None: nothing ever was."""
    known = {each.name: each for each in listed} if approved is None else dict(approved)
    found = [_reviewed(each, known.pop(each.name, None)) for each in listed]
    found += [Reviewed(name=name, state="gone") for name in known]
    return tuple(sorted(found, key=lambda each: each.name))


def _reviewed(now: Listed, then: Listed | None) -> Reviewed:
    if then is None:
        return Reviewed(name=now.name, state="new", now=now)
    if then.fingerprint == now.fingerprint:
        return Reviewed(name=now.name, state="approved")
    return Reviewed(name=now.name, state="changed", now=now, then=then)


def _changes(then: Listed, now: Listed) -> tuple[str, ...]:
    old, new = _lines(then), _lines(now)
    if len(old) + len(new) > _COMPARED:  # texts can be made with which it takes hours
        return (*(f"-{line}" for line in old), *(f"+{line}" for line in new))
    found = difflib.unified_diff(old, new, lineterm="", n=1)
    return tuple([line for line in found if not line.startswith(("---", "+++", "@@"))])


def _lines(listed: Listed) -> list[str]:
    """Write all that matters of a tool as lines that a terminal can show whole."""
    schema = json.dumps(listed.parameters, indent=2, sort_keys=True, ensure_ascii=False)
    lines = [*listed.description.splitlines(), *schema.splitlines()]
    lines.append(f"reads only: {'yes' if listed.reads_only else 'no'}")
    clean = [spelt(line) for line in lines]
    return [line[at : at + _WIDTH] for line in clean for at in range(0, max(1, len(line)), _WIDTH)]


class Pins:
    """The approved tools of all servers, a file each in one folder."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made with the first file."""
        self._folder = folder

    def approved(self, server: str) -> Mapping[str, Listed] | None:
        """Give what was approved, by name; None if nothing ever was.

        A file that cannot be read approves nothing.
        """
        try:
            read = msgspec.json.decode(self._path(server).read_bytes(), type=_Pinned)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, RecursionError):
            return {}
        return {
            each.name: Listed(
                name=each.name,
                description=each.description,
                parameters=each.parameters,
                reads_only=each.reads_only,
            )
            for each in read.tools
        }

    def approve(self, server: str, listed: Sequence[Listed]) -> None:
        """Pin these tools and no others.

        Raises:
            OSError: it could not be written.
        """
        tools = [
            _Tool(
                name=each.name,
                description=each.description,
                parameters=dict(each.parameters),
                reads_only=each.reads_only,
            )
            for each in listed
        ]
        _write(self._path(server), msgspec.json.encode(_Pinned(tools=tools)))
        self._held_path(server).unlink(missing_ok=True)

    def held(self, server: str) -> Sequence[str]:
        """Name the tools that were found to wait for an owner."""
        try:
            return self._held_path(server).read_text(encoding="utf-8").splitlines()
        except OSError:
            return ()

    def hold(self, server: str, names: Sequence[str]) -> None:
        """Note which tools wait for an owner, for whoever checks the configuration.

        Raises:
            OSError: it could not be written.
        """
        if not names:
            self._held_path(server).unlink(missing_ok=True)
        else:
            _write(self._held_path(server), "\n".join(map(printable, names)).encode())

    def _path(self, server: str) -> Path:
        return self._folder / f"{server}.json"

    def _held_path(self, server: str) -> Path:
        return self._folder / f"{server}.held"


class _Tool(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    description: str
    parameters: dict[str, Any]
    reads_only: bool


class _Pinned(msgspec.Struct, frozen=True, kw_only=True):
    tools: list[_Tool]


def _write(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
        file.write(data)
    fresh.replace(path)
