"""Lines for models that do not know every role.

Decides what becomes of a system prompt where a model takes none: it stands at the head of what the
person says first. Everybody else gets the lines as they are.
"""

from __future__ import annotations

from dataclasses import replace

from adapters.llm.quirks import Quirks
from core.types import Image, Line

INSTRUCTING = frozenset({"system", "developer"})


def known(lines: tuple[Line, ...], quirks: Quirks) -> tuple[Line, ...]:
    """Give the lines in the roles that the model knows."""
    if "no_system" in quirks:
        return _said_by_the_person(lines)
    if "no_developer" in quirks:
        return tuple(
            replace(line, role="system") if line.role == "developer" else line for line in lines
        )
    return lines


def joined(first: Line, second: Line) -> Line:
    """Make one line of two that the same role said one after the other."""
    parts: list[str | Image] = [*first.parts]
    for part in second.parts:
        if parts and isinstance(part, str) and isinstance(parts[-1], str):
            parts[-1] += f"\n\n{part}"
        else:
            parts.append(part)
    return replace(
        first,
        parts=tuple(parts),
        name=first.name if first.name == second.name else None,
        tool_calls=second.tool_calls,
        sealed=first.sealed + second.sealed,
    )


def _said_by_the_person(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    told: list[Line] = []
    instructed = False  # whether the line before is an instruction in another role's clothes
    for line in lines:
        instructs = line.role in INSTRUCTING
        said = replace(line, role="user") if instructs else line
        if instructed and said.role == "user":
            told[-1] = joined(told[-1], said)
        else:
            told.append(said)
        instructed = instructs
    return tuple(told)
