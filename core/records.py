"""What the store keeps of messages and turns. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from core.outcomes import Advice, CallReport
from core.presets import Preset
from core.types import Address, Incoming, Line, ToolCall, Usage

TurnState: TypeAlias = Literal["running", "answered", "delivered"]
Ending: TypeAlias = Literal["finished", "stopped", "failed"]
Vote: TypeAlias = Literal["up", "down"]
SUMMARY: Final = "summary"
"""The origin of a turn that nobody sees: a history was condensed, and this is what it took."""
StepState: TypeAlias = Literal["open", "running", "done"]
Askable: TypeAlias = Literal["nobody", "asker", "admins"]
"""Who can be asked where a turn runs: in a private chat its asker, else the place's admins."""
Decision: TypeAlias = Literal["waiting", "approved", "refused", "expired", "used"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A message that was stored before it was acknowledged. `seq` orders everything.

    `session` is the one that it belongs to, whatever the file says by now. `attempts` are those
    of earlier runs of the program. `wanted`: it was put aside, and somebody wants it done.
    """

    seq: int
    incoming: Incoming
    session: str
    attempts: int = 0
    wanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Something of the inbox, and what has become of it. `turn_id` is "" while it has no turn.

    `steered`: it was put into its turn while that ran, or into one that this turn asks again.
    """

    accepted: Accepted
    turn_id: str = ""
    waiting: bool = False
    steered: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Steered:
    """A line that was put into a turn before the aggregator's answer `iteration`."""

    iteration: int
    line: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUse:
    """A file that came with the message `seq`, from `person`, at `at` (ms).

    `text` is what was read out of it, None for a picture.
    """

    seq: int
    digest: str
    person: str
    at: int
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnStart:
    """What is frozen when a turn begins: question, history and preset (MOA recovery).

    `preset` is the snapshot. `question` is the line as it will stand in the history. `history`
    is the number of the last history line before it: the turn sees the lines up to there.
    `started` is wall time in ms. `seq` is the inbox row's, None for a turn from /v1 and for one
    that was taken back; `joined` are those of more messages that are one question with it.
    `origin` is the turn that asked the same first, where this one asks it again, or `SUMMARY`.
    `session` names the history that it goes on with, `place` is where it was asked and is answered.
    """

    turn_id: str
    session: str
    place: Address
    seq: int | None
    preset: Preset
    question: Line
    asker: str
    history: int
    started: int
    joined: tuple[int, ...] = ()
    origin: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd:
    """How a turn ended. `calls` are the aggregator's; dollars and usage are the whole turn's.

    `lines` are what the history keeps behind the question, where that is more than the answer:
    calls of tools, their results, and the last words (MOA-21).
    """

    turn_id: str
    ending: Ending
    answer: str
    error: str | None
    calls: tuple[CallReport, ...]
    usage: Usage
    dollars: Decimal
    priced: bool
    seconds: float
    notes: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """What somebody was asked to allow, and what they said. One tool call, one use.

    `number` counts the turn's approvals from 0. `arguments` are the canonical ones that were
    shown, `digest` binds the answer to them, to the tool and to the asker. It counts for nothing
    from `expires` (wall time in ms) on. `by` is the name of whoever decided, for people.
    """

    number: int
    server: str
    tool: str
    arguments: str
    digest: str
    expires: int
    decision: Decision = "waiting"
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolStep:
    """One tool call of a turn, and how far it has come (P4).

    `iteration` says which answer of the aggregator called, `position` counts its calls from 0.
    `open`: nothing of it was run. `running`: it was about to be run, and after a crash nobody
    knows what came of it. `done`: `text` is its result.
    """

    iteration: int
    position: int
    call: ToolCall
    state: StepState = "open"
    text: str = ""
    failed: bool = False
    approval: Approval | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRound:
    """An answer of the aggregator that called tools: `line`, as the history keeps it."""

    iteration: int
    line: Line
    steps: tuple[ToolStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """One message of a turn in the outbox, with the platform's id. A "piece" is attempted, too."""

    turn_id: str
    key: str
    message_id: str | None
    state: Literal["attempting", "piece", "delivered", "unknown", "failed"]
    shown: str = ""  # a digest of what it says, if that is said for good


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTurn:
    """A turn as the store knows it: for recovery, for reloads, for the panel's full texts.

    `advice` holds the checkpointed references by (round, advice); `references_done` is the last
    round whose fan-out is complete, 0 for none. `end` is None while it runs. `rounds` are its
    calls of tools; `calls` are those of the aggregator that are known, ended or not. `steered` are
    lines that came while it ran.
    """

    start: TurnStart
    state: TurnState
    attempts: int
    advice: tuple[tuple[int, Advice], ...]
    references_done: int
    end: TurnEnd | None
    outbox: tuple[Posted, ...]
    removed: bool = False
    rounds: tuple[ToolRound, ...] = ()
    calls: tuple[CallReport, ...] = ()
    steered: tuple[Steered, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """A session in a list: its first question as the title, times in ms."""

    session: str
    title: str
    updated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What turns took together. `priced` is False where the price of a part is unknown."""

    dollars: Decimal
    turns: int
    priced: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What was spent, as a whole and with each preset."""

    whole: Spent
    presets: Mapping[str, Spent]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What somebody uses on a platform, and what it took this month."""

    preset: str
    presets: tuple[str, ...]
    dollars: Decimal
    turns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Voted:
    """What people thought of one answer: how many liked it, and how many did not.

    `references` are the labels of those whose advice it was given, `dollars` is what it cost as
    far as that is known; `priced` says whether that is all of it.
    """

    preset: str
    references: tuple[str, ...]
    up: int
    down: int
    dollars: Decimal
    priced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Whose:
    """Whose spending is meant; what is "" is anybody's.

    `channel` is the key of a channel as a place: its threads are part of it.
    """

    platform: str = ""
    asker: str = ""
    channel: str = ""
    preset: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the turns of one person in one place with one preset took.

    `whose` names all of them, its channel is the place. What is known of turns that have not
    ended is in the dollars, and not in the number of turns. `unpriced` are the tokens, in and out,
    of the calls whose price nobody knows.
    """

    whose: Whose
    spent: Spent
    unpriced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCost:
    """What the calls of one model took, whoever asked."""

    label: str
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    dollars: Decimal = Decimal(0)
    priced: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What somebody chose in chat. `name` is what they were called that day; `at` is in ms."""

    scope: str
    value: str
    by: str
    name: str
    at: int
