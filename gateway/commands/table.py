"""Which handler does what: the one place where a command or a button finds its work.

Decides nothing else. Who may give a command is said in `core.menu`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gateway.commands import (
    access,
    backlog,
    general,
    memory,
    presets,
    privacy,
    sessions,
    status,
    turns,
)

if TYPE_CHECKING:
    from gateway.commands.desk import OnCommand, OnPress

COMMANDS: Final[Mapping[str, OnCommand]] = {
    "allow": access.allow,
    "ask": general.unasked,
    "budget": status.budget,
    "compact": sessions.compact,
    "cost": general.cost,
    "deny": access.deny,
    "export": sessions.export,
    "forget": privacy.forget,
    "help": general.help_,
    "memory": memory.memory,
    "moa": presets.moa,
    "new": sessions.new,
    "pair": access.pair,
    "preset": presets.moa,
    "privacy": privacy.privacy,
    "quiet": status.quiet,
    "retry": general.nothing_asked,
    "start": general.help_,
    "status": status.status,
    "stop": turns.stop,
    "undo": sessions.nothing_since,
}
UNKNOWN_COMMAND: Final[OnCommand] = general.unknown

PRESSES: Final[Mapping[str, OnPress]] = {
    "advisors": turns.advisors,
    "again": backlog.again,
    "answer": backlog.answer,
    "approve": turns.decide,
    "back": sessions.back,
    "down": turns.down,
    "forget": privacy.forgotten,
    "info": turns.info,
    "pick": presets.pick,
    "preset": presets.offer,
    "refuse": turns.decide,
    "restore": presets.restore,
    "skip": backlog.skip,
    "remove": turns.remove,
    "stop": turns.stop,
    "undo": sessions.undo,
    "up": turns.up,
}
UNKNOWN_PRESS: Final[OnPress] = turns.unknown
