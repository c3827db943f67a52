"""The moments at which a kill could lose something, double it or have it billed twice, by name.

Decides which moments have a name, and whether one that is passed is the one that the program was
armed for (docs/decisions/0042). It never ends anything itself: what dying is, whoever arms it says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import ConfigError

POINTS: Final[Mapping[str, str]] = {
    # what comes in
    "intake.unstored": "It has come in, and the inbox does not have it.",
    "intake.stored": "The inbox has it, and nobody has begun with it.",
    # a turn
    "turn.unbegun": "A lane has taken a question, and no turn is written down.",
    "turn.begun": "The turn is written down, and nobody is asked.",
    "turn.resumed": "A turn that was cut is counted as tried again.",
    "reference.unkept": "A reference has landed, and its checkpoint is not written.",
    "reference.kept": "The checkpoint of a reference is written.",
    "references.closed": "All references are over, which is written down.",
    "answer.unasked": "The advice is complete, and the aggregator is not asked.",
    "answer.begun": "The first words of an answer have come, or its first call of a tool.",
    "turn.unended": "The answer is complete, and its ending is not stored.",
    "turn.ended": "The ending is stored, and nobody has been told.",
    "turn.shown": "All is shown to its end, and that is not noted.",
    # messages in chats
    "post.unnoted": "A message is to be posted, and is not in the outbox.",
    "post.noted": "The outbox has it, and the platform does not.",
    "post.accepted": "The platform has it, and the outbox does not have its id.",
    "post.kept": "The outbox has the id.",
    "preview.sent": "A preview of an answer is shown.",
    "edit.unsent": "A message is to be changed.",
    "edit.sent": "A message was changed.",
}
"""Each stands in one place of the source, and a test kills the program at each."""


@dataclass(slots=True)
class _Armed:
    name: str
    where: str
    passings: int
    die: Callable[[], None]


_armed: Final[list[_Armed]] = []


def crashpoint(name: str, where: str = "") -> None:
    """Die here, if that is what the program was armed for; `where` is the platform concerned."""
    if _armed:
        _passed(_armed[0], name, where)


def _passed(armed: _Armed, name: str, where: str) -> None:
    if armed.name != name or armed.where not in {"", where}:
        return
    armed.passings -= 1
    if not armed.passings:
        armed.die()


def arm(spec: str, die: Callable[[], None]) -> None:
    """Have `die` called at `name`, `name@platform`, or at the n-th passing: `name:n`.

    Raises:
        ConfigError: there is no such point.
    """
    point, _, count = spec.partition(":")
    name, _, where = point.partition("@")
    passings = int(count) if count.isascii() and count.isdigit() else int(not count)
    if name not in POINTS or not passings:
        raise ConfigError(
            f"MOA_GATEWAY_CRASH_AT: {spec!r} is no crash point. It is name, name@platform or name:n"
            f" (the n-th passing) with one of: {', '.join(POINTS)}. It is for tests alone:"
            " the program kills itself there. Remove the variable"
        )
    _armed[:] = [_Armed(name=name, where=where, passings=passings, die=die)]
