"""Tells a stored turn again, as the events it once was: for recovery and for reloads.

Decides nothing; what is shown is `core.reply`'s matter, as it was the first time.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.events import (
    AnswerDelta,
    ApprovalChanged,
    ReferenceDone,
    ReferencesDone,
    Terminal,
    TurnEvent,
    TurnFailed,
    TurnFinished,
    TurnResult,
    TurnStarted,
    TurnStopped,
)
from core.outcomes import Advice, apart
from core.presets import Preset
from core.records import StoredTurn, TurnEnd
from core.veil import seen, seen_advice


def retell(turn: StoredTurn) -> Iterator[TurnEvent]:
    """Give the events of a stored turn; without a terminal one if it has not ended."""
    preset = turn.start.preset
    yield TurnStarted(
        turn_id=turn.start.turn_id,
        preset=preset.name,
        labels=() if _refused(turn) else tuple(slot.label for slot in preset.active),
        aggregator=preset.aggregator.label,
    )
    rounds = shown(turn)
    for round_, advice in rounds.items():
        references, _ = apart(advice)
        for each in references:
            yield ReferenceDone(advice=each)
        if round_ <= turn.references_done:
            yield ReferencesDone(advice=references)
    yield from _asked(turn)
    if turn.end is not None:
        last = rounds[max(rounds)] if rounds else ()
        yield from _ended(seen(_terminal(turn.end, preset, last), preset))


def _ended(ending: Terminal) -> Iterator[TurnEvent]:
    if ending.result.text:
        yield AnswerDelta(text=ending.result.text)
    yield ending


def _refused(turn: StoredTurn) -> bool:
    """Tell whether a turn ended before anybody was asked."""
    end = turn.end
    return end is not None and end.ending == "failed" and not (turn.advice or end.calls)


def shown(turn: StoredTurn) -> dict[int, tuple[Advice, ...]]:
    """Give what is known of the references as it may be shown, by round, in slot order."""
    preset = turn.start.preset
    return {
        round_: tuple(seen_advice(each, preset) for each in advice)
        for round_, advice in checkpoints(turn).items()
    }


def _asked(turn: StoredTurn) -> Iterator[TurnEvent]:
    """Tell what somebody was asked about tools, as it stands now."""
    for step in (step for tools in turn.rounds for step in tools.steps):
        if step.approval is not None:
            yield ApprovalChanged(approval=step.approval)


def checkpoints(turn: StoredTurn) -> dict[int, tuple[Advice, ...]]:
    """Give what is known of the references, by round, in slot order."""
    rounds = sorted({round_ for round_, _ in turn.advice})
    return {
        wanted: tuple(
            sorted(
                (advice for round_, advice in turn.advice if round_ == wanted),
                key=lambda advice: advice.position,
            )
        )
        for wanted in rounds
    }


def _terminal(end: TurnEnd, preset: Preset, advice: tuple[Advice, ...]) -> Terminal:
    references, guidance = apart(advice)
    result = TurnResult(
        text=end.answer,
        preset=preset.name,
        advice=references,
        guidance=guidance,
        gated=preset.gated,
        calls=end.calls,
        usage=end.usage,
        dollars=end.dollars,
        priced=end.priced,
        seconds=end.seconds,
        finish="stop",
        notes=end.notes,
    )
    match end.ending:
        case "finished":
            return TurnFinished(result=result)
        case "stopped":
            return TurnStopped(result=result)
        case "failed":
            return TurnFailed(error=end.error or "", result=result)
