"""How the aggregator's answer is got: fallbacks, the second try of an empty one, what to say.

Decides who answers when the first choice fails before its first word (MOA-22). What has been
shown is never thrown away, and nobody else ever answers silently.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import aclosing
from typing import Protocol

from core.asking import Ask, World
from core.calls import ModelCall
from core.errors import ModelError
from core.events import Aggregating, AnswerDelta, Tell
from core.presets import Preset, Slot, first_given
from core.types import Json, Line, Tool

EMPTY_TRIES = 2
NOTES_BY_FINISH = {
    "length": "the answer was cut at its token limit",
    "content_filter": "the provider's filter cut the answer",
}


class Unanswered(Exception):
    """Nobody answered, or the answer broke off; the text says so to the person."""


class Wishes(Protocol):
    """What the caller wants of the aggregator (MOA-4); None is no wish."""

    @property
    def temperature(self) -> float | None:
        """The caller's temperature, under the slot's and the preset's."""
        ...

    @property
    def max_tokens(self) -> int | None:
        """The caller's cap, under the slot's."""
        ...

    @property
    def extra(self) -> Mapping[str, Json]:
        """Fields that are passed on as they are."""
        ...


class Answering:
    """One answer of the aggregator. Every call that is made is put into `asks`."""

    def __init__(self, world: World, *, began: float, asks: list[Ask]) -> None:
        """Begin at the turn's own zero of time."""
        self._world = world
        self._began = began
        self._asks = asks
        self.notes: list[str] = []

    async def answer(
        self,
        preset: Preset,
        lines: tuple[Line, ...],
        *,
        tell: Tell,
        iteration: int,
        tools: tuple[Tool, ...],
        wishes: Wishes,
    ) -> Ask:
        """Get an answer with words or tool calls in it.

        Raises:
            Unanswered: nobody gave one, or it broke off midway.
        """
        failures: list[str] = []
        for slot in self._candidates(preset):
            ask = Ask(
                slot=slot,
                lines=lines,
                provider=self._world.providers[slot.provider],
                world=self._world,
                origin=self._began,
            )
            self._asks.append(ask)
            tell(Aggregating(label=slot.label, iteration=iteration))
            call = ModelCall(
                slot=slot,
                lines=lines,
                tools=tools,
                temperature=first_given(
                    slot.temperature, preset.aggregator_temperature, wishes.temperature
                ),
                max_tokens=first_given(slot.max_tokens, wishes.max_tokens),
                extra=wishes.extra,
                timeout=slot.timeout,
            )
            failure = await self._ask(ask, call, tell)
            if failure is None:
                self._explain(ask, preset.aggregator)
                return ask
            failures.append(failure)
        message = " ".join(dict.fromkeys(failures)) or "No model could be asked."
        raise Unanswered(message)

    def _candidates(self, preset: Preset) -> Iterator[Slot]:
        """Give who may answer, in order: the aggregator, once more if empty, its fallbacks."""
        for slot in (preset.aggregator, *preset.aggregator.fallbacks):
            provider = self._world.providers.get(slot.provider)
            if provider is None or provider.missing:
                continue
            for _ in range(EMPTY_TRIES):
                yield slot
                if self._asks[-1].error is not None:
                    break

    async def _ask(self, ask: Ask, call: ModelCall, tell: Tell) -> str | None:
        """Stream one call; give None for an answer, else a sentence about the failure."""
        try:
            async with aclosing(ask.provider.model.stream(call)) as stream:
                async for chunk in stream:
                    ask.take(chunk)
                    if chunk.text or chunk.reasoning:
                        tell(AnswerDelta(text=chunk.text, reasoning=chunk.reasoning))
        except ModelError as error:
            ask.error = error.kind
            if ask.answer.strip():
                message = f"{ask.slot.label} broke off in mid-answer: {error}"
                raise Unanswered(message) from error
            return f"{ask.slot.label} did not answer: {error}"
        finally:
            ask.ended = self._world.clock.monotonic()
        if ask.answer.strip() or ask.tool_calls:
            return None
        if ask.finish == "length":
            ask.error = "length"
            return f"{ask.slot.label} used up its tokens for thinking and wrote no answer."
        return f"{ask.slot.label} gave an empty answer."

    def _explain(self, ask: Ask, wanted: Slot) -> None:
        if ask.slot.label != wanted.label:
            self.notes.append(f"{ask.slot.label} answered in place of {wanted.label}")
        if ask.finish in NOTES_BY_FINISH:
            self.notes.append(NOTES_BY_FINISH[ask.finish])
