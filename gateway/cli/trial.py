"""One question to a preset without a server and without a store: `presets test`.

Decides what an operator sees of it: every model of the preset that was asked, what became of it,
what it took. All are waited for, whatever the quorum, and an `auto` preset asks everybody: whoever
tries a preset wants to see all of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING
from uuid import uuid4

from core.answering import require_available
from core.asking import World
from core.cost import bill
from core.engine import Turn, TurnRequest
from core.events import TurnFailed, TurnFinished
from core.frames import Row
from core.markup import strip
from core.panel import row_of
from core.trace import usage_json
from core.types import Line, Usage
from core.wording import dollars_text, row_text, seconds_text
from gateway import wiring
from gateway.supervise import Services
from gateway.turn.advice_cache import SharedAdvice

if TYPE_CHECKING:
    from core.events import Terminal
    from core.outcomes import Advice, CallReport
    from core.ports import Clock
    from core.presets import Preset
    from core.types import Json
    from gateway.config import Config

QUESTION = (
    "A team wants to store money amounts as floating point numbers. Is that right? "
    "Answer in two sentences."
)


# People read the words of their file (MOA-39); programs those of `usage.moa`.
_AS_WRITTEN = {"synthesizer": "aggregator", "aggregator": "acting model"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One model of the preset: which slot it has, and what became of its calls."""

    slot: str
    row: Row
    calls: tuple[CallReport, ...]

    @property
    def usage(self) -> Usage:
        """What its calls took."""
        return bill(self.calls).usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of the question. `error` says why there is no answer, if there is none."""

    preset: str
    question: str
    answer: str
    error: str
    asked: tuple[Asked, ...]
    seconds: float
    dollars: Decimal
    priced: bool


async def attempt(config: Config, name: str, question: str, clock: Clock) -> Trial:
    """Ask a preset of the configuration one question.

    Raises:
        UnknownPreset, PresetUnavailable, ConfigError: the operator has to mend something first.
    """
    preset = replace(config.catalogue.get(name), quorum="all", auto=False)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(wiring.open_http())
        models = wiring.open_models(config, session)
        require_available(preset, models.providers)
        prices = wiring.open_pricer(config, clock)
        await wiring.warm_prices(config, prices)
        world = World(providers=models.providers, pricer=prices, clock=clock, ready=prices.ready)
        async with asyncio.TaskGroup() as group:
            services = Services(group)
            for run in models.services:
                services.start(run.__qualname__, run)
            ending = await _turn(preset, question, world, SharedAdvice(group, clock))
            services.end()
    return _trial(preset, question, ending)


async def _turn(preset: Preset, question: str, world: World, cache: SharedAdvice) -> Terminal:
    request = TurnRequest(
        turn_id=uuid4().hex,
        preset=preset,
        lines=(Line.of("user", question),),
        scope="trial",
    )
    turn = Turn(request, world=world, cache=cache)
    return await turn.run(lambda _event: None, lambda _checkpoint: None)


def _trial(preset: Preset, question: str, ending: Terminal) -> Trial:
    result = ending.result
    whole = isinstance(ending, TurnFinished) and bool(result.text.strip())
    error = ending.error if isinstance(ending, TurnFailed) else "There is no answer."
    return Trial(
        preset=preset.name,
        question=question,
        answer=strip(result.text),
        error="" if whole else error,
        asked=(*_advisors(result.advice, result.guidance), *_answering(result.calls, whole=whole)),
        seconds=result.seconds,
        dollars=result.dollars,
        priced=result.priced,
    )


def _advisors(advice: Sequence[Advice], guidance: Advice | None) -> Iterator[Asked]:
    for each in advice:
        yield Asked(slot=f"reference {each.position}", row=row_of(each), calls=each.calls)
    if guidance is not None:
        yield Asked(slot="synthesizer", row=row_of(guidance), calls=guidance.calls)


def _answering(calls: Sequence[CallReport], *, whole: bool) -> Iterator[Asked]:
    """Give who was to answer: the aggregator, and those who were asked after it failed."""
    for at, call in enumerate(calls):
        answered = whole and at == len(calls) - 1
        row = Row(
            position=0,
            label=call.label,
            state="ok" if answered else "failed" if call.error else "empty",
            reason=call.error or "",
            seconds=call.seconds,
            dollars=call.dollars,
        )
        yield Asked(slot="aggregator", row=row, calls=(call,))


# --- for people and for programs --------------------------------------------------------------


def as_text(trial: Trial) -> Iterator[str]:
    """Write it for people, a line each."""
    guided = any(each.slot == "synthesizer" for each in trial.asked)
    named = _AS_WRITTEN if guided else {}
    slots = [named.get(each.slot, each.slot) for each in trial.asked]
    width = max(map(len, slots), default=0)
    for slot, each in zip(slots, trial.asked, strict=True):
        yield f"{slot:<{width}}  {strip(row_text(each.row))}{_tokens(each.usage)}"
    money = dollars_text(trial.dollars) if trial.priced or trial.dollars else "price unknown"
    money += "" if trial.priced or not trial.dollars else " + unknown prices"
    yield ""
    yield trial.answer or trial.error
    if trial.answer and trial.error:
        yield trial.error
    yield ""
    yield f"{trial.preset} · {money} · {seconds_text(trial.seconds)}"


def _tokens(usage: Usage) -> str:
    if not usage.input and not usage.output:
        return ""
    about = "~" if usage.estimated else ""
    return f" · {about}{usage.input:,} tokens in, {usage.output:,} out"


def as_json(trial: Trial) -> Json:
    """Give it for programs; dollars are text, exactly."""
    return {
        "preset": trial.preset,
        "question": trial.question,
        "answered": not trial.error,
        "answer": trial.answer,
        "error": trial.error or None,
        "slots": [_plain(each) for each in trial.asked],
        "seconds": round(trial.seconds, 3),
        "dollars": str(trial.dollars),
        "priced": trial.priced,
    }


def _plain(asked: Asked) -> Json:
    row, usage = asked.row, asked.usage
    return {
        "slot": asked.slot,
        "label": row.label,
        "role": row.role or None,
        "in_place_of": row.in_place_of or None,
        "outcome": row.state,
        "reason": row.reason or None,
        "seconds": None if row.seconds is None else round(row.seconds, 3),
        "tokens": usage_json(usage),
        "dollars": None if row.dollars is None else str(row.dollars),
    }
