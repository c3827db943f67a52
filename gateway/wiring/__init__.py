"""The composition root: the only place that makes adapters out of the configuration."""

from gateway.wiring.again import reopening
from gateway.wiring.chats import ChatParts, Hook, Messenger, import_chats, open_chats
from gateway.wiring.machine import (
    back_up,
    check_backup,
    open_copies,
    open_http,
    open_pricer,
    open_shelf,
    open_sinks,
    open_store,
    open_traces,
    read_audit,
    read_costs,
    read_settings,
    read_store,
    read_votes,
    warm_prices,
)
from gateway.wiring.models import LocalModel, Models, ModelState, open_models
from gateway.wiring.tools import OwnedServer, held_tools, open_tools

__all__ = [
    "ChatParts",
    "Hook",
    "LocalModel",
    "Messenger",
    "ModelState",
    "Models",
    "OwnedServer",
    "back_up",
    "check_backup",
    "held_tools",
    "import_chats",
    "open_chats",
    "open_copies",
    "open_http",
    "open_models",
    "open_pricer",
    "open_shelf",
    "open_sinks",
    "open_store",
    "open_tools",
    "open_traces",
    "read_audit",
    "read_costs",
    "read_settings",
    "read_store",
    "read_votes",
    "reopening",
    "warm_prices",
]
