"""What 👍 and 👎 say of presets and of their references (MOA-38).

Decides when there are enough votes to judge by, and how a verdict is reached. It collects none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from core.records import Voted

ENOUGH: Final = 30
"""So many votes are needed: below that a rate says more about chance than about a preset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Votes for one name."""

    name: str
    up: int = 0
    down: int = 0

    @property
    def votes(self) -> int:
        """All of them."""
        return self.up + self.down

    @property
    def missing(self) -> int:
        """How many more are needed before anything is judged; 0 where there are enough."""
        return max(0, ENOUGH - self.votes)

    @property
    def win_rate(self) -> float | None:
        """The share of 👍, 0 to 1; None while there are too few votes."""
        return None if self.missing else self.up / self.votes


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetTally(Tally):
    """Votes for a preset, and for each of its references that had advised in those answers.

    `accepted` are the answers with more 👍 than 👎; `dollars` is what all answers that were voted
    on cost, the rejected ones too, None where a price is unknown.
    """

    answers: int = 0
    accepted: int = 0
    dollars: Decimal | None = None
    references: tuple[Tally, ...] = ()

    @property
    def dollars_per_accepted(self) -> Decimal | None:
        """What an accepted answer cost; None while nobody can say."""
        if self.missing or not self.accepted or self.dollars is None:
            return None
        return self.dollars / self.accepted


def tallied(voted: Iterable[Voted]) -> Sequence[PresetTally]:
    """Count votes by preset, in the order of their names."""
    presets: dict[str, list[Voted]] = {}
    for each in voted:
        presets.setdefault(each.preset, []).append(each)
    return [_preset(name, presets[name]) for name in sorted(presets)]


def _preset(name: str, voted: Sequence[Voted]) -> PresetTally:
    priced = all(each.priced for each in voted)
    labels = dict.fromkeys(label for each in voted for label in each.references)
    return PresetTally(
        name=name,
        up=sum(each.up for each in voted),
        down=sum(each.down for each in voted),
        answers=len(voted),
        accepted=sum(each.up > each.down for each in voted),
        dollars=sum((each.dollars for each in voted), Decimal(0)) if priced else None,
        references=tuple(_reference(label, voted) for label in labels),
    )


def _reference(label: str, voted: Sequence[Voted]) -> Tally:
    mine = [each for each in voted if label in each.references]
    return Tally(name=label, up=sum(each.up for each in mine), down=sum(each.down for each in mine))
