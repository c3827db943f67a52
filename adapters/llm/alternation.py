"""For endpoints that want user and assistant to take turns strictly (the end of MOA-19).

Decides, from a refusal that says so, to send the same conversation once more in that shape, and
to send it so from then on to that model. Everybody else gets the lines as they are.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from dataclasses import replace

from adapters.llm.quirks import of_family
from adapters.llm.roles import joined
from core.calls import Chunk, ModelCall
from core.errors import ContextOverflow, ModelForbidden, ModelRefused
from core.ports import Model
from core.types import Line

EMPTY = Chunk()
BRIDGE = "I have read the results above."
"""Stands between a tool's result and a user line, where the two may not meet."""

WANTS_TURNS = re.compile(
    r"\balternat(e|es|ing|ion)\b|\b(successive|consecutive) ['\"`]?user"
    r"|multiple ['\"`]?user['\"`]? (roles|messages|turns)"
    r"|unexpected role ['\"`]?user['\"`]? after",
    re.IGNORECASE,
)


class Alternating:
    """A model that is asked again, in strict turns, if it refuses anything else."""

    def __init__(self, model: Model) -> None:
        """Ask `model`; one of these stands before each provider."""
        self._model = model
        self._strict: set[str] = set()

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        model = call.slot.model
        asked = in_turns(call) if self._wants_turns(model) else call
        while True:
            stream = self._model.stream(asked)
            try:
                async for chunk in stream:
                    if asked is not call and chunk != EMPTY:
                        self._strict.add(model)
                    yield chunk
                return
            except ModelRefused as error:
                asked = asked_again(asked, error)
            finally:
                await stream.aclose()

    def _wants_turns(self, model: str) -> bool:
        return model in self._strict or "turns" in of_family(model)


def asked_again(call: ModelCall, refusal: ModelRefused) -> ModelCall:
    """Give a refused call in strict turns.

    Raises:
        ModelRefused: the refusal itself, where its cause is another, or the call is so already.
    """
    strict = in_turns(call)
    if strict == call or not wants_turns(refusal):
        raise refusal
    return strict


def wants_turns(error: ModelRefused) -> bool:
    """Tell whether a refusal is about the order of the roles."""
    if isinstance(error, ModelForbidden | ContextOverflow):
        return False
    return WANTS_TURNS.search(str(error)) is not None


def in_turns(call: ModelCall) -> ModelCall:
    """Give the call with adjacent lines of one role merged, and a bridge after a tool's results.

    Adjacent assistant lines are what a reference sees of several rounds of tools.
    """
    lines: list[Line] = []
    last_of: dict[int, int] = {}  # where each line went, and which was the last that went there
    for at, line in enumerate(call.lines):
        if line.role == "user" and lines and lines[-1].role == "tool":
            lines.append(Line.of("assistant", BRIDGE))
        if lines and _one_turn(lines[-1], line):
            lines[-1] = joined(lines[-1], line)
        else:
            lines.append(line)
        last_of[len(lines) - 1] = at
    kept = tuple(place for place, at in last_of.items() if at in call.breakpoints)
    return replace(call, lines=tuple(lines), breakpoints=kept)


def _one_turn(first: Line, second: Line) -> bool:
    speaks = second.role in {"user", "assistant"} and second.role == first.role
    return speaks and not first.tool_calls
