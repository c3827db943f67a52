"""Shows which preset answers, and changes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import whispers
from core.access import permits
from core.commands import aimed, choice
from core.errors import UnknownPreset
from core.permissions import for_choice
from core.picker import Offer, picked, picker, stamp, undo_button, undone
from core.presets import DEFAULT, OFF
from core.texts import presets as said
from core.types import Command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.commands import Scope
    from core.frames import Frame
    from core.presets import Level, Preset
    from core.records import Setting
    from core.types import Press
    from gateway.access.choices import Changed
    from gateway.commands.desk import Desk

_WORDS: dict[Level, Scope] = {"thread": "thread", "channel": "channel", "me": "me"}


async def moa(desk: Desk, command: Command) -> Sequence[Frame]:
    """Choose by name, or show what there is."""
    name, scope = choice(command.args, desk.choices.catalogue())
    if not name:
        return [await _picker(desk, command, scope)]
    try:
        return await _choose(desk, command, name, scope)
    except UnknownPreset as error:
        if not desk.places.guarded(command.address.platform):
            raise
        return [whispers.notice(whispers.unknown_text(error, name))]


async def offer(desk: Desk, press: Press) -> Sequence[Frame]:
    """Show what there is, behind the button under an answer."""
    return [await _picker(desk, press, "here")]


async def pick(desk: Desk, press: Press) -> Sequence[Frame]:
    """Choose what a button names."""
    scope, value = aimed(press.value)
    name = picked(value, desk.choices.catalogue())
    if name is None:
        return [whispers.notice(said.PRESET_GONE)]
    return await _choose(desk, press, name, scope)


async def restore(desk: Desk, press: Press) -> Sequence[Frame]:
    """Bring back what was set before a choice, unless it was changed again since."""
    scope, value = aimed(press.value)
    mark, key = undone(value)
    name = picked(key, desk.choices.catalogue())
    if name is None:
        return [whispers.notice(said.PRESET_GONE)]
    changed = await desk.choices.restore(name, scope, lambda now: stamp(now) == mark, request=press)
    if changed is None:
        return [whispers.notice(said.CHANGED_SINCE)]
    return await _told(desk, press, name, changed)


async def _choose(
    desk: Desk, request: Command | Press, name: str, scope: Scope = "here"
) -> Sequence[Frame]:
    changed = await desk.choices.choose(name, scope, request=request)
    if not desk.places.guarded(request.address.platform):
        return []
    return await _told(desk, request, name, changed)


async def _told(
    desk: Desk, request: Command | Press, name: str, changed: Changed
) -> Sequence[Frame]:
    """Say what was set, where it holds, whose choice it was before and how to undo it."""
    now = (await desk.choices.there(request.address, request.author)).preset
    level = changed.level
    if changed.same:
        return [whispers.notice(said.unchanged(name, now, level))]
    shown = now if name in {OFF, DEFAULT} else desk.choices.catalogue().get(name)
    scope = _WORDS[level]
    undo = f"/moa {changed.before.value if changed.before else DEFAULT} {scope}"
    text = said.chosen(name, shown, level, said.undo(undo))
    others = changed.before if changed.before and changed.before.by != request.author.id else None
    if others is not None:
        text = f"{text} {said.before(others, others.value)}"
        _announce(desk, request, (shown, level), others)
    return [whispers.notice(text, [undo_button(scope, changed.now, changed.before)])]


def _announce(
    desk: Desk, request: Command | Press, now: tuple[Preset, Level], old: Setting
) -> None:
    """Let whoever chose before read it, too, where the answer is for one person alone."""
    adapter = desk.exchange.chats[request.address.platform]
    if request.direct or not adapter.capabilities(request.address).whispers:
        return
    preset, level = now
    text = said.announced(request.author.name, preset, level, old, old.value)
    desk.asides.post(request, whispers.notice(text))


# --- looking ----------------------------------------------------------------------------------


async def _picker(desk: Desk, request: Command | Press, scope: Scope) -> Frame:
    there = await desk.choices.there(request.address, request.author)
    because = said.source(there.level, there.by, request.author.id, desk.accounts.zone)
    notes = said.notes(there.gone, there.preset, there.providers, there.barred)
    every = desk.choices.offered(request)
    if not desk.places.guarded(request.address.platform):
        text = whispers.presets_text(there.preset, because, every)
        return whispers.notice("\n".join([text, *notes]))
    offered = [each for each in every if not desk.health.unavailable(each)]
    aims = _aims(desk, request, scope)
    if there.locked:
        notes.append(said.LOCKED_NOTE)
    elif aims != scope:
        notes.append(said.FOR_YOURSELF)
    return picker(
        Offer(
            here=there.preset,
            because=because,
            presets=offered,
            scope=aims,
            notes=notes,
            backwards=there.by is not None,
            fixed=there.locked,
        )
    )


def _aims(desk: Desk, request: Command | Press, scope: Scope) -> Scope:
    """Say where a choice by button would hold: for oneself, where the place is not one's own."""
    who = for_choice(scope, request.address, direct=request.direct)
    return scope if permits(who, desk.role(request)) else "me"
