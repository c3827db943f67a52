"""Says how things stand here: queue, preset, health, budgets; and keeps quiet where admins want it.

Changes nothing but the setting `quiet` of a channel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import whispers
from core.budget import left_text
from core.texts import presets as of_presets
from core.texts import status as said
from core.wording import dollars_text
from gateway.access.quiet import ON, QUIET, scope_of
from gateway.commands.sessions import session_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.frames import Frame
    from core.types import Command
    from gateway.commands.desk import Desk


async def status(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say what waits, which preset is in force, what cannot answer, and whether it is quiet."""
    there = await desk.choices.there(command.address, command.author)
    zone = desk.accounts.zone
    because = of_presets.source(there.level, there.by, command.author.id, zone)
    running = desk.exchange.running.find(command.address, command.author.id)
    waiting = desk.health.sessions.waiting(await session_of(desk, command))
    presets = desk.choices.offered(command)
    unavailable = [(each, why) for each in presets if (why := desk.health.unavailable(each))]
    lines = [
        of_presets.answers_here(there.preset, because),
        *of_presets.notes(there.gone, there.preset, there.providers, there.barred),
        said.queue(
            running=running is not None, waiting=waiting, everywhere=desk.health.sessions.running
        ),
        said.health(unavailable, desk.health.left_alone()),
    ]
    scope = scope_of(command.address)
    quiet = (await desk.choices.settings.chosen(QUIET, scope)).get(scope)
    if quiet is not None:
        lines.append(said.quiet_already(quiet, zone))
    return [whispers.notice("\n".join(lines))]


async def budget(desk: Desk, command: Command) -> Sequence[Frame]:
    """Say what may be spent here and what is left of it."""
    left = await desk.accounts.left(command.address, command.author)
    budgets = desk.accounts.bank.budgets
    turn = "" if budgets.turn is None else dollars_text(budgets.turn)
    text = said.budgets([left_text(*each) for each in left], turn, refuse=budgets.refuse)
    return [whispers.notice(text)]


async def quiet(desk: Desk, command: Command) -> Sequence[Frame]:
    """Answer mentions alone in this channel from now on, or as before."""
    word = command.args.strip().lower()
    if command.direct:
        return [whispers.notice(said.ALL_FOR_ME)]
    if word not in {"", "on", "off"}:
        return [whispers.notice(said.QUIET_HOW)]
    scope = scope_of(command.address.whole)
    now = (await desk.choices.settings.chosen(QUIET, scope)).get(scope)
    wanted = None if word == "off" else ON
    if wanted is not None and now is not None:
        return [whispers.notice(said.quiet_already(now, desk.accounts.zone))]
    if wanted is None and now is None:
        return [whispers.notice(said.NOT_QUIET_ANYWAY)]
    by = command.author
    await desk.exchange.keep.set(scope, QUIET, wanted, by=by.id, at=command.at, name=by.name)
    return [whispers.notice(said.QUIET if wanted else said.NOT_QUIET)]
