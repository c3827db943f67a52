"""What `moa-gateway presets stats` prints. Decides words and shapes only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from core.wording import dollars_text

if TYPE_CHECKING:
    from core.feedback import PresetTally, Tally
    from core.types import Json


def as_text(tallies: Sequence[PresetTally]) -> Iterator[str]:
    """Write votes by preset, and what may be judged of them (MOA-38)."""
    if not tallies:
        yield "Nobody has voted yet: 👍 and 👎 stand under every answer."
    for preset in tallies:
        yield f"{preset.name}: {_votes(preset)}{_verdict(preset)}{_cost(preset)}"
        for reference in preset.references:
            yield f"  {reference.name}: {_votes(reference)}{_verdict(reference)}"


def as_json(tallies: Sequence[PresetTally]) -> Json:
    """Give the same for programs; null is what cannot be judged yet."""
    return [
        {
            **_tally(preset),
            "answers": preset.answers,
            "accepted": preset.accepted,
            "dollars": None if preset.dollars is None else str(preset.dollars),
            "dollars_per_accepted": _rounded(preset),
            "references": [_tally(each) for each in preset.references],
        }
        for preset in tallies
    ]


def _votes(tally: Tally) -> str:
    return f"{tally.votes} vote{'s' * (tally.votes != 1)}, {tally.up} 👍 {tally.down} 👎"


def _verdict(tally: Tally) -> str:
    if tally.win_rate is None:
        return f" · {tally.missing} more before anything can be judged"
    return f" · win rate {100 * tally.win_rate:.0f} %"


def _cost(preset: PresetTally) -> str:
    if preset.missing:
        return ""
    if not preset.accepted:
        return " · no answer was accepted"
    if preset.dollars_per_accepted is None:
        return " · price of an accepted answer unknown"
    return f" · {dollars_text(preset.dollars_per_accepted)} for each accepted answer"


def _tally(tally: Tally) -> dict[str, Json]:
    return {
        "name": tally.name,
        "votes": tally.votes,
        "up": tally.up,
        "down": tally.down,
        "missing": tally.missing,
        "win_rate": None if tally.win_rate is None else round(tally.win_rate, 4),
    }


def _rounded(preset: PresetTally) -> str | None:
    cost = preset.dollars_per_accepted
    return None if cost is None else f"{cost:.6f}"
