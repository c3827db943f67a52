"""What becomes of messages after they came in: `core.storage.changes.Changes`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from adapters.store import codec
from adapters.store.database import Row, Statement
from adapters.store.fence import FencedRows
from adapters.store.queries import statement, statement_of_rows
from core.erasure import bared
from core.records import Accepted, Kept, Posted, Steered
from core.storage.changes import LETTER, SAID
from core.types import Line


class ChangeRows(FencedRows):
    """A part of `SqlStore`."""

    async def kept(self, platform: str, event_id: str) -> Kept | None:
        rows = await self._database.fetch(statement("kept", platform, event_id))
        with codec.reading("a message"):
            return _kept(rows[0]) if rows else None

    async def parts(self, turn_id: str) -> Sequence[Kept]:
        rows = await self._database.fetch(statement("parts", turn_id))
        with codec.reading("a message"):
            return [_kept(row) for row in rows]

    async def asking_again(self, turn_id: str) -> Sequence[str]:
        rows = await self._database.fetch(statement("asking_again", turn_id))
        return [row["turn_id"] for row in rows]

    async def withdraw(
        self, turn_id: str, *, changed: Accepted | None = None, by: int | None = None
    ) -> Sequence[int]:
        rows = await self._database.write(
            *_undone(by),
            statement("withdraw", turn_id, gate=True),
            statement("carry_back", turn_id),
            statement("unsteer", turn_id),
            *([_replaced(changed)] if changed else []),
            statement("wait_again", turn_id),
        )
        return sorted(row["seq"] for row in rows)

    async def disown(self, turn_id: str) -> bool:
        lines = statement("disown_lines", turn_id)
        return bool(await self._database.write(lines, statement("disown", turn_id)))

    async def revise(
        self,
        changed: Accepted,
        questions: Mapping[str, Line],
        line: Line,
        *,
        by: int | None = None,
    ) -> None:
        await self._database.write(
            *_undone(by),
            replace(_replaced(changed), gate=True),
            *_void(changed.seq, questions),
            *_questions(questions),
            statement("steered_otherwise", changed.seq, codec.pack(line)),
            statement("steer_otherwise", changed.seq, codec.pack(line)),
        )

    async def unsay(
        self, seq: int, questions: Mapping[str, Line], *, by: int | None = None
    ) -> None:
        rows = await self._database.fetch(statement("accepted", seq))
        with codec.reading("a message"):
            said = [codec.accepted(row) for row in rows]
        await self._database.write(
            *_undone(by),
            *_void(seq, questions),
            *(statement("erase_message", seq, codec.pack(bared(each.incoming))) for each in said),
            *_questions(questions),
            statement("steered_no_more", seq),
            statement("unsteer_one", seq),
            statement_of_rows("erase_outbox", [(f"{SAID}{seq}",), (f"{LETTER}{seq}",)]),
        )

    async def steer(
        self, turn_id: str, iteration: int, said: Sequence[tuple[int, Line]]
    ) -> Sequence[int]:
        at, epoch = (turn_id, iteration), self._epoch
        rows = await self._fenced(
            turn_id,
            *(statement("steer", seq, *at, codec.pack(each), epoch) for seq, each in said),
            *(statement("claim_steered", seq, turn_id) for seq, _ in said),
            statement("steered_before", *at, epoch),
        )
        there = {row["seq"] for row in rows}
        return [seq for seq, _ in said if seq in there]

    async def unsteer(self, turn_id: str, seqs: Collection[int]) -> None:
        await self._database.write(
            *(statement("wait_unheard", seq, turn_id) for seq in seqs),
            *(statement("unsteer_unheard", seq, turn_id) for seq in seqs),
        )

    async def steered_in(self, turns: Sequence[str]) -> Mapping[str, tuple[Steered, ...]]:
        """Give what was put into these turns while they ran."""
        ids = [(each,) for each in turns]
        found: dict[str, tuple[Steered, ...]] = {}
        for row in await self._database.fetch(statement_of_rows("steered_of", ids)):
            each = Steered(iteration=row["iteration"], line=codec.unpack(row["line"], Line))
            found[row["turn_id"]] = (*found.get(row["turn_id"], ()), each)
        return found

    async def line_notes(self) -> Sequence[Posted]:
        rows = await self._database.fetch(statement("line_notes"))
        return [codec.posted(row) for row in rows]

    async def unpost(self, turn_id: str) -> None:
        await self._database.write(statement("unpost", turn_id))


def _undone(by: int | None) -> list[Statement]:
    """Let nothing be done for a change that another run of the program has done."""
    return [] if by is None else [statement("undone", by, gate=True)]


def _replaced(changed: Accepted) -> Statement:
    """Write a message as it is now; one that was taken out stays out."""
    return statement("said_otherwise", changed.seq, codec.pack(changed.incoming))


def _void(seq: int, questions: Mapping[str, Line]) -> list[Statement]:
    """Take away the summaries that were made of what is changed: they may hold its words."""
    turns = [(turn_id,) for turn_id in questions]
    asked = [statement_of_rows("void_summaries", turns)] if turns else []
    return [*asked, statement("void_summaries_of_steered", seq)]


def _questions(questions: Mapping[str, Line]) -> list[Statement]:
    return [
        each
        for turn_id, line in questions.items()
        for each in (
            statement("ask_otherwise", turn_id, codec.pack(line)),
            statement("question_otherwise", turn_id, codec.pack(line)),
        )
    ]


def _kept(row: Row) -> Kept:
    return Kept(
        accepted=codec.accepted(row),
        turn_id=row["turn_id"] or "",
        waiting=row["state"] in {"waiting", "aside"},
        steered=row["iteration"] is not None,
    )
