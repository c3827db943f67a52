"""What must survive a kill, as protocols. What is kept are the values of `core.records`.

An implementation raises only errors of `core.errors`. Which database it is, nothing here tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Protocol

from core.outcomes import Advice, CallReport
from core.records import (
    Accepted,
    Approval,
    Conversation,
    Cost,
    Decision,
    ModelCost,
    StoredTurn,
    ToolRound,
    ToolStep,
    TurnEnd,
    TurnStart,
    Vote,
    Voted,
    Whose,
)
from core.types import Address, Incoming, Line

MOVED: Final = "moved"
"""The scope under which it is kept where chats have gone."""


class Inbox(Protocol):
    """Messages, stored before they are acknowledged (P1)."""

    async def accept(self, incoming: Incoming) -> Accepted | None:
        """Store a message; None if it was here before. Commits before it returns."""
        ...

    async def waiting(self) -> Sequence[Accepted]:
        """List what was accepted and belongs to no turn yet, oldest first."""
        ...

    async def accepted(self, seq: int) -> Accepted | None:
        """Find what was accepted under that number."""
        ...

    async def has_message(self, session: str, message_id: str) -> bool:
        """Tell whether this message of this session was accepted."""
        ...

    async def bookmarks(self, platform: str, *, most: int = 50) -> Mapping[Address, str]:
        """Give the last message that was accepted in each place, of the newest places."""
        ...

    async def drop(self, seq: int, reason: str) -> None:
        """Mark a message as done without a turn (a command, a press, a dead letter)."""
        ...


class ToolCalls(Protocol):
    """Calls of tools: what is to be run before it is, what came of it after (P4)."""

    async def called(self, turn_id: str, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        """Keep an answer that calls tools, and all calls of the aggregator up to it."""
        ...

    async def intend(self, turn_id: str, step: ToolStep) -> bool:
        """Note that a call is about to be run. Commits before it returns.

        Where the step has an approval, that is used up with it, in one transaction.

        Returns:
            False if it must not be run: it was before, or there is no such yes.
        """
        ...

    async def returned(self, turn_id: str, step: ToolStep) -> None:
        """Keep the result of a call, run or not."""
        ...

    async def ask(self, turn_id: str, step: ToolStep, approval: Approval) -> None:
        """Note that somebody is asked about a call."""
        ...

    async def decide(
        self, turn_id: str, number: int, decision: Decision, *, by: str, at: int
    ) -> bool:
        """Decide an approval of a turn that runs, at `at` (ms); the first decision stands.

        Returns:
            Whether it did: False too where it has expired, unless that is the decision.
        """
        ...


class Turns(ToolCalls, Protocol):
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

    async def newest_below(self, session: str, *, asker: str) -> StoredTurn | None:
        """Find the newest turn in the threads of a channel: of `asker`, else of anybody."""
        ...

    async def conversations(self, platform: str, *, owner: str) -> Sequence[Conversation]:
        """List the sessions of one platform in which `owner` asked, newest first."""
        ...

    async def remove(self, turn_id: str) -> None:
        """Take a turn's lines out of the history and mark the turn as removed."""
        ...


class Costs(Protocol):
    """What was spent (MOA-29). A turn counts for the moment in which it began."""

    async def costs(self, whose: Whose, *, since: int, until: int) -> Sequence[Cost]:
        """Sum up the turns that began at `since` (ms) or later and before `until`."""
        ...

    async def costs_of_models(self, *, since: int, until: int) -> Sequence[ModelCost]:
        """Sum up the calls of those turns, by model."""
        ...


class Votes(Protocol):
    """What people thought of answers (MOA-38)."""

    async def vote(self, turn_id: str, person: str, vote: Vote, *, at: int) -> None:
        """Keep somebody's vote on an answer, at `at` (ms).

        Each person has one for each answer, and the last one counts.
        """
        ...

    async def voted(self) -> Sequence[Voted]:
        """Give every answer that anybody has voted on, oldest first."""
        ...


class Settings(Protocol):
    """What people chose in chat, per scope ("session:…", "user:…")."""

    async def settings(self, scope: str) -> Mapping[str, str]:
        """Give what is set in that scope."""
        ...

    async def chosen(
        self, key: str, scope: str, other: str = "", third: str = ""
    ) -> Mapping[str, str]:
        """Give the values of one setting in up to three scopes, by scope, in one look."""
        ...

    async def set(self, scope: str, key: str, value: str | None, *, by: str, at: int) -> None:
        """Set a value, or unset it with None; who and when (ms) is kept."""
        ...


class Store(Inbox, Turns, Outbox, History, Costs, Votes, Settings, Protocol):
    """Everything that must survive a kill."""

    async def move(self, old: Address, new: Address) -> None:
        """Let a chat and every thread in it go on under another address, in one transaction.

        Both are of one platform and have no thread. What somebody has set there already stays
        as it is. `settings(MOVED)` tells it from then on: the new session by the old one.
        """
        ...

    async def close(self) -> None:
        """Flush and let go of the data."""
        ...
