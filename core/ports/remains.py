"""What lies beside the store and holds texts too: traces, and copies of the data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class Traced(Protocol):
    """What one line of a trace is about; `started` is in ms."""

    @property
    def turn_id(self) -> str:
        """Of which turn."""

    @property
    def asker(self) -> str:
        """Whose question it was."""

    @property
    def started(self) -> int:
        """When it began."""


class Traces(Protocol):
    """Lines about turns, outside of the store. Raises `OSError` where it cannot write."""

    async def sessions(self) -> Mapping[str, int]:
        """Give the sessions that have any, with the moment (ms) of the oldest one."""
        ...

    async def heads(self, session: str) -> Sequence[Traced]:
        """Say what each line of a session is about, oldest first."""
        ...

    async def records(self, session: str) -> Sequence[bytes]:
        """Give a session's lines, oldest first."""
        ...

    async def drop(self, session: str, gone: Callable[[Traced], bool]) -> int:
        """Take out the lines for which `gone` says so; give how many they were."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in a backup. `missing` files were lost before it was made; `size` is in bytes."""

    version: int
    files: int
    missing: int
    size: int


class Copies(Protocol):
    """Copies from before an upgrade, and backups beside the data. Raises `OSError`."""

    async def drop(self, before: int | None) -> int:
        """Delete those that were made before that moment (ms), or all; give how many they were."""
        ...
