"""Leaves alone what fails again and again, so that nobody waits for it (P11, ADR 0030).

Decides from a row of failures that a provider, or one model of it, is out of order; for how long
nobody asks it then; and when a single call may try. It never asks again itself: a call that is
not made fails at once, and a fallback answers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from math import ceil

from core.calls import Chunk, ModelCall
from core.errors import ModelBusy, ModelError, ModelStalled, ModelUnreachable
from core.ports import Model

EMPTY = Chunk()
ROW = 5
"""Failures one after another, each after its own retries, until it is left alone."""
FIRST, LONGEST = 10.0, 60.0
"""Seconds: how long at first; doubled each time that the one who tries fails."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Circuit:
    """What is known of one destination. `until` is when the next call may try it."""

    name: str
    row: int = 0
    until: float = 0.0
    wait: float = FIRST
    trying: bool = False
    last: ModelError | None = None

    @property
    def open(self) -> bool:
        """Whether it is left alone."""
        return self.row >= ROW

    def left(self, now: float) -> float:
        """Tell for how many more seconds nobody may ask; 0 if somebody may."""
        if not self.open:
            return 0.0
        return max(self.until - now, 1.0 if self.trying else 0.0)

    def failed(self, error: ModelError, now: float) -> None:
        """Count a failure; the one that completes the row opens it, and so does who tried."""
        if self.open and not self.trying:
            return  # asked before it was opened
        self.wait = min(2 * self.wait, LONGEST) if self.trying else self.wait
        opens = not self.trying and self.row + 1 >= ROW
        self.row, self.trying, self.last = self.row + 1, False, error
        asked = error.retry_after if isinstance(error, ModelBusy) else None
        wait = max(self.wait, min(asked or 0.0, LONGEST))
        self.until = now + wait
        if opens:
            log.warning("%s is left alone for %g s: it failed %d times", self.name, wait, self.row)

    def spoke(self) -> None:
        """Let the others in again: whoever tried was answered. One more failure closes it."""
        if self.open:
            self.row, self.trying = ROW - 1, False
            log.warning("%s answers again", self.name)

    def answered(self) -> None:
        """Forget the failures."""
        self.spoke()
        self.row, self.wait, self.trying, self.last = 0, FIRST, False, None


class Circuits:
    """The circuits of one provider: itself, as far as it can be reached, and each model of it.

    A model that fails says nothing of the others: behind one address there may be many vendors.
    """

    def __init__(self, provider: str) -> None:
        """Begin with everything in order."""
        self._whole = Circuit(provider)
        self._models: dict[str, Circuit] = {}

    def left_alone(self) -> Mapping[str, float]:
        """Name who is left alone, each with the seconds that are left."""
        now = _now()
        every = (self._whole, *self._models.values())
        return {each.name: each.left(now) for each in every if each.open}

    def of(self, model: str) -> tuple[Circuit, Circuit]:
        """Give what a call of `model` depends on: the provider, and the model itself."""
        name = f"{self._whole.name}:{model}"
        return self._whole, self._models.setdefault(model, Circuit(name))


class Guarded:
    """A model that is not asked while it is left alone."""

    def __init__(self, model: Model, circuits: Circuits) -> None:
        """Ask `model`; `circuits` are those of its provider."""
        self._model = model
        self._circuits = circuits

    async def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield what the model says.

        Raises:
            ModelUnreachable, ModelBusy: it was not asked; the text says for how much longer.
        """
        circuits = self._circuits.of(call.slot.model)
        tries = _admitted(circuits, _now())
        said = False
        stream = self._model.stream(call)
        try:
            async for chunk in stream:
                if not said and chunk != EMPTY:
                    said = True
                    _each_spoke(circuits)
                yield chunk
            _each_answered(circuits)
        except ModelError as error:
            _blame(*circuits, error, said=said)
            raise
        finally:
            for circuit in tries:  # whoever went away has found out nothing
                circuit.trying = False
            await stream.aclose()


def _now() -> float:
    return asyncio.get_running_loop().time()


def _admitted(circuits: tuple[Circuit, ...], now: float) -> tuple[Circuit, ...]:
    """Let a call through, or fail it at once; give those that it tries after their wait."""
    for circuit in circuits:
        left = circuit.left(now)
        if left > 0:
            raise _refusal(circuit, left)
    tries = tuple(circuit for circuit in circuits if circuit.open)
    for circuit in tries:
        circuit.trying = True
    return tries


def _refusal(circuit: Circuit, left: float) -> ModelError:
    text = (
        f"It failed {circuit.row} times in a row and is left alone for {ceil(left)} s; "
        f"the last time: {circuit.last}"
    )
    if isinstance(circuit.last, ModelUnreachable):
        return ModelUnreachable(text)
    return ModelBusy(text, retry_after=left)


def _each_spoke(circuits: tuple[Circuit, ...]) -> None:
    for circuit in circuits:
        circuit.spoke()


def _each_answered(circuits: tuple[Circuit, ...]) -> None:
    for circuit in circuits:
        circuit.answered()


def _blame(whole: Circuit, model: Circuit, error: ModelError, *, said: bool) -> None:
    """Count a failure against whoever is to blame for it."""
    if _never_connected(error):
        whole.failed(error, _now())
        return
    whole.answered()  # with a failure, but it is there
    if _out_of_order(error, said=said):
        model.failed(error, _now())
    elif not isinstance(error, ModelStalled):
        model.answered()


def _never_connected(error: ModelError) -> bool:
    if isinstance(error, ModelUnreachable):
        return not error.connected
    return isinstance(error, ModelStalled) and error.stage == "connect"


def _out_of_order(error: ModelError, *, said: bool) -> bool:
    """Tell an outage from a request that the model will not answer, and from a short timeout."""
    if isinstance(error, ModelStalled):
        return not (said and error.stage == "total")
    return isinstance(error, ModelBusy | ModelUnreachable)
