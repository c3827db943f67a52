"""One request to a model, and the pieces of its answer. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from core.presets import Slot
from core.types import Finish, Json, Line, Sealed, Tool, ToolCall, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCall:
    """One request to a model.

    What is None is absent on the wire. `extra` holds fields that a program on /v1 sent for the
    aggregator (top_p, stop, response_format, tool_choice, seed). `position` is 0 for the
    aggregator and the slot's for a reference: a local server keeps one cache for each.
    `timeout` bounds the whole call, in seconds from the wire; None: the provider's own. `at_most`
    bounds it whatever either says. `pace` is
    how often whoever listens looks, in seconds: after a piece, what comes within that time may be
    given as one. Neither the first piece nor the end waits for it. `breakpoints` are
    indices into `lines`: up to there a prompt cache is to be filled, where that is opt-in (MOA-25).
    """

    slot: Slot
    lines: tuple[Line, ...]
    position: int = 0
    tools: tuple[Tool, ...] = ()
    temperature: float | None = None
    max_tokens: int | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)
    timeout: float | None = None
    at_most: float | None = None
    pace: float = 0.0
    breakpoints: tuple[int, ...] = ()

    def seconds(self, usual: float) -> float:
        """Tell how long the whole call may take; `usual` is the provider's own limit."""
        limit = usual if self.timeout is None else self.timeout
        return limit if self.at_most is None else min(limit, self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A piece of a model's answer.

    The first chunk of a stream may be empty: it says that the request is on the wire now.
    Tool calls come whole, in order; so does `sealed`, usually with them. `usage` replaces what
    came before, and an estimated one knows the input alone; `dollars` is a cost that the provider
    itself reports. `finish` comes once, at the end. `progress` is true where the model has written
    something that cannot be passed on yet (half a tool call, sealed reasoning): it is alive, so no
    deadline may take it for stalled.
    """

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    usage: Usage | None = None
    dollars: Decimal | None = None
    finish: Finish | None = None
    progress: bool = False
