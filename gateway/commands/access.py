"""Lets people in and shuts them out. Whom that is for, `core.permissions` has decided before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import whispers
from core.errors import UsageError
from core.identity import named
from core.texts import access as said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.access import Decision
    from core.frames import Frame
    from core.types import Command
    from gateway.commands.desk import Desk


async def allow(desk: Desk, command: Command) -> Sequence[Frame]:
    """Let somebody in on this account, everywhere."""
    person, time = await _decided(desk, command, "allow")
    return [whispers.notice(said.allowed(person, time))]


async def deny(desk: Desk, command: Command) -> Sequence[Frame]:
    """Shut somebody out of this account; an owner named in the file cannot be."""
    person, time = await _decided(desk, command, "deny")
    return [whispers.notice(said.denied(person, time))]


async def pair(desk: Desk, command: Command) -> Sequence[Frame]:
    """Let in who was given a code on this account."""
    if not command.args.strip():
        raise UsageError(said.NO_CODE)
    platform = command.address.platform
    by = f"{platform}:{command.author.id}"
    found = await desk.doors.approve(command.args, platform, by=by, once=command.event_id)
    return [whispers.notice(said.paired(f"{found.platform}:{found.person}"))]


async def _decided(desk: Desk, command: Command, decision: Decision) -> tuple[str, str]:
    """Decide of somebody; give who it is, and for how long, for people."""
    platform = command.address.platform
    who = named(command.args, desk.places.kind(platform), platform)
    subject = f"{platform}:{who.person}"
    if decision == "deny" and desk.places.owns(subject):
        raise UsageError(said.NO_OWNER.format(person=subject))
    if decision == "deny" and who.person == command.author.id:
        raise UsageError(said.NOT_YOURSELF)
    await desk.doors.decide(command, who.person, decision, seconds=who.seconds)
    return subject, command.args.split()[1] if who.seconds is not None else ""
