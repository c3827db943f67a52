"""What is kept of a session or of a person, as JSON: for `sessions` and `people` in a shell.

Decides what is shown: what people said in private stays hidden from operators, unless the file
says `admins_see_dms`. It reads the store and the traces, and changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from core.errors import UsageError
from core.retention import EVER
from core.texts.privacy import PRIVATE
from core.types import Address

if TYPE_CHECKING:
    from core.ports.remains import Traces
    from core.records import StoredTurn
    from core.storage import Store
    from core.types import Json, KeptFile
    from gateway.access.places import Places

MOST = 1_000_000
"""Exchanges of one session that are read: all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One session in a list. `title` is "" where it is private."""

    session: str
    direct: bool
    title: str
    exchanges: int
    oldest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Own:
    """What is somebody's in one session. `any`: whether that is anything."""

    told: Json
    files: tuple[KeptFile, ...]
    any: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Exports:
    """Reads what is kept. `open_dms`: what was said in private may be shown."""

    store: Store
    traces: Traces
    places: Places
    open_dms: bool

    async def listed(self) -> Sequence[Listed]:
        """List the sessions of which there are texts.

        Raises:
            StoreError: nothing can be read.
        """
        return [
            await self._listed(held.session, held.oldest)
            for held in await self.store.held(before=EVER)
        ]

    async def _listed(self, session: str, oldest: int) -> Listed:
        turns = await self.store.turns(session, last=MOST)
        direct = await self.private(session)
        shown = turns and (self.open_dms or not direct)
        title = " ".join(turns[0].start.question.text.split())[:80] if shown else ""
        return Listed(
            session=session, direct=direct, title=title, exchanges=len(turns), oldest=oldest
        )

    async def private(self, session: str) -> bool:
        """Tell whether one person alone read a session, who is not behind a token of ours."""
        if not self.places.guarded(Address.of(session).platform):
            return False
        seen = await self.store.whereabouts(session)
        return seen is not None and seen.direct

    async def session(self, session: str) -> Json:
        """Give all that is kept of a session.

        Raises:
            UsageError: it is private. StoreError, OSError: it cannot be read.
        """
        if await self.private(session) and not self.open_dms:
            raise UsageError(PRIVATE)
        turns = await self.store.turns(session, last=MOST)
        records = await self.traces.records(session)
        return {
            "session": session,
            "exchanges": [_exchange(each) for each in turns],
            "traces": [_record(each) for each in records],
        }

    async def person(
        self, platform: str, person: str, sessions: Sequence[str]
    ) -> tuple[Json, Mapping[str, KeptFile]]:
        """Give all that is kept of somebody, and the files that they sent, by hash.

        Raises:
            StoreError, OSError: it cannot be read.
        """
        kept = [each for each in [await self._of(person, s) for s in sessions] if each.any]
        files = {one.digest: one for each in kept for one in each.files}
        whole: Json = {
            "person": f"{platform}:{person}",
            "sessions": [each.told for each in kept],
            "settings": dict(await self.store.settings(f"user:{platform}:{person}")),
            "votes": dict(await self.store.votes_of(platform, person)),
            "files": [{"name": each.name, "sha256": digest} for digest, each in files.items()],
        }
        return whole, files

    async def _of(self, person: str, session: str) -> _Own:
        """Give what is somebody's in a session."""
        turns = await self.store.turns(session, last=MOST)
        mine = [each for each in turns if each.start.asker == person]
        heads = await self.traces.heads(session)
        records = zip(heads, await self.traces.records(session), strict=True)
        said = [text async for text in self._messages(session, person)]
        traced = [_record(record) for head, record in records if head.asker == person]
        return _Own(
            told={
                "session": session,
                "exchanges": [_exchange(each) for each in mine],
                "messages": said,
                "traces": traced,
            },
            files=tuple(one for each in mine for one in each.start.question.files),
            any=bool(mine or said or traced),
        )

    async def _messages(self, session: str, person: str) -> AsyncIterator[Json]:
        after = 0
        while page := await self.store.came(session, after=after):
            after = page[-1].seq
            for each in page:
                if each.author == person and each.text:
                    yield {"at": _moment(each.at), "name": each.name, "text": each.text}


def _exchange(turn: StoredTurn) -> Json:
    start, end = turn.start, turn.end
    return {
        "turn_id": start.turn_id,
        "at": _moment(start.started),
        "asker": start.asker,
        "preset": start.preset.name,
        "question": start.question.text,
        "quoted": [one.text for each in start.question.quotes for one in each.said],
        "files": [each.name for each in start.question.files],
        "advice": [{"label": each.label, "text": each.text} for _, each in turn.advice],
        "tools": [
            {"name": step.call.name, "arguments": step.call.arguments, "result": step.text}
            for round_ in turn.rounds
            for step in round_.steps
        ],
        "answer": end.answer if end else None,
        "ending": end.ending if end else None,
        "dollars": str(end.dollars) if end else None,
    }


def _record(line: bytes) -> Json:
    try:
        found: Json = json.loads(line)
    except (ValueError, RecursionError):
        return line.decode(errors="replace")
    return found


def _moment(at: int) -> str:
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="seconds")
