"""Lets people in and shuts them out: codes for strangers, and what admins decide in chat.

Decides what is kept and who is told. Who may decide, `core.permissions` says; what a decision is
good for, `core.access`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core import whispers
from core.access import PAIRED, Grant, grants_scope
from core.crashpoints import crashpoint
from core.errors import StoreError, UsageError
from core.pairing import MINUTES, TRIES, Pairing, digest, new_code, read_code
from core.texts import access as said
from core.types import Address
from gateway.delivery.pacing import once_free

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.access import Decision
    from core.ports import ChatAdapter
    from core.storage import Pairings
    from core.types import Command, Message, Press
    from gateway.access.grants import Grants
    from gateway.delivery.asides import Asides
    from gateway.patience import PatientStore

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorkeeper:
    """Who opens and closes the doors. Reads from and writes through `keep`."""

    keep: PatientStore
    grants: Grants
    asides: Asides
    chats: Mapping[str, ChatAdapter]

    async def code_for(self, incoming: Message | Command | Press) -> str | None:
        """Make a code for a stranger who writes in private; None if there is no room for one."""
        code, now = new_code(secrets.choice), self.grants.now
        pairing = Pairing(
            platform=incoming.address.platform,
            person=incoming.author.id,
            channel=incoming.address.channel,
            digest=digest(code),
            expires=now + MINUTES * 60_000,
        )
        try:
            kept = await self.keep.store.offer(pairing, at=now)
            crashpoint("pairing.offered", pairing.platform)
        except StoreError as error:
            log.warning("no_pairing_code", error=str(error))
            return None
        return code if kept else None

    async def approve(self, code: str, platform: str | None, *, by: str, once: str = "") -> Pairing:
        """Let in who was given this code, and tell them.

        `platform` is the account on which it was said; None from the command line. A command that
        a kill has cut is done again under its own id, `once`: they are perhaps told again.

        Raises:
            UsageError: there is no such code, or it is not open any more. StoreError: it could
                not be kept.
        """
        at = self.grants.now
        found = await redeem(self.keep.store, code, platform, by=by, at=at, once=once)
        crashpoint("pairing.redeemed", found.platform)
        self.grants.put(found.platform, found.person, PAIRED)
        log.info("paired", platform=found.platform, person=found.person, by=by)
        self._tell(found)
        return found

    async def decide(
        self, command: Command, person: str, decision: Decision, *, seconds: int | None
    ) -> None:
        """Let somebody in or shut them out, for ever or for so long; it holds at once.

        To let somebody in takes back that they were shut out. Shut out for a while, they are let
        in again as they were before. A command that was cut by a kill is not done twice.

        Raises:
            StoreError: it could not be kept.
        """
        now, platform = self.grants.now, command.address.platform
        until = None if seconds is None else now + seconds * 1000
        grant = Grant(decision=decision, until=until)
        scope, who = grants_scope(platform), f"{platform}:{command.author.id}"
        if decision == "allow" and self.grants.drop(platform, person, "deny"):
            await self.keep.set(scope, f"deny:{person}", None, by=who, at=now)
        kept = await self.keep.store.chosen(grant.key(person), scope)
        if scope in kept and kept[scope].name == command.event_id:
            return
        crashpoint("access.unkept", platform)
        await self.keep.set(
            scope, grant.key(person), grant.text, by=who, at=now, name=command.event_id
        )
        crashpoint("access.kept", platform)
        self.grants.put(platform, person, grant)
        log.info(
            "access", platform=platform, person=person, decision=decision, by=command.author.id
        )

    def _tell(self, pairing: Pairing) -> None:
        """Tell a newcomer, in the chat where they were given their code."""
        adapter = self.chats.get(pairing.platform)
        if adapter is None:
            return
        address = Address(platform=pairing.platform, channel=pairing.channel)
        post = partial(
            adapter.post,
            address,
            whispers.notice(said.ADMITTED),
            delivery_id=f"paired-{pairing.digest[:16]}",
        )

        async def told() -> None:
            await once_free(post)

        self.asides.begin("newcomer", told)


async def redeem(
    store: Pairings, code: str, platform: str | None, *, by: str, at: int, once: str = ""
) -> Pairing:
    """Keep that whoever was given this code is let in; nobody is told.

    Raises:
        UsageError: there is no such code, or it is not open any more. StoreError: it could not
            be kept.
    """
    read = read_code(code)
    found = await store.redeem(digest(read), platform, by=by, at=at, once=once) if read else None
    if found is None:
        raise UsageError(said.NO_SUCH_CODE.format(minutes=MINUTES, tries=TRIES))
    return found
