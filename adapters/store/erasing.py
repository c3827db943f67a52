"""How texts are taken out of the database: `core.storage.erasing.Erasing`.

Decides which columns are texts. Figures, ids, persons and times stay; rows that are nothing but
text are deleted.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from adapters.store import codec
from adapters.store.database import Database, Row, Statement
from adapters.store.queries import statement, statement_of_rows
from core.erasure import bared, orders, text_of
from core.outcomes import CallReport
from core.records import Vote
from core.retention import Seen
from core.storage.changes import LETTER, SAID
from core.storage.erasing import PAGE, Came, Held, Texts, Told, Whereabouts
from core.types import Address, Json, Line


class ErasingRows:
    """A part of `SqlStore`."""

    _database: Database

    async def last_purge(self) -> Seen:
        rows = await self._database.fetch(statement("last_purge"))
        with codec.reading("the moment of the last purge"):
            return Seen(**{row["key"]: int(row["value"]) for row in rows})

    async def note_purge(self, seen: Seen) -> None:
        moments = {"at": seen.at, "doubted": seen.doubted}
        await self._database.write(
            statement("forget_purge"),
            *(statement("note_purge", key, str(at)) for key, at in moments.items() if at),
        )

    async def held(self, *, before: int) -> Sequence[Held]:
        rows = await self._database.fetch(statement("held", before))
        return [Held(session=row["session"], oldest=row["oldest"]) for row in rows]

    async def whereabouts(self, session: str) -> Whereabouts | None:
        rows = await self._database.fetch(statement("newest_message", session))
        with codec.reading("a message"):
            said = [codec.accepted(row).incoming for row in rows]
        return next(
            (
                Whereabouts(
                    place=each.address,
                    circles=each.author.circles,
                    direct=getattr(each, "direct", True),
                )
                for each in said
            ),
            None,
        )

    async def aged(self, session: str, *, before: int, unfinished: int) -> Texts:
        at = (session, before, unfinished, PAGE)
        turns = await self._database.fetch(statement("aged_turns", *at))
        messages = await self._database.fetch(statement("aged_messages", *at))
        return Texts(
            turns=tuple(row["turn_id"] for row in turns),
            messages=tuple(row["seq"] for row in messages),
        )

    async def told(self, session: str, *, after: int = 0) -> Sequence[Told]:
        turns = await self._database.fetch(statement("told", session, after, PAGE))
        rows = await self._rows_of([(row["turn_id"],) for row in turns]) if turns else {}
        with codec.reading("a turn"):
            return [_told(row, rows.get(row["turn_id"], [])) for row in turns]

    async def _rows_of(self, ids: Sequence[tuple[str]]) -> Mapping[str, list[Row]]:
        """Give every row with words of these turns, by turn."""
        found: dict[str, list[Row]] = defaultdict(list)
        for look in (
            statement_of_rows("calls_of", ids),
            statement_of_rows("tool_calls_of", ids),
            statement_of_rows("lines_of", ids),
            statement_of_rows("steered_of", ids),
        ):
            for row in await self._database.fetch(look):
                found[row["turn_id"]].append(row)
        return found

    async def came(self, session: str, *, after: int = 0) -> Sequence[Came]:
        rows = await self._database.fetch(statement("came", session, after, PAGE))
        with codec.reading("a message"):
            return [_came(row) for row in rows]

    async def sessions_of(self, platform: str, person: str) -> Sequence[str]:
        written = f'%"id":{json.dumps(person)}%'
        rows = await self._database.fetch(statement("sessions_of", platform, person, written))
        return [row["session"] for row in rows]

    async def erase(self, texts: Texts) -> None:
        writes: list[Statement] = []
        if texts.turns:
            ids = [(turn_id,) for turn_id in texts.turns]
            writes += await self._without_tried(ids)
            writes += _wordless_turns(ids)
        if texts.messages:
            writes += await self._bared(texts.messages)
        if writes:
            await self._database.write(*writes)

    async def _without_tried(self, ids: Sequence[tuple[str]]) -> Iterable[Statement]:
        """Keep what failed calls took, without what they said."""
        rows = await self._database.fetch(statement_of_rows("tried_of", ids))
        with codec.reading("a call"):
            return [_without_words(row) for row in rows]

    async def _bared(self, messages: Sequence[int]) -> Iterable[Statement]:
        numbers = [(seq,) for seq in messages]
        rows = await self._database.fetch(statement_of_rows("messages_of", numbers))
        with codec.reading("a message"):
            said = [codec.accepted(row) for row in rows]
        notes = [(f"{kind}{seq}",) for seq in messages for kind in (SAID, LETTER)]
        return [
            *(statement("erase_message", e.seq, codec.pack(bared(e.incoming))) for e in said),
            statement_of_rows("erase_outbox", notes),
        ]

    async def votes_of(self, platform: str, person: str) -> Mapping[str, Vote]:
        rows = await self._database.fetch(statement("votes_of", platform, person))
        return {row["turn_id"]: row["vote"] for row in rows}

    async def erase_person(self, platform: str, person: str) -> tuple[int, int]:
        scope = f"user:{platform}:{person}"
        here = Address(platform=platform, channel="").session.partition("/")[0]
        votes = len(await self.votes_of(platform, person))
        chosen = await self._number(statement("settings_of", scope))
        await self._database.write(
            statement("erase_votes", platform, person),
            statement("erase_settings", scope),
            statement("erase_facts", Address(platform=platform, channel="").session, person),
            statement("erase_settings_log", scope),
            statement("erase_setter", person, f"session:{here}/"),
            statement("erase_pairings", platform, person),
        )
        return votes, chosen

    async def _number(self, count: Statement) -> int:
        rows = await self._database.fetch(count)
        number: int = rows[0]["number"]
        return number

    async def scrub(self, *, whole: bool) -> None:
        await self._database.scrub(whole=whole)


def _wordless_turns(ids: Sequence[tuple[str]]) -> Iterable[Statement]:
    return [
        statement_of_rows("void_summaries", ids),
        statement_of_rows("erase_summaries", ids),
        statement_of_rows("erase_turns", ids),
        statement_of_rows("erase_history", ids),
        statement_of_rows("erase_calls", ids),
        statement_of_rows("erase_tool_calls", ids),
        statement_of_rows("erase_steered", ids),
        statement_of_rows("erase_outbox", ids),
    ]


def _without_words(row: Row) -> Statement:
    tried = codec.pack(_wordless(codec.unpack(row["tried"], tuple[CallReport, ...])))
    place = (row["turn_id"], row["role"], row["round"], row["position"])
    return statement("keep_tried", *place, tried)


def _wordless(calls: Iterable[CallReport]) -> tuple[CallReport, ...]:
    return tuple(replace(each, text="", tool_calls=(), error=None, lines=()) for each in calls)


def _texts(row: Row) -> Iterable[str]:
    """Give everything in a row that somebody or a model may have written, lines apart."""
    plain = [row.get(name) for name in ("text", "call_text", "result")]
    packed = [row.get(name) for name in ("tool_calls", "tried", "arguments")]
    return [
        *(text for text in plain if text),
        *(text for each in packed if each for text in _strings(json.loads(each))),
    ]


def _strings(value: Json) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _strings(each)
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _told(row: Row, rows: Iterable[Row]) -> Told:
    question = codec.unpack(row["question"], Line)
    rows = list(rows)
    lines = [codec.unpack(each["line"], Line) for each in rows if each.get("line")]
    quoted = [said for each in (question, *lines) for come in each.quotes for said in come.said]
    spoke = {each.speaker.id for each in lines if each.speaker}
    return Told(
        number=row["number"],
        turn_id=row["turn_id"],
        asker=row["asker"],
        started=row["started"],
        running=row["state"] == "running",
        texts=(
            question.text,
            row["answer"] or "",
            *(each.text for each in quoted),
            *(each.text for each in lines),
            *(text for each in rows for text in _texts(each)),
        ),
        speakers=frozenset(spoke | {each.speaker.id for each in quoted if not each.own}),
    )


def _came(row: Row) -> Came:
    incoming = codec.accepted(row).incoming
    return Came(
        seq=row["seq"],
        author=incoming.author.id,
        name=incoming.author.name,
        text=text_of(incoming),
        turn_id=row["turn_id"],
        at=row["at"],
        orders=row["state"] == "waiting" and orders(incoming),
    )
