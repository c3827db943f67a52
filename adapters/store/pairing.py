"""Codes by which strangers may be let in: `core.storage.Pairings`. Decides nobody's access."""

from __future__ import annotations

from adapters.store.audit import noted
from adapters.store.database import Database
from adapters.store.queries import statement
from core.access import PAIRED, grants_scope
from core.audit import Change
from core.pairing import MOST_OPEN, TRIES, Pairing


class PairingRows:
    """A part of `SqlStore`."""

    _database: Database

    async def offer(self, pairing: Pairing, *, at: int) -> bool:
        kept = await self._database.write(
            statement("close_pairings", at, TRIES),
            statement(
                "offer_pairing",
                *(pairing.platform, pairing.person, pairing.channel),
                *(pairing.digest, pairing.expires, MOST_OPEN),
            ),
        )
        return bool(kept)

    async def redeem(
        self, digest: str, platform: str | None, *, by: str, at: int, once: str = ""
    ) -> Pairing | None:
        where = platform or ""
        rows = await self._database.fetch(statement("open_pairing", digest, at, TRIES, where))
        if not rows:
            return await self._taken(digest, where, once)
        pairing = Pairing(**rows[0])
        grant = Change(
            scope=grants_scope(pairing.platform),
            key=PAIRED.key(pairing.person),
            value=PAIRED.text,
            by=by,
            at=at,
        )
        done = await self._database.write(
            statement("take_pairing", digest, gate=True),
            statement("set", grant.scope, grant.key, grant.value, by, at, once),
            noted(grant),
        )
        return pairing if done else None

    async def _taken(self, digest: str, where: str, once: str) -> Pairing | None:
        """Give a code that this very command has taken; any other one is a wrong one."""
        rows = await self._database.fetch(statement("taken_pairing", digest, once))
        if rows:
            return Pairing(**rows[0])
        await self._database.write(statement("miss_pairing", where))
        return None
