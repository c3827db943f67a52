"""What lies or runs beside the store and the models: tool servers, traces, copies of the data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import wiring

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from core.ports import ToolServer
    from core.ports.remains import Copies, Traces
    from gateway.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """All of it; `servers` are by name."""

    servers: Mapping[str, ToolServer]
    traces: Traces
    copies: Copies


def outside_of(config: Config, tools: Iterable[ToolServer]) -> Outside:
    """Open what the file names."""
    return Outside(
        servers={each.name: each for each in tools},
        traces=wiring.open_traces(config),
        copies=wiring.open_copies(config),
    )
