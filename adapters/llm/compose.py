"""Puts the wrappers around a wire format, in the one right order.

From the outside: `Limited` (waiting for a permit is not on the wire, so no deadline runs);
`Guarded` (what is left alone is not asked, however long somebody waited for a permit);
`Retrying` (whose wait before a retry is the provider's wish and no stall); `Deadlined`;
`Alternating`; the wire format. Every layer is paid for with every piece of an answer.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from adapters.llm.alternation import Alternating
from adapters.llm.breaker import Circuits, Guarded
from adapters.llm.deadline import Deadlined, Timeouts
from adapters.llm.limit import Limited
from adapters.llm.retry import Retrying
from core.ports import Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What holds for every call of one provider. `max_parallel` None: any number at once.

    Without `circuits` it is asked however often it fails: a model of our own process.
    """

    max_parallel: int | None = None
    circuits: Circuits | None = None
    timeouts: Timeouts = field(default_factory=Timeouts)


def compose(model: Model, *, options: Options) -> Model:
    """Wrap the model of one provider; called once for each, since the permits are its own."""
    attempt = Deadlined(Alternating(model), options.timeouts)
    wrapped: Model = Retrying(attempt, total=options.timeouts.total)
    if options.circuits is not None:
        wrapped = Guarded(wrapped, options.circuits)
    if options.max_parallel is not None:
        wrapped = Limited(wrapped, asyncio.Semaphore(options.max_parallel))
    return wrapped
