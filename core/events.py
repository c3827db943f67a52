"""What a turn tells its listeners, in order (MOA-31). Values only.

`TurnStarted`, then per fan-out `ReferenceStarted`, `ReferenceProgress`, `ReferenceDone` as each
lands and one `ReferencesDone`; `Aggregating`; `AnswerDelta` and tools; and exactly one of
`TurnFinished`, `TurnStopped`, `TurnFailed`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from core.outcomes import Advice, CallReport
from core.records import Approval, Askable
from core.types import Finish, Line, ToolCall, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStarted:
    """A turn began. `labels` are the references' in slot order, skipped ones included.

    There are none where the turn is refused: nobody is asked.
    """

    turn_id: str
    preset: str
    labels: tuple[str, ...]
    aggregator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceStarted:
    """A reference's request is on the wire. `round` counts fan-outs of the turn from 1."""

    position: int
    round: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceProgress:
    """A reference wrote so many words so far."""

    position: int
    words: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceDone:
    """One reference landed, whatever became of it."""

    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferencesDone:
    """The fan-out is over: every outcome, in slot order."""

    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregating:
    """The aggregator's request is on its way. `iteration` counts its calls from 1."""

    label: str
    iteration: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDelta:
    """The answer grew, or what the model thinks before it did (`reasoning`)."""

    text: str = ""
    reasoning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReset:
    """What was streamed so far is void: a fallback or a second attempt answers anew.

    But for `kept`, which was said before tools were called.
    """

    kept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStarted:
    """The aggregator called a tool."""

    call: ToolCall


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolDone:
    """The tool answered; `failed` where its answer is an error for the model."""

    call: ToolCall
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalChanged:
    """Somebody is asked about a tool call, or has decided; the newest of a number counts.

    `read` names the servers whose results the model had read by then: they may have put it up
    to the call. `askable` is who is asked.
    """

    approval: Approval
    read: tuple[str, ...] = ()
    askable: Askable = "admins"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One fan-out that the turn paid for, wholly or in part: for which iteration, every outcome.

    They stand in slot order. What another turn paid for has no call.
    """

    iteration: int
    advice: tuple[Advice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnResult:
    """What a turn came to. `calls` are the aggregator's; advice carries its own (MOA-29).

    `usage` and `dollars` are the whole turn's, late references included; `dollars` is the sum
    of the known prices and `priced` says whether that is all of them. `notes` are sentences for
    the footer: a fallback that answered, a length stop. `advice` is the newest; `rounds` are all
    fan-outs, and what they cost. Advice that was used again has no call: it cost nothing.
    `lines` are what the history keeps behind the question, where tools were called.
    `guidance` is what became of the synthesis, where there is one (MOA-39); `gated` says that
    the gate left the references out (MOA-35).
    """

    text: str
    preset: str
    advice: tuple[Advice, ...]
    calls: tuple[CallReport, ...]
    usage: Usage
    dollars: Decimal
    priced: bool
    seconds: float
    finish: Finish
    tool_calls: tuple[ToolCall, ...] = ()
    notes: tuple[str, ...] = ()
    rounds: tuple[Round, ...] = ()
    lines: tuple[Line, ...] = ()
    guidance: Advice | None = None
    gated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFinished:
    """The turn has its answer."""

    result: TurnResult


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStopped:
    """Somebody stopped the turn; `result.text` is what was shown until then.

    `withdrawn`: nothing of it is to be seen any more, for its question is asked otherwise or gone.
    """

    result: TurnResult
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnFailed:
    """The turn has no whole answer. `error` is a sentence for people; what was shown is kept.

    `over_budget`: a budget forbade to ask, or to go on. `kind` is the aggregator's failure, or an
    end that is none; None where nobody was asked.
    """

    error: str
    result: TurnResult
    over_budget: bool = False
    kind: str | None = None


Terminal: TypeAlias = TurnFinished | TurnStopped | TurnFailed
TurnEvent: TypeAlias = (
    TurnStarted
    | ReferenceStarted
    | ReferenceProgress
    | ReferenceDone
    | ReferencesDone
    | Aggregating
    | AnswerDelta
    | AnswerReset
    | ToolStarted
    | ToolDone
    | ApprovalChanged
    | Terminal
)

Tell: TypeAlias = Callable[[TurnEvent], None]
"""Takes an event and returns at once: it fills a mailbox, awaits nothing, raises nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """A reference's outcome, to be kept: it is never paid for twice (P4)."""

    round: int
    advice: Advice


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundClosed:
    """A fan-out is complete; `rest` are the outcomes that no `Landed` has told of."""

    round: int
    rest: tuple[Advice, ...]


Checkpoint: TypeAlias = Landed | RoundClosed
Note: TypeAlias = Callable[[Checkpoint], None]
"""Takes a checkpoint and returns at once; whoever takes it stores them all, in order."""
