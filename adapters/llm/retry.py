"""Asks again when a provider is busy or out of reach, as long as nothing has been said yet (P11).

Decides how often and how soon. A reference is asked once more, within 250 ms (MOA-9): advice that
comes late is of no use. An aggregator is worth a wait, but a provider that asks for a long one is
left to the fallbacks at once. What is refused, too long, stalled or unreadable is never asked
again. All attempts share one total deadline: a later one gets what is left of it, and nobody
waits for an attempt that could not be made.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from itertools import count
from math import inf

from core.calls import Chunk, ModelCall
from core.errors import ModelBusy, ModelError, ModelUnreachable
from core.ports import Model

EMPTY = Chunk()
LEAST = 0.01
"""Seconds without which no attempt is made."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patience:
    """How often to ask again; the first wait, doubled each time, and the longest, in seconds."""

    retries: int
    first: float
    longest: float


_REFERENCE = _Patience(retries=1, first=0.125, longest=0.25)
_AGGREGATOR = _Patience(retries=2, first=0.5, longest=20.0)


def wait_before(
    attempt: int, call: ModelCall, error: ModelError, *, said: bool, left: float
) -> float | None:
    """Give the seconds before the retry number `attempt` (from 1); None for no retry.

    `said` tells whether a word came before the error, `left` is the rest of the total in seconds.
    """
    if said or not isinstance(error, ModelBusy | ModelUnreachable):
        return None
    patience = _REFERENCE if call.position > 0 else _AGGREGATOR
    wait = error.retry_after if isinstance(error, ModelBusy) else None
    if wait is None:
        spread = random.uniform(0.5, 1.0)  # noqa: S311 - so that a crowd does not come back at once
        wait = patience.first * 2 ** (attempt - 1) * spread
    # To ask before the time would only be refused, while somebody waits and a fallback stands by.
    worth = attempt <= patience.retries and wait <= patience.longest and wait < left
    return wait if worth else None


class Retrying:
    """A model that is asked again before its first word."""

    def __init__(self, model: Model, *, total: float = inf) -> None:
        """Ask `model`, again if need be; `total` seconds in all for calls that name none."""
        self._model = model
        self._total = total

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        clock = asyncio.get_running_loop().time
        ends = clock() + call.seconds(self._total)
        for attempt in count(1):
            said = False
            stream = self._model.stream(call)
            try:
                async for chunk in stream:
                    said |= chunk != EMPTY
                    yield chunk
                return
            except ModelError as error:
                wait = wait_before(attempt, call, error, said=said, left=ends - clock())
                if wait is None:
                    # The only place where an operator learns why an advisor failed.
                    log.warning("%s (%s) failed: %s", call.slot.label, _part(call), error)
                    raise
                failed = error
            except Exception:  # ours; the engine isolates it, so it would never be seen (MOA-9)
                log.exception("%s (%s) failed", call.slot.label, _part(call))
                raise
            finally:
                await stream.aclose()
            await asyncio.sleep(wait)
            call = _with(ends - clock(), call, failed)


def _with(left: float, call: ModelCall, failed: ModelError) -> ModelCall:
    """Give the call of another attempt; the failure says more than a deadline passed in a nap.

    Raises:
        ModelError: it is too late for one.
    """
    if left < LEAST:
        raise failed
    return replace(call, timeout=left)


def _part(call: ModelCall) -> str:
    return f"reference {call.position}" if call.position else "aggregator"
