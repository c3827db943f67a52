"""How the aggregator's answer is got: fallbacks, the second try of an empty one, what to say.

Decides who answers when the first choice fails before its first word (MOA-22). What has been
shown is never thrown away, and nobody else ever answers silently.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Final, Protocol

from core.advice import attached_for
from core.asking import Ask, World
from core.calls import ModelCall
from core.errors import ModelError, PresetUnavailable
from core.events import Aggregating, AnswerDelta, AnswerReset, Tell
from core.ports import Provider, Providers
from core.presets import Preset, Slot, first_given
from core.promptcache import breakpoints
from core.texts import presets as said
from core.texts import turns as told
from core.types import Json, Line, Tool

EMPTY_TRIES = 2
EMPTY_BY_FINISH = {
    "length": "used up its tokens and wrote no answer",
    "content_filter": "gave no answer: the provider's filter stopped it",
}
"""Ends of an empty answer that a second try would only meet again."""

NOTES_BY_FINISH = {
    "length": "the answer was cut at its token limit",
    "content_filter": "the provider's filter cut the answer",
    "refusal": "the model refused to answer",
}


_NO_TOOLS: Final = re.compile(
    r"(?:tool|function).{0,60}(?:not supported|unsupported|requires --)"
    r"|(?:not support|that support|unsupported).{0,40}(?:tool|function)",
    re.IGNORECASE | re.DOTALL,
)
"""How Ollama, OpenRouter, vLLM, llama.cpp and others say that a model cannot be given tools."""


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

    @property
    def pace(self) -> float:
        """How often the answer is looked at, in seconds."""
        ...


def require_available(preset: Preset, providers: Providers) -> None:
    """Refuse a preset whose aggregator cannot be called.

    Raises:
        PresetUnavailable: with the reason, fit to be shown.
    """
    aggregator = preset.aggregator
    missing = [_missing(slot.provider, providers) for slot in (aggregator, *aggregator.fallbacks)]
    if all(missing):
        raise PresetUnavailable(said.cannot_answer(preset, missing[0]))


def opening_call(
    preset: Preset, lines: tuple[Line, ...], wishes: Wishes, providers: Providers
) -> tuple[ModelCall, Provider]:
    """Give about the first request for an answer, before any advice; for what it may cost."""
    aggregator = preset.aggregator
    usable = (
        (slot, provider)
        for slot in (aggregator, *aggregator.fallbacks)
        if (provider := providers.get(slot.provider)) is not None and not provider.missing
    )
    slot, provider = next(usable)
    most = first_given(slot.max_tokens, wishes.max_tokens)
    return ModelCall(slot=slot, lines=lines, max_tokens=most), provider


def expected(preset: Preset) -> list[tuple[str, int | None]]:
    """Give who may advise, each with its cap in tokens."""
    cap = preset.reference_max_tokens
    return [(slot.label, first_given(slot.max_tokens, cap)) for slot in preset.active]


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
            OverBudget: a budget forbids to ask.
        """
        failures: list[str] = []
        for slot in (preset.aggregator, *preset.aggregator.fallbacks):
            provider = self._world.providers.get(slot.provider)
            if provider is None or provider.missing:
                continue
            call = ModelCall(
                slot=slot,
                lines=attached_for(slot, lines),
                tools=tools,
                temperature=first_given(
                    slot.temperature, preset.aggregator_temperature, wishes.temperature
                ),
                max_tokens=first_given(slot.max_tokens, wishes.max_tokens),
                extra=_left_open(wishes.extra, slot),
                timeout=slot.timeout,
                pace=wishes.pace,
                breakpoints=breakpoints(lines),
            )
            ask = await self._try(call, provider, tell, iteration=iteration, failures=failures)
            if ask is not None:
                self._explain(ask, preset.aggregator)
                return ask
        message = " ".join(dict.fromkeys(failures)) or told.NOBODY_ASKED
        raise Unanswered(message)

    async def _try(
        self,
        call: ModelCall,
        provider: Provider,
        tell: Tell,
        *,
        iteration: int,
        failures: list[str],
    ) -> Ask | None:
        """Ask one slot, once more if it says nothing; None once it has failed."""
        for _ in range(EMPTY_TRIES):
            ask = Ask(
                slot=call.slot,
                lines=call.lines,
                provider=provider,
                world=self._world,
                origin=self._began,
                hold=self._world.reserve(call, provider),
                iteration=iteration,
            )
            if failures:
                tell(AnswerReset())
            self._asks.append(ask)
            tell(Aggregating(label=call.slot.label, iteration=iteration))
            try:
                failure = await self._ask(ask, call, tell)
            finally:
                ask.settle()
            if failure is None:
                return ask
            failures.append(failure)
            if ask.error == "refused" and _wants_no_tools(call, failure):
                self.notes.append(f"{call.slot.label} takes no tools and answered without them")
                call = replace(call, tools=())
            elif ask.error is not None:
                break
        return None

    async def _ask(self, ask: Ask, call: ModelCall, tell: Tell) -> str | None:
        """Stream one call; give None for an answer, else a sentence about the failure."""
        ask.error = "cancelled"
        try:
            await self._stream(ask, call, tell)
        except ModelError as error:
            ask.error = error.kind
            if ask.answer.strip():
                raise Unanswered(told.broke_off(ask.slot.label, str(error))) from error
            return told.did_not_answer(ask.slot.label, str(error))
        finally:
            ask.ended = self._world.clock.monotonic()
        ask.error = None
        if not call.tools:
            ask.tool_calls = ()  # nobody offered any: neither we nor a program could run them
        if ask.answer.strip() or ask.tool_calls:
            return None
        ask.error = ask.finish if ask.finish in EMPTY_BY_FINISH else None
        return f"{ask.slot.label} {_emptiness(ask)}."

    async def _stream(self, ask: Ask, call: ModelCall, tell: Tell) -> None:
        async with aclosing(ask.provider.model.stream(call)) as stream:
            async for chunk in stream:
                ask.take(chunk)
                if chunk.text or chunk.reasoning:
                    tell(AnswerDelta(text=chunk.text, reasoning=chunk.reasoning))

    def _explain(self, ask: Ask, wanted: Slot) -> None:
        if ask.slot.label != wanted.label:
            self.notes.append(f"{ask.slot.label} answered in place of {wanted.label}")
        if ask.finish in NOTES_BY_FINISH:
            self.notes.append(NOTES_BY_FINISH[ask.finish])


def _emptiness(ask: Ask) -> str:
    """Say how an answer came to be empty; of thinking, only where there was any (MOA-27)."""
    if ask.finish == "length" and (ask.thoughts or (ask.usage and ask.usage.reasoning)):
        return "used up its tokens for thinking and wrote no answer"
    return EMPTY_BY_FINISH.get(ask.finish or "", "gave an empty answer")


def _left_open(wishes: Mapping[str, Json], slot: Slot) -> Mapping[str, Json]:
    """Give a program's own fields: the effort that a slot names is the slot's (MOA-4)."""
    if slot.reasoning_effort is None:
        return wishes
    return {name: value for name, value in wishes.items() if name != "reasoning_effort"}


def _wants_no_tools(call: ModelCall, failure: str) -> bool:
    """Tell whether tools of ours were why a request was refused; a program is told of its own."""
    ours = bool(call.tools) and all(tool.server for tool in call.tools)
    return ours and _NO_TOOLS.search(failure) is not None


def _missing(provider: str, providers: Providers) -> str:
    known = providers.get(provider)
    return "unknown provider" if known is None else known.missing
