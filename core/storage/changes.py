"""What becomes of messages after they came in, as a protocol (ADR 0038)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from core.records import Accepted, Kept, Posted
from core.types import Line

NOTE = "line/"
"""What the key of a note about a place in line begins with in the outbox; the number follows."""
SAID = "said/"
"""And that of a refusal."""
LETTER = "letter/"
"""And that of the note about a dead letter."""


class Changes(Protocol):
    """Messages that join a turn, are changed or deleted, and turns that are taken back."""

    async def kept(self, platform: str, event_id: str) -> Kept | None:
        """Find what came in under that event; None if nothing did, or nothing of it is kept."""
        ...

    async def parts(self, turn_id: str) -> Sequence[Kept]:
        """List the messages that a turn took in, in order, those that were steered included."""
        ...

    async def asking_again(self, turn_id: str) -> Sequence[str]:
        """List a turn and those that asked the same again, oldest first."""
        ...

    async def withdraw(
        self, turn_id: str, *, changed: Accepted | None = None, by: int | None = None
    ) -> Sequence[int]:
        """Take back a turn that runs: what it took in waits again, in one transaction.

        What was carried along from a turn that it asks again goes back to that.

        `changed` is one of its messages as it stands now. The turn itself is removed, and enters
        no history however it ends; the attempt that it was counts no more. `by`, here and below,
        is the number of the change that asks for it: nothing is written if that waits no more.

        Returns:
            The numbers of what waits again; none if the turn ran no more: nothing was done then.
        """
        ...

    async def disown(self, turn_id: str) -> bool:
        """Remove a turn whose answer is still to be shown to its end: it answers nothing now.

        Returns:
            False if it is shown, or has not ended: nothing was done then.
        """
        ...

    async def revise(
        self,
        changed: Accepted,
        questions: Mapping[str, Line],
        line: Line,
        *,
        by: int | None = None,
    ) -> None:
        """Replace a message, the questions of those turns and their lines, in one transaction.

        `line` is the message's own, where it was put into a turn that ran already. What was taken
        out meanwhile stays out.
        """
        ...

    async def unsay(
        self, seq: int, questions: Mapping[str, Line], *, by: int | None = None
    ) -> None:
        """Take a message out for good, and out of the questions of those turns.

        What was posted about it goes with it, but for its place in line: that still stands there.
        """
        ...

    async def steer(
        self, turn_id: str, iteration: int, said: Sequence[tuple[int, Line]]
    ) -> Sequence[int]:
        """Put messages into a turn before that answer; they are its own from then on.

        Returns:
            The numbers of those that were: not what waits no more, and none if the turn was taken
            back.
        """
        ...

    async def unsteer(self, turn_id: str, seqs: Collection[int]) -> None:
        """Let messages wait again that were put into a turn and that it has not heard of."""
        ...

    async def line_notes(self) -> Sequence[Posted]:
        """List the notes about places in line that may stand in chats."""
        ...

    async def unpost(self, turn_id: str) -> None:
        """Forget what was posted under that name: it stands there no more."""
        ...
