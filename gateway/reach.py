"""What one turn may use of the tools. Values only; it never grows while the turn runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.authority import Approve
    from core.ports import ToolServer
    from core.records import Askable
    from core.types import Tool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A tool as a turn may call it: whose it is, what its server calls it, and when to ask."""

    tool: Tool
    server: ToolServer
    name: str
    approve: Approve


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """What a turn may use: its tools by name, and who could be asked about a call."""

    tools: Mapping[str, Offered] = field(default_factory=dict)
    askable: Askable = "nobody"
