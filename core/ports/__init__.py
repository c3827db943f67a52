"""What the core needs of the world, as protocols, and the values that pass through them.

An implementation raises only errors of `core.errors`. Nothing here is ever imported from an
adapter; whoever fulfils a protocol need not inherit from it.
"""

from __future__ import annotations

from core.ports.chats import Capabilities, ChatAdapter, Intake
from core.ports.clock import Clock
from core.ports.models import AdviceCache, AskNow, Model, Pricer, Provider, Providers
from core.ports.tools import Pause, Toolbox, ToolResult, ToolServer

__all__ = [
    "AdviceCache",
    "AskNow",
    "Capabilities",
    "ChatAdapter",
    "Clock",
    "Intake",
    "Model",
    "Pause",
    "Pricer",
    "Provider",
    "Providers",
    "ToolResult",
    "ToolServer",
    "Toolbox",
]
