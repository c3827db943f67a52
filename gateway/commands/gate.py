"""The one place where it is asked whether somebody may do what they ask for, however they ask.

Word, slash command and button come through here before their handler. Decides nothing itself:
`core.permissions` has the table, `gateway.access.places` knows who is who. What is asked in a lane
(retries, removals) comes through here before it is queued, and again when its turn is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.access import permits
from core.permissions import needed
from core.texts import commands as said
from core.texts import presets
from core.types import Command, Press

if TYPE_CHECKING:
    from gateway.commands.desk import Desk

_DECIDING = frozenset({"approve", "refuse"})


async def refusal(desk: Desk, request: Command | Press) -> str:
    """Say why this is not for this person; empty if it is.

    What is for whoever asked a turn is for anybody where there is no such turn: its handler says
    so, and nothing happens.
    """
    who = needed(request, desk.choices.catalogue())
    asker = await _asker(desk, request) if who == "asker" else ""
    if asker is None:
        return ""
    if permits(who, desk.role(request), own=asker == request.author.id):
        return ""
    if isinstance(request, Press) and request.action in _DECIDING:
        return said.NOT_YOURS_TO_ALLOW
    chooses = isinstance(request, Press) or request.name in {"moa", "preset"}
    if not chooses or who != "admins":
        return said.NOT_FOR[who]
    there = desk.places.at(request.address, request.author.circles, direct=request.direct)
    return presets.LOCKED if there.locked else presets.ADMINS_CHOOSE


async def _asker(desk: Desk, request: Command | Press) -> str | None:
    """Give whoever asked the turn that is meant; None where there is none."""
    if isinstance(request, Press) and request.turn_id:
        turn = await desk.own(request)
        return None if turn is None else turn.start.asker
    if isinstance(request, Press) or request.name == "stop":
        waits = desk.waits(request)
        if waits is not None:
            return waits.incoming.author.id
    running = desk.exchange.running.find(request.address, request.author.id)
    return None if running is None else running[1]
