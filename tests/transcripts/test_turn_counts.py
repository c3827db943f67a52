"""Shows what an ordinary turn in a group costs the database, with all that a team has switched on.

Counted at the database of the whole program, where people are named and the bot is replied to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest

from adapters.store.database import Row, Statement
from adapters.store.sqlite import SQLite
from tests.gateway.harness import running_gateway
from tests.patience import PATIENCE
from tests.transcripts.stages import opened

MODELS = {"a": "Take the train.", "b": "Walk.", "big": ["By train.", "By tram."]}
POSTED = 2
"""The panel and the answer."""
ADVISORS = 2


class Counted:
    """What went to the database since `clear`; `later` takes part in a transaction of others."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.clear()
        fetch, write, later = SQLite.fetch, SQLite.write, SQLite.later

        async def fetched(database: SQLite, statement: Statement) -> Sequence[Row]:
            self.reads += 1
            return await fetch(database, statement)

        async def written(database: SQLite, *statements: Statement) -> Sequence[Row]:
            self.transactions += 1
            self.statements += len(statements)
            return await write(database, *statements)

        def put_off(database: SQLite, statement: Statement) -> None:
            self.delivered += 1
            later(database, statement)

        patch.setattr(SQLite, "fetch", fetched)
        patch.setattr(SQLite, "write", written)
        patch.setattr(SQLite, "later", put_off)

    async def done(self) -> None:
        """Wait until a turn is noted as delivered."""
        async with asyncio.timeout(PATIENCE):
            while not self.delivered:  # noqa: ASYNC110 - nobody sets an event for it
                await asyncio.sleep(0.05)

    def clear(self) -> None:
        self.reads = self.statements = self.transactions = self.delivered = 0


async def test_a_turn_in_a_group_keeps_to_its_budget(tmp_path: Path, monkeypatch):
    counted = Counted(monkeypatch)
    async with opened("telegram") as stage, running_gateway(stage.configured(MODELS), tmp_path):
        await stage.ask("How do I get there?", where="group")
        await stage.answered("By train.", where="group")
        await counted.done()
        counted.clear()
        await stage.follow_up("And back?", who=stage.ben)
        await stage.answered("By tram.", where="group")
        await counted.done()
        # Before the end: what an orderly end takes back belongs to no turn.
        assert counted.statements + counted.delivered <= 8 + ADVISORS + 2 * POSTED
        assert counted.transactions <= 3 + ADVISORS + 2 * POSTED
        assert 0 < counted.reads <= 3  # what is set there, who spoke in this beginning, its history
