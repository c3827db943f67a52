"""Where a preset's `privacy_filter` takes hold: of what is shown, and of what is kept (ADR 0031).

Decides which texts of a turn are redacted for whom. What models are sent in the turn itself is
never touched, and neither are the calls of tools: they have to be made as they were written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.events import (
    AnswerDelta,
    AnswerReset,
    ReferenceDone,
    ReferenceProgress,
    ReferencesDone,
    ReferenceStarted,
    Tell,
    Terminal,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnResult,
    TurnStopped,
)
from core.outcomes import Advice, CallReport
from core.presets import Preset
from core.privacy import Redacting, redact
from core.records import ToolRound
from core.types import Json, Line

_SAID = frozenset({"answer", "arguments", "content", "error", "notes", "output", "text"})
"""Where a trace holds what somebody said; the rest is ours."""


# --- what is shown: display and full --------------------------------------------------------


def veiled(tell: Tell, preset: Preset) -> Tell:
    """Give a `tell` that is told what may be shown."""
    return tell if preset.privacy_filter is None else _Veil(tell).tell


def seen(ending: Terminal, preset: Preset) -> Terminal:
    """Give an ending as it may be shown."""
    return ending if preset.privacy_filter is None else _ending(ending)


def seen_advice(advice: Advice, preset: Preset) -> Advice:
    """Give what became of a reference as it may be shown."""
    return advice if preset.privacy_filter is None else _advice(advice)


class _Veil:
    """Redacts what is told, and holds back what of an answer might still become something."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._text, self._thought = Redacting(), Redacting()

    def tell(self, event: TurnEvent) -> None:
        match event:
            case AnswerDelta():
                self._say(self._text.feed(event.text), self._thought.feed(event.reasoning))
            case AnswerReset():
                self._text, self._thought = Redacting(), Redacting()
                self._tell(replace(event, kept=redact(event.kept)))
            case ReferenceStarted() | ReferenceProgress():
                self._tell(event)
            case ReferenceDone():
                self._tell(replace(event, advice=_advice(event.advice)))
            case ReferencesDone():
                self._tell(replace(event, advice=tuple(map(_advice, event.advice))))
            case TurnFinished() | TurnStopped() | TurnFailed():
                self._say(self._text.end(), self._thought.end())
                self._tell(_ending(event))
            case _:
                self._say(self._text.end(), self._thought.end())
                self._tell(event)

    def _say(self, text: str, thought: str) -> None:
        if text or thought:
            self._tell(AnswerDelta(text=text, reasoning=thought))


def _ending(ending: Terminal) -> Terminal:
    result = _result(ending.result)
    if isinstance(ending, TurnFailed):
        return replace(ending, result=result, error=redact(ending.error))
    return replace(ending, result=result)


def _result(result: TurnResult) -> TurnResult:
    return replace(
        result,
        text=redact(result.text),
        advice=tuple(map(_advice, result.advice)),
        guidance=None if result.guidance is None else _advice(result.guidance),
    )


def _advice(advice: Advice) -> Advice:
    call = None if advice.call is None else _call(advice.call)
    tried = tuple(map(_call, advice.tried))
    return replace(advice, text=redact(advice.text), call=call, tried=tried)


def _call(call: CallReport) -> CallReport:
    return replace(call, text=redact(call.text))


# --- what is kept: full alone ---------------------------------------------------------------


def kept_advice(advice: Sequence[Advice], preset: Preset) -> tuple[Advice, ...]:
    """Give what became of references as the store may keep it."""
    full = preset.privacy_filter == "full"
    return tuple(map(_advice, advice)) if full else tuple(advice)


def kept(ending: Terminal, preset: Preset) -> Terminal:
    """Give an ending as the store may keep it: without what models wrote of others."""
    if preset.privacy_filter != "full":
        return ending
    shown = _ending(ending)
    result = replace(
        shown.result,
        calls=tuple(map(_call, shown.result.calls)),
        lines=tuple(map(_written, shown.result.lines)),
    )
    return replace(shown, result=result)


def kept_round(
    round_: ToolRound, calls: Sequence[CallReport], preset: Preset
) -> tuple[ToolRound, Sequence[CallReport]]:
    """Give a round of tools, and the calls up to it, as the store may keep them."""
    if preset.privacy_filter != "full":
        return round_, calls
    return replace(round_, line=_written(round_.line)), tuple(map(_call, calls))


def _written(line: Line) -> Line:
    """Redact what the aggregator wrote; a tool's result is what it goes on from.

    What is sealed would come back to its provider changed, so it is not kept at all.
    """
    if line.role != "assistant":
        return line
    parts = tuple(redact(each) if isinstance(each, str) else each for each in line.parts)
    return replace(line, parts=parts, sealed=())


def kept_record(record: Mapping[str, Json], preset: Preset) -> Mapping[str, Json]:
    """Give a trace as it may be written: without what was sent, said or found of others."""
    if preset.privacy_filter != "full":
        return record
    return {name: _cleaned(value, said=name in _SAID) for name, value in record.items()}


def _cleaned(value: Json, *, said: bool) -> Json:
    if isinstance(value, str):
        return redact(value) if said else value
    if isinstance(value, Mapping):
        return {name: _cleaned(each, said=name in _SAID) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [_cleaned(each, said=said) for each in value]
    return value
