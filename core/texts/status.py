"""What is said of a place and of the gateway: queue, health, budgets, and being quiet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Final

from core.presets import Preset
from core.records import Setting
from core.texts.names import named
from core.texts.presets import moment

QUIET: Final = (
    "From now on I answer mentions here, and nothing that nobody addressed to me. /quiet off "
    "undoes it."
)
NOT_QUIET: Final = "I go on as before here. /quiet undoes it."
NOT_QUIET_ANYWAY: Final = "I was not told to be quiet here, so nothing was changed."
ALL_FOR_ME: Final = "Here everything that you write is for me, so there is nothing to be quiet of."
QUIET_HOW: Final = "/quiet lets me answer mentions alone here; /quiet off takes that back."
NO_BUDGETS: Final = "The operator has set no budget that applies here: budgets in the file."
BUDGETS_WHERE: Final = "Budgets are set in the file, under budgets."


def quiet_already(by: Setting, zone: tzinfo) -> str:
    """Say since when nothing but mentions is answered, and who wanted it so."""
    return (
        f"Quiet since {moment(by.at, zone)}, as {named(by.name, by.by)} wanted: only mentions are "
        "answered here. /quiet off undoes it."
    )


def queue(*, running: bool, waiting: int, everywhere: int) -> str:
    """Say what waits here, and how many conversations are at work in all."""
    if not running and not waiting:
        here = "Nothing is being answered here now, and nothing waits."
    else:
        now = "An answer is being written here" if running else "Nothing is being answered here now"
        here = f"{now}; {_counted(waiting, 'question')} wait{'s' * (waiting == 1)}."
    if not everywhere:
        return here
    return f"{here} In all, {_counted(everywhere, 'conversation')} at work."


def health(unavailable: Iterable[tuple[Preset, str]], left_alone: Mapping[str, float]) -> str:
    """Say what cannot answer now, and who is left alone for a while after failures."""
    lines = [f"{named(each.name)} cannot answer: {why}" for each, why in unavailable]
    lines += [
        f"{named(name)} failed too often and is left alone for {max(1, round(left))} s more."
        for name, left in left_alone.items()
    ]
    return "\n".join(lines) or "All presets can answer."


def budgets(left: Sequence[str], turn: str, *, refuse: bool) -> str:
    """Say what may be spent, what is left of it, and what becomes of a question after that."""
    lines = list(left)
    if turn:
        lines.append(f"One question may cost {turn}.")
    if not lines:
        return NO_BUDGETS
    then = "no new question is taken" if refuse else "the aggregator answers alone"
    lines.append(f"Where one is used up, {then}. {BUDGETS_WHERE}")
    return "\n".join(lines)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
