"""When the references are asked again, and under which key their advice may be used again.

A state is a completed tool round after the last user message, counted from the transcript alone
(MOA-23), so a program that sends its whole transcript on every step is treated like a chat.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from core.advice import view_hash
from core.presets import Cadence, Preset
from core.types import Line


def advised_upto(lines: Sequence[Line], cadence: Cadence, opened: int | None = None) -> int:
    """Tell how many lines the references have been, or are to be, shown at this state.

    The advice that belongs to `lines[:n]` serves until the number moves. `opened` is where the
    turn began, if not with the last user line: what is steered into a turn opens none (MOA-23).
    """
    if cadence.mode == "per_iteration":
        return len(lines)
    opened = opened_at(lines) if opened is None else opened
    if cadence.mode == "user_turn":
        return opened
    ends = (opened, *_round_ends(lines, opened))
    return ends[(len(ends) - 1) // cadence.n * cadence.n]


def opened_at(lines: Sequence[Line]) -> int:
    """Give the number of lines up to and with the user line that opened the turn."""
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].role == "user":
            return index + 1
    return len(lines)


def advice_key(preset: Preset, view: Sequence[Line], *, scope: str) -> str:
    """Name the advice on an advisory view: same preset, same view, same scope (MOA-24)."""
    labels = "\n".join(slot.label for slot in preset.active)
    seen = view_hash(view)
    return sha256(f"{scope}\0{preset.fingerprint}\0{labels}\0{seen}".encode()).hexdigest()


def _round_ends(lines: Sequence[Line], opened: int) -> list[int]:
    """Give, for each completed tool round after `opened`, the number of lines up to its end."""
    ends: list[int] = []
    wanted: set[str | None] = set()
    for index, line in enumerate(lines[opened:], opened):
        if line.role == "assistant":
            wanted = {call.id for call in line.tool_calls}
            continue
        answered = wanted & {line.tool_call_id}
        wanted -= answered
        if answered and not wanted:
            ends.append(index + 1)
    return ends
