"""Which messages of a request a prompt cache is to be filled up to (MOA-25).

Decides it for every request, by its lines alone. Whether a provider has to be told, and how, is
the wire format's business: where caching is automatic nothing is sent.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.types import Line

LAST = 3
"""Messages from the end; with the system prompt that makes the four that Anthropic allows."""


def breakpoints(lines: Sequence[Line]) -> tuple[int, ...]:
    """Give the lines that end a prefix worth keeping, in order.

    They are the system prompt and the last three messages behind it. What is only appended to
    this one request does not count: the next one does not begin with it. The results of one round
    of tools are one message, which is how they are sent where this matters.
    """
    instructing = [at for at, line in enumerate(lines) if _instructs(line)]
    said = [at for at, line in enumerate(lines) if not _instructs(line) and not line.trailing]
    ends = [at for at in said if not (_result(lines, at) and _result(lines, at + 1))]
    return tuple(sorted((*instructing[-1:], *ends[-LAST:])))


def _instructs(line: Line) -> bool:
    return line.role in {"system", "developer"}


def _result(lines: Sequence[Line], at: int) -> bool:
    return at < len(lines) and lines[at].role == "tool"
