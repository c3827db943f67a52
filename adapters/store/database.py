"""The little that the store needs of a database, so that one implementation serves two.

Statements are written for both (`$1` parameters); BEGIN, COMMIT and errors are the dialect's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

Value: TypeAlias = str | int | float | None
Row: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One statement and its values.

    `gate`: where it returns no row, the statements after it in its transaction are left out.
    """

    query: str
    values: tuple[Value, ...]
    gate: bool = False


class Database(Protocol):
    """Reads, and transactions that are known before they begin. Raises `StoreError` only."""

    async def fetch(self, statement: Statement) -> Sequence[Row]:
        """Read; sees everything that was written before, `later` included."""
        ...

    async def write(self, *statements: Statement) -> Sequence[Row]:
        """Run them in one transaction and give the last one's rows; committed on return.

        A caller that is cancelled meanwhile does not know whether it was written.
        """
        ...

    def later(self, statement: Statement) -> None:
        """Let it join the next transaction; for what may be lost in a crash."""
        ...

    async def scrub(self, *, whole: bool) -> None:
        """Leave nothing of what was deleted in the log, and with `whole` anywhere in the files."""
        ...

    async def close(self) -> None:
        """Write what is left and let go."""
        ...
