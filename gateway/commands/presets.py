"""Shows which preset answers, and changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import whispers
from core.commands import choice
from core.errors import UnknownPreset
from core.texts import commands as said

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.commands import Scope
    from core.frames import Frame
    from core.types import Command, Press
    from gateway.commands.desk import Desk


async def moa(desk: Desk, command: Command) -> Sequence[Frame]:
    """Choose by name, or show what there is."""
    name, scope = choice(command.args, desk.choices.catalogue())
    if not name:
        return [await _picker(desk, command)]
    try:
        return await _choose(desk, command, name, scope)
    except UnknownPreset as error:
        if not desk.places.guarded(command.address.platform):
            raise
        return [whispers.notice(whispers.unknown_text(error, name))]


async def offer(desk: Desk, press: Press) -> Sequence[Frame]:
    """Show what there is, behind the button under an answer."""
    return [await _picker(desk, press)]


async def pick(desk: Desk, press: Press) -> Sequence[Frame]:
    """Choose what a button names."""
    name = whispers.picked(press.value, desk.choices.catalogue())
    if name is None:
        return [whispers.notice(said.PRESET_GONE)]
    return await _choose(desk, press, name)


async def _choose(
    desk: Desk, request: Command | Press, name: str, scope: Scope = "here"
) -> Sequence[Frame]:
    address, author = request.address, request.author
    level = await desk.choices.choose(name, scope, request=request)
    if not desk.places.guarded(address.platform):
        return []
    there = await desk.choices.there(address, author)
    return [whispers.notice(whispers.chosen_text(name, there.preset, level))]


async def _picker(desk: Desk, request: Command | Press) -> Frame:
    catalogue = desk.choices.catalogue()
    there = await desk.choices.there(request.address, request.author)
    if not desk.places.guarded(request.address.platform):
        return whispers.notice(whispers.presets_text(there.preset, catalogue))
    unavailable = [each.name for each in catalogue.presets.values() if desk.unavailable(each)]
    return whispers.picker(
        (there.preset, there.level), catalogue, unavailable=unavailable, file=there.file
    )
