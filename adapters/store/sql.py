"""The store over an SQL database: which statements make up each promise.

Decides what is written together. Never speaks to a database itself, and never writes SQL:
that stands in `statements/*.sql`. A turn costs eight statements in three transactions, one more per
reference and two per posted message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from adapters.store import codec
from adapters.store.aside import AsideRows
from adapters.store.audit import AuditRows
from adapters.store.changes import ChangeRows
from adapters.store.costs import CostRows
from adapters.store.database import Row, Statement
from adapters.store.epochs import LAST_NUMBER, EpochRows
from adapters.store.erasing import ErasingRows
from adapters.store.facts import FactRows
from adapters.store.files import FileRows
from adapters.store.gaps import GapRows
from adapters.store.pairing import PairingRows
from adapters.store.presence import PresenceRows
from adapters.store.queries import statement, statement_of_rows
from adapters.store.settings import SettingRows
from adapters.store.tool_calls import ToolCallRows, aggregator_calls, rounds
from adapters.store.votes import VoteRows
from core.errors import StoreError, TurnTaken
from core.outcomes import Advice
from core.records import Accepted, Conversation, StoredTurn, TurnEnd, TurnStart
from core.storage import MOVED
from core.types import Address, Incoming, Line, Message, Moved

TITLE_LENGTH = 80


class SqlStore(
    ToolCallRows,
    CostRows,
    FileRows,
    VoteRows,
    SettingRows,
    PairingRows,
    AuditRows,
    ErasingRows,
    PresenceRows,
    ChangeRows,
    EpochRows,
    FactRows,
    AsideRows,
    GapRows,
):
    """Fulfils `core.storage.Store`."""

    async def close(self) -> None:
        await self._database.close()

    # --- inbox ------------------------------------------------------------------------------

    async def accept(self, incoming: Incoming, session: str = "") -> Accepted | None:
        address = incoming.address
        session = session or address.session
        rows = await self._database.write(
            statement(
                "accept",
                *(address.platform, incoming.event_id, session),
                *(codec.NAMES[type(incoming)], codec.pack(incoming), incoming.at),
                incoming.message_id if isinstance(incoming, Message) else None,
                address.session,
            )
        )
        return Accepted(seq=rows[0]["seq"], incoming=incoming, session=session) if rows else None

    async def waiting(self) -> Sequence[Accepted]:
        rows = await self._database.fetch(statement("waiting"))
        with codec.reading("a waiting message"):
            return [codec.accepted(row) for row in rows]

    async def accepted(self, seq: int) -> Accepted | None:
        rows = await self._database.fetch(statement("accepted", seq))
        with codec.reading("a message"):
            return codec.accepted(rows[0]) if rows else None

    async def has_message(self, place: str, message_id: str) -> bool:
        return bool(await self._database.fetch(statement("has_message", place, message_id)))

    async def last_message(self, session: str, place: str, before: int) -> str | None:
        rows = await self._database.fetch(statement("last_message", session, place, before))
        return rows[0]["message_id"] if rows else None

    async def drop(self, seq: int, reason: str) -> None:
        await self._database.write(statement("drop", seq, reason))

    # --- turns ------------------------------------------------------------------------------

    async def begin(self, start: TurnStart) -> None:
        began = statement(
            "begin",
            *(start.turn_id, start.place.platform, start.session, start.seq),
            *(codec.pack(start.preset), codec.pack(start.question)),
            *(start.asker, start.history, start.started, start.preset.name, start.origin),
            *(start.place.session, self._epoch),
        )
        carried = (
            statement("carry", start.turn_id, start.origin),
            statement("holder", start.turn_id),  # the last one's rows tell that it has begun
        )
        carries = carried if start.seq is not None and start.origin else ()
        rows = await self._database.write(*_claims(start), began, *carries)
        if not rows:
            raise TurnTaken(f"message {start.seq} waits no more: it is answered, or taken back")

    async def landed(self, turn_id: str, round_: int, advice: Advice) -> None:
        await self._checkpointed(turn_id, *self._references(turn_id, round_, [advice]))

    async def references_done(self, turn_id: str, round_: int, rest: Sequence[Advice]) -> None:
        closed = statement("close_round", turn_id, round_, self._epoch, gate=True)
        await self._checkpointed(turn_id, closed, *self._references(turn_id, round_, rest))

    def _references(self, turn_id: str, round_: int, advice: Sequence[Advice]) -> list[Statement]:
        rows = [(*codec.reference_row(turn_id, round_, each), self._epoch) for each in advice]
        return [statement_of_rows("add_calls", rows)] if rows else []

    async def finish(self, end: TurnEnd) -> None:
        """See the port. The first end of a turn stands; another one changes nothing.

        However it ended, the question enters the history; so does the answer as far as there
        is one: what was shown before a stop or a failure was said.
        """
        said = end.answer and not end.lines
        answer = codec.pack(Line.of("assistant", end.answer)) if said else None
        await self._fenced(
            end.turn_id,
            statement("finish", *codec.end_columns(end), self._epoch, gate=True),
            statement("add_lines", end.turn_id, answer),
            *(statement("add_line", end.turn_id, e.role, codec.pack(e)) for e in end.lines),
            *aggregator_calls(end.turn_id, end.calls, self._epoch),
        )

    async def delivered(self, turn_id: str) -> None:
        """See the port. Committed with whatever is written next, or on close.

        Lost in a crash it costs one more edit of a message whose id is known.
        """
        self._database.later(statement("delivered", turn_id, self._epoch))

    async def attempt(self, turn_id: str) -> int:
        rows = await self._database.write(statement("attempt", turn_id, self._epoch))
        if not rows:
            raise StoreError(f"There is no turn {turn_id!r} in the store.")
        attempts: int = rows[0]["attempts"]
        return attempts

    async def unfinished(self) -> Sequence[StoredTurn]:
        return await self._turns(statement("unfinished"))

    async def turn(self, turn_id: str) -> StoredTurn | None:
        found = await self._turns(statement("turn", turn_id))
        return found[0] if found else None

    async def _turns(self, which: Statement) -> Sequence[StoredTurn]:
        turns = await self._database.fetch(which)
        if not turns:
            return []
        ids = [(row["turn_id"],) for row in turns]
        calls = _by_turn(await self._database.fetch(statement_of_rows("calls_of", ids)))
        outbox = _by_turn(await self._database.fetch(statement_of_rows("outbox_of", ids)))
        tools = _by_turn(await self._database.fetch(statement_of_rows("tool_calls_of", ids)))
        running = [row["turn_id"] for row in turns if row["state"] == "running"]
        with codec.reading("a turn"):
            steered = await self.steered_in(running) if running else {}
            return [
                replace(
                    codec.turn(row, calls.get(row["turn_id"], []), outbox.get(row["turn_id"], [])),
                    rounds=rounds(tools.get(row["turn_id"], [])),
                    steered=steered.get(row["turn_id"], ()),
                )
                for row in turns
            ]

    # --- outbox -----------------------------------------------------------------------------

    async def attempting(self, turn_id: str, key: str, *, piece: bool = False) -> None:
        await self._noted(turn_id, key, "piece" if piece else "attempting", None)

    async def posted(self, turn_id: str, key: str, message_id: str, *, shown: str = "") -> None:
        await self._noted(turn_id, key, "delivered", message_id, shown)

    async def unposted(self, turn_id: str, key: str, state: Literal["unknown", "failed"]) -> None:
        await self._noted(turn_id, key, state, None)

    async def _noted(
        self, turn_id: str, key: str, state: str, message_id: str | None, shown: str = ""
    ) -> None:
        row = statement("outbox", turn_id, key, state, message_id, self._epoch, shown)
        await self._fenced(turn_id, row)

    # --- history ----------------------------------------------------------------------------

    async def lines(self, session: str, *, upto: int | None = None) -> Sequence[tuple[int, Line]]:
        last = LAST_NUMBER if upto is None else upto
        rows = await self._database.fetch(statement("lines", session, last))
        with codec.reading("a line of a history"):
            return [(row["number"], codec.unpack(row["line"], Line)) for row in rows]

    async def has_read(self, session: str, place: str, message_id: str) -> bool:
        look = statement("has_read", session, place, message_id)
        return bool(await self._database.fetch(look))

    async def turns(self, session: str, *, last: int = 50) -> Sequence[StoredTurn]:
        return await self._turns(statement("last_turns", session, last))

    async def newest_at(self, place: Address, *, asker: str, own: bool) -> StoredTurn | None:
        only = asker if own else ""
        found = await self._turns(statement("newest_at", place.session, asker, only))
        return found[0] if found else None

    async def conversations(self, platform: str, *, owner: str) -> Sequence[Conversation]:
        rows = await self._database.fetch(statement("conversations", platform, owner))
        with codec.reading("a question"):
            return [
                Conversation(
                    session=row["session"],
                    title=title(codec.unpack(row["question"], Line).text),
                    updated=row["updated"],
                )
                for row in rows
            ]

    async def remove(self, turn_id: str) -> None:
        await self._database.write(
            statement_of_rows("void_summaries", [(turn_id,)]),
            statement("remove_lines", turn_id),
            statement("remove_turn", turn_id),
        )

    # --- places -----------------------------------------------------------------------------

    async def move(self, old: Address, new: Address) -> None:
        """See the port. What waits is answered where it is now, also after a restart."""
        was, now = old.session, new.session
        if was == now:
            return
        rows = await self._database.fetch(statement("waiting_in", was))
        with codec.reading("a waiting message"):
            waiting = [codec.accepted(row) for row in rows]
        await self._database.write(
            *(
                statement("readdress", each.seq, codec.pack(_moved(each.incoming, old, new)))
                for each in waiting
                if not isinstance(each.incoming, Moved)
            ),
            statement("move_inbox", was, now),
            statement("move_turns", was, now),
            statement("move_history", was, now),
            statement("move_epochs", was, now),
            statement("move_facts", was, now),
            statement("copy_settings", f"session:{was}", f"session:{now}"),
            statement("leave_settings", f"session:{was}"),
            statement("move_introduction", old.platform, old.channel, new.channel),
            statement("set", MOVED, was, now, "", 0, ""),
        )


def _claims(start: TurnStart) -> list[Statement]:
    """Take what a turn answers: all of it, or the turn does not begin."""
    if start.seq is None:
        return []
    seqs = (start.seq, *start.joined)
    together = replace(statement_of_rows("none_gone", [(seq,) for seq in seqs]), gate=True)
    claims = [statement("claim", seq, start.turn_id, gate=True) for seq in seqs]
    return [together, *claims] if start.joined else claims


def title(question: str) -> str:
    """Cut a question to a line of a list, at a word where there is one."""
    text = " ".join(question.split())
    if len(text) <= TITLE_LENGTH:
        return text
    cut = text[: TITLE_LENGTH - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[TITLE_LENGTH // 2 :] else cut) + "…"


def _moved(incoming: Incoming, old: Address, new: Address) -> Incoming:
    return replace(incoming, address=incoming.address.moved(old, new))


def _by_turn(rows: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["turn_id"], []).append(row)
    return found
