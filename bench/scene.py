"""What is asked and how fast it is answered: the same for the floor and for the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

WORD = "advice "
QUESTION = "Should we ship this release today, or wait for the audit?"
PARAGRAPH = "We talked about the release, the audit, and who has to be told before either. " * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a model answers. `first`, `between` and `pause` are in seconds; `fails` is an HTTP 500.

    `pause` is how long it thinks before its last piece, on top of `between`.
    """

    first: float
    pieces: int = 20
    between: float = 0.0
    fails: bool = False
    pause: float = 0.0

    @property
    def model(self) -> str:
        """The model's name, which tells the provider all of this."""
        return f"{self.first}/{self.pieces}/{self.between}/{int(self.fails)}/{self.pause}"

    @classmethod
    def of(cls, model: str) -> Self:
        """Read such a name."""
        first, pieces, between, fails, pause = model.split("/")
        return cls(
            first=float(first),
            pieces=int(pieces),
            between=float(between),
            fails=fails == "1",
            pause=float(pause),
        )

    @property
    def whole(self) -> float:
        """Seconds until its last piece."""
        return self.first + (self.pieces - 1) * self.between + self.pause


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One turn: who advises, who answers, and how much was said before."""

    references: tuple[Plan, ...]
    aggregator: Plan
    history: int = 2

    @property
    def ideal(self) -> float:
        """Seconds to the first token of the answer, were everything else free."""
        return max(plan.whole for plan in self.references) + self.aggregator.first

    def said(self) -> list[tuple[str, str]]:
        """Give the conversation as (role, text), the question last."""
        turns = [
            ("assistant" if n % 2 else "user", f"{n}. {PARAGRAPH}") for n in range(self.history)
        ]
        return [("system", "You help a small team."), *turns, ("user", QUESTION)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one turn took: seconds to the first token and to the end, and of CPU.

    `quorum` and `advised` are when two references had landed and when no more was awaited.
    """

    first: float
    whole: float
    cpu: float = 0.0
    quorum: float = 0.0
    advised: float = 0.0


FAST = Plan(first=0.2)
SLOW = Plan(first=2.0)
BROKEN = Plan(first=0.2, fails=True)
