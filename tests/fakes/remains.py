"""Nothing lies beside the store: for scenarios on the virtual loop, where no thread may run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from core.ports.remains import Traced


class NoTraces:
    """Fulfils `core.ports.remains.Traces`."""

    async def sessions(self) -> Mapping[str, int]:
        return {}

    async def heads(self, session: str) -> Sequence[Traced]:
        return []

    async def records(self, session: str) -> Sequence[bytes]:
        return []

    async def drop(self, session: str, gone: Callable[[Traced], bool]) -> int:
        return 0


class NoCopies:
    """Fulfils `core.ports.remains.Copies`."""

    async def drop(self, before: int | None) -> int:
        return 0
