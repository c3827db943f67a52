"""Which messages of a request a prompt cache is to be filled up to (MOA-25).

Decides it for every request, by its lines alone. Whether a provider has to be told, and how, is
the wire format's business: where caching is automatic nothing is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from core.types import Line

LAST = 3
"""Messages from the end; with the system prompt that makes the four that Anthropic allows."""


def breakpoints(lines: Sequence[Line]) -> tuple[int, ...]:
    """Give the lines that end a prefix worth keeping, in order.

    They are the system prompt and the last three messages behind it. What is only appended to
    this one request does not count: the next one does not begin with it. The results of one round
    of tools are one message, which is how they are sent where this matters.
    """
    # From the end, and no further than need be: histories are long.
    backwards = range(len(lines) - 1, -1, -1)
    prompt = (at for at in backwards if _instructs(lines[at]))
    ends = (at for at in backwards if _ends(lines, at))
    return tuple(sorted((*islice(prompt, 1), *islice(ends, LAST))))


def _ends(lines: Sequence[Line], at: int) -> bool:
    """Tell whether a message that is there to stay ends with this line."""
    line = lines[at]
    goes_on = line.role == "tool" and at + 1 < len(lines) and lines[at + 1].role == "tool"
    return not (_instructs(line) or line.trailing or goes_on)


def _instructs(line: Line) -> bool:
    return line.role in {"system", "developer"}
