"""What is said of presets: which one answers and why, what was chosen, what cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

from core.presets import DEFAULT, Level, Preset
from core.records import Setting
from core.texts.names import named

ADMINS_CHOOSE: Final = (
    "Only an admin chooses for everybody here. For your own questions alone: /moa NAME me"
)
KEPT: Final = "The operator keeps the preset {name} for others, so nothing was changed or asked."
LOCKED: Final = "The operator has fixed the preset here, so it cannot be changed in the chat."
LOCKED_NOTE: Final = "The operator has fixed it: nothing is chosen in the chat here."
PRESET_GONE: Final = "There is no such preset any more."
CHANGED_SINCE: Final = "That was changed again since, so nothing was undone."
FOR_YOURSELF: Final = "For everybody here an admin chooses; below you choose for yourself."

_SOURCES: Final[Mapping[Level, str]] = {
    "turn": "for this question alone",
    "thread": "chosen in this thread",
    "me": "chosen by you",
    "channel": "chosen here",
    "workspace": "set by the operator for this workspace",
    "default": "the default",
}
_WHERE: Final[Mapping[Level, str]] = {
    "thread": "in this thread",
    "me": "to your questions",
    "channel": "in this conversation",
}


def source(level: Level, by: Setting | None, reader: str, zone: tzinfo) -> str:
    """Say where the preset in force comes from, who set it and when.

    Without `by` it was the file. `reader` is the id of whoever reads this.
    """
    if level == "channel" and by is None:
        return "set by the operator for this place"
    if by is None:
        return _SOURCES[level]
    who = "" if level == "me" else f" by {_whoever(by, reader)}"
    return f"{_SOURCES[level]}{who} on {moment(by.at, zone)}"


def _whoever(by: Setting, reader: str) -> str:
    return "you" if by.by == reader else named(by.name, by.by or "somebody")


def moment(at: int, zone: tzinfo) -> str:
    """Write a moment (ms): "28 November 2026 at 14:05 (UTC)"."""
    then = datetime.fromtimestamp(at / 1000, UTC).astimezone(zone)
    return f"{then.day} {then:%B} {then.year} at {then:%H:%M} ({then.tzinfo})"


def passed_over(level: Level, name: str) -> str:
    """Say that something is set that is no more."""
    return f"{named(name)} was {_SOURCES[level]}, but there is no such preset any more."


def notes(
    gone: Sequence[tuple[Level, str]],
    preset: Preset,
    providers: Sequence[str] | None,
    outside: Sequence[str],
) -> list[str]:
    """Say what else somebody has to know of the preset in force."""
    lines = [passed_over(level, name) for level, name in gone]
    return [*lines, in_force_barred(preset, providers or (), outside)] if outside else lines


def barred(preset: Preset, providers: Sequence[str], outside: Sequence[str]) -> str:
    """Say why a preset cannot be chosen or asked in a place."""
    return f"{_only(preset, providers, outside)} Nothing was changed or asked."


def in_force_barred(preset: Preset, providers: Sequence[str], outside: Sequence[str]) -> str:
    """Say why the preset in force answers nothing here."""
    return (
        f"{_only(preset, providers, outside)} It is the preset in force here, and no other is "
        "taken in its place, so nothing was asked. /moa shows what may answer."
    )


def _only(preset: Preset, providers: Sequence[str], outside: Sequence[str]) -> str:
    models = f"only models of {_listed(providers)}" if providers else "no models"
    return (
        f"The operator allows {models} here, and the preset {named(preset.name)} also asks "
        f"{_listed(outside)}."
    )


def in_force_kept(preset: Preset) -> str:
    """Say that somebody's own choice is kept for others by now."""
    return (
        f"The operator keeps the preset {named(preset.name)} for others by now, so nothing was "
        "asked. /moa default me takes your choice back."
    )


def cannot_answer(preset: Preset, why: str) -> str:
    """Say that a preset cannot be asked, for want of what its aggregator needs."""
    aggregator = preset.aggregator
    return (
        f"The preset {preset.name!r} cannot answer now: its aggregator {aggregator.label} "
        f"needs the provider {aggregator.provider!r}, which is not usable ({why}). /moa shows "
        "which presets can."
    )


def chosen(name: str, now: Preset, level: Level, undo: str) -> str:
    """Say what was set, where it holds and how to undo it."""
    where, alone = _WHERE.get(level, "here"), _alone(now)
    if name == DEFAULT:
        return f"The choice {where} is taken back: now {now.name} answers{alone}. {undo}"
    return f"From now on {now.name} answers {where}{alone}. {undo}"


def undo(command: str) -> str:
    """Say how to undo it."""
    return f"{command} undoes it."


def unchanged(name: str, now: Preset, level: Level) -> str:
    """Say that it is so already."""
    where = _WHERE.get(level, "here")
    if name == DEFAULT:
        return f"Nothing is chosen {where}, so nothing was changed: {now.name} answers."
    return f"{now.name} answers {where} already{_alone(now)}, so nothing was changed."


def before(by: Setting, shown: str) -> str:
    """Say whose choice was changed."""
    return f"{named(by.name, by.by)} had chosen {named(shown)}."


def announced(by: str, now: Preset, level: Level, old: Setting, shown: str) -> str:
    """Tell everybody there, whoever chose before among them, that it is another one now."""
    chose = f"{named(by)} chose what answers {_WHERE.get(level, 'here')}: {now.name}{_alone(now)}."
    return f"{chose} {before(old, shown)}"


def _alone(preset: Preset) -> str:
    return "" if preset.enabled else ", its aggregator alone"


def answers_here(preset: Preset, because: str) -> str:
    """Say which preset is in force, and why."""
    return f"{preset.name} answers here{_alone(preset)} ({because})."


def more(names: Sequence[str]) -> str:
    """Name those for which there is no button."""
    return f"With /moa NAME there are also: {', '.join(names)}."


def _listed(names: Sequence[str]) -> str:
    *others, last = names or ("",)
    return f"{', '.join(others)} and {last}" if others else last
