"""Puts the wrappers around a wire format, in the one right order.

From the outside: `Limited` (waiting for a permit is not on the wire, so no deadline runs),
`Deadlined` (the person waits for all attempts together, so all of them share one deadline),
`Retrying` (each attempt sends what alternation has learned), `Alternating`, the wire format.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from adapters.llm.alternation import Alternating
from adapters.llm.deadline import Deadlined, Timeouts
from adapters.llm.limit import Limited
from adapters.llm.retry import Retrying
from core.ports import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What holds for every call of one provider. `max_parallel` None: any number at once."""

    max_parallel: int | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


def compose(model: Model, *, options: Options) -> Model:
    """Wrap the model of one provider; called once for each, since the permits are its own."""
    wrapped: Model = Deadlined(Retrying(Alternating(model)), options.timeouts)
    if options.max_parallel is not None:
        wrapped = Limited(wrapped, asyncio.Semaphore(options.max_parallel))
    return wrapped
