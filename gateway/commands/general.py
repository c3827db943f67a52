"""Help, costs, and what is said of commands that ask for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import whispers
from core.commands import asked
from core.permissions import allowed
from core.texts import commands as said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Frame
    from core.types import Command
    from gateway.commands.desk import Desk


async def help_(desk: Desk, command: Command) -> Sequence[Frame]:
    """List what this person may do here."""
    prefix = desk.places.prefix(command.address.platform)
    return [whispers.notice(whispers.help_text(prefix, allowed(desk.role(command))))]


async def cost(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say what this month took here and of this person, and what is left."""
    here, own = await desk.accounts.spent(command.address, command.author)
    left = await desk.accounts.left(command.address, command.author)
    return [whispers.notice(whispers.cost_text(here, own, left))]


async def unasked(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say why `/ask` asked nothing: what can be asked came in as a question."""
    wanted = asked(command.args).preset
    if wanted is not None:
        desk.places.require_choosable(desk.choices.catalogue().get(wanted), command)
    return [whispers.notice(said.ASK_HOW)]


async def nothing_asked(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say that there is nothing to ask again: what there is came in as a press of Retry."""
    return [whispers.notice(said.NOTHING_ASKED)]


async def unknown(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say that there is no such command."""
    prefix = desk.places.prefix(command.address.platform)
    theirs = allowed(desk.role(command))
    return [whispers.notice(whispers.unknown_command(command.name, prefix, theirs))]
