"""What the core needs of the world, as protocols, and the values that pass through them.

An implementation raises only errors of `core.errors`. Nothing here is ever imported from an
adapter; whoever fulfils a protocol need not inherit from it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

from core.calls import Chunk, ModelCall
from core.events import Note, Tell
from core.frames import Frame
from core.presets import Slot
from core.records import Accepted, Conversation, StoredTurn, TurnEnd, TurnStart
from core.types import (
    Address,
    Advice,
    Incoming,
    Line,
    Message,
    Tool,
    ToolCall,
    Usage,
)


class Clock(Protocol):
    """Time, as an argument."""

    def monotonic(self) -> float:
        """Give seconds that never go back; for deadlines."""
        ...

    def now(self) -> datetime:
        """Give the wall time, with a zone; for people and days."""
        ...


# --- models ---------------------------------------------------------------------------------


class Model(Protocol):
    """Anything that answers."""

    def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield the answer in pieces; closing the generator closes the connection at once.

        Raises:
            ModelError: the call failed; nothing else ever leaves a model.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A configured provider. `missing` says why it cannot be used ("no key"), if it cannot.

    `max_parallel`: how many of its calls may be in flight at once, None for any number.
    `local`: runs on this machine and costs nothing. `small`: its models are lost in long
    instructions and get the short ones.
    """

    name: str
    model: Model
    missing: str = ""
    max_parallel: int | None = None
    local: bool = False
    small: bool = False


Providers: TypeAlias = Mapping[str, Provider]
AskNow: TypeAlias = Callable[[Tell, Note], Awaitable[tuple[Advice, ...]]]
"""Asks the references now, telling how it goes and noting each outcome once, for whoever pays."""

Pricer: TypeAlias = Callable[[Slot, Usage], Decimal | None]
"""Dollars of a call at its slot's price; None where nobody knows (MOA-28)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered; an error is data for the model."""

    text: str
    failed: bool = False


class Toolbox(Protocol):
    """The tools that the aggregator may call."""

    def tools(self) -> Sequence[Tool]:
        """List them; the same list for a whole turn."""
        ...

    async def call(self, call: ToolCall) -> ToolResult:
        """Run one; a failure is a result, not an exception."""
        ...


class AdviceCache(Protocol):
    """Advice that may be used again, and fan-outs that several turns may share (MOA-24)."""

    async def advise(
        self, key: str, ask: AskNow, tell: Tell, note: Note, *, fresh: bool
    ) -> tuple[Advice, ...]:
        """Give the advice under `key`, asking only if it is not there; `fresh` asks anyway.

        Advice that is used again makes no call, no event, no cost. What is noted goes to the one
        who has waited longest of those who still wait, up to the last call's end (MOA-29).
        """
        ...


# --- the store ------------------------------------------------------------------------------


class Inbox(Protocol):
    """Messages, stored before they are acknowledged (P1)."""

    async def accept(self, incoming: Incoming) -> Accepted | None:
        """Store a message; None if it was here before. Commits before it returns."""
        ...

    async def waiting(self) -> Sequence[Accepted]:
        """List what was accepted and belongs to no turn yet, oldest first."""
        ...

    async def drop(self, seq: int, reason: str) -> None:
        """Mark a message as done without a turn (a command, a press, a dead letter)."""
        ...


class Turns(Protocol):
    """Turns and what they cost, checkpointed (P4)."""

    async def begin(self, start: TurnStart) -> None:
        """Claim the inbox row and write the turn, in one transaction; counts the attempt."""
        ...

    async def landed(self, turn_id: str, round_: int, advice: Advice) -> None:
        """Checkpoint one reference: its outcome, its text, what it took. One statement."""
        ...

    async def references_done(self, turn_id: str, round_: int, rest: Sequence[Advice]) -> None:
        """Checkpoint the references that have not landed yet and close the round."""
        ...

    async def finish(self, end: TurnEnd) -> None:
        """Write answer, history, the aggregator's calls and the state, in one transaction."""
        ...

    async def delivered(self, turn_id: str) -> None:
        """Mark that the final has reached the chat."""
        ...

    async def attempt(self, turn_id: str) -> int:
        """Count another attempt of a turn that was cut, before it is made (P8)."""
        ...

    async def unfinished(self) -> Sequence[StoredTurn]:
        """List the turns that are not delivered, oldest first."""
        ...

    async def turn(self, turn_id: str) -> StoredTurn | None:
        """Find one turn."""
        ...


class Outbox(Protocol):
    """Messages of ours: a row before the send, the platform's id after it (P2)."""

    async def attempting(self, turn_id: str, key: str) -> None:
        """Note that a message is about to be posted. Commits before it returns."""
        ...

    async def posted(self, turn_id: str, key: str, message_id: str) -> None:
        """Note the id under which it can be edited."""
        ...

    async def unposted(self, turn_id: str, key: str, state: Literal["unknown", "failed"]) -> None:
        """Note that it was not posted, or that nobody can tell."""
        ...


class History(Protocol):
    """What was said in a session, and what its members chose."""

    async def lines(self, session: str, *, upto: int | None = None) -> Sequence[tuple[int, Line]]:
        """Give the history as (number, line), oldest first; `upto` is inclusive."""
        ...

    async def turns(self, session: str, *, last: int = 50) -> Sequence[StoredTurn]:
        """Give the last turns of a session, oldest first; removed ones are left out."""
        ...

    async def conversations(self, platform: str, *, owner: str) -> Sequence[Conversation]:
        """List the sessions of one platform in which `owner` asked, newest first."""
        ...

    async def remove(self, turn_id: str) -> None:
        """Take a turn's lines out of the history and mark the turn as removed."""
        ...


class Settings(Protocol):
    """What people chose in chat, per scope ("session:…", "user:…")."""

    async def settings(self, scope: str) -> Mapping[str, str]:
        """Give what is set in that scope."""
        ...

    async def set(self, scope: str, key: str, value: str | None, *, by: str, at: int) -> None:
        """Set a value, or unset it with None; who and when (ms) is kept."""
        ...


class Store(Inbox, Turns, Outbox, History, Settings, Protocol):
    """Everything that must survive a kill."""

    async def close(self) -> None:
        """Flush and let go of the data."""
        ...


# --- chats ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do, as data.

    `limit` counts in `unit` per message. `pace` is the least time in seconds between two
    intermediate edits in one chat. `opening` is how many characters the message that rings starts
    with, unless the whole answer is shorter. `repeatable`: posting with the same delivery id
    twice is posting once, so what may have been posted may be posted again.
    """

    limit: int
    unit: Literal["characters", "utf16"] = "characters"
    pace: float = 1.0
    opening: int = 80
    repeatable: bool = False


class Intake(Protocol):
    """Where an adapter puts what came in."""

    async def __call__(self, incoming: Incoming) -> bool:
        """Store it, then return: only then may it be acknowledged. False if it was a repeat.

        Raises:
            StoreError: it is not stored; do not acknowledge it.
        """
        ...


class ChatAdapter(Protocol):
    """One platform. Renders frames; knows nothing of policy, sessions or mixtures."""

    @property
    def platform(self) -> str:
        """The account's key in `platforms:`."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What this platform can do."""
        ...

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled."""
        ...

    async def acknowledge(self, message: Message) -> None:
        """Show that the question was seen; best effort."""
        ...

    async def post(self, address: Address, frame: Frame, *, delivery_id: str) -> str:
        """Post a message and give its id. `delivery_id` is the same in every attempt.

        Raises:
            ChatBusy: not posted, wait. ChatUnknown: perhaps posted. ChatError: not posted.
        """
        ...

    async def edit(self, address: Address, message_id: str, frame: Frame) -> None:
        """Replace a message; doing it twice is doing it once.

        Raises:
            ChatBusy: wait. MessageGone: it was deleted. ChatError: it did not work.
        """
        ...

    async def delete(self, address: Address, message_id: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""
        ...
