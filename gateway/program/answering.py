"""The half of the gateway that answers: what a turn is run with, in chats and for programs.

Decides what is made of what, one part after the other; each is made when somebody asks for it.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from gateway.access.choices import Choices
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.delivery import ChatBudgets
from gateway.lanes.moves import Moves
from gateway.money.accounts import Accounts
from gateway.money.bank import Bank
from gateway.patience import Patience, PatientStore
from gateway.privacy.keeping import open_keeping
from gateway.program.live import Live
from gateway.tools.approvals import Approvals
from gateway.tools.tooling import Tooling
from gateway.turn.advice_cache import SharedAdvice
from gateway.turn.attachments import Attachments
from gateway.turn.compaction import Compaction
from gateway.turn.exchange import Exchange
from gateway.turn.lateness import Lateness
from gateway.turn.turns import TurnRunner

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from core.events import Tell
    from core.ports import ChatAdapter
    from gateway.lanes.sessions import Sessions
    from gateway.privacy.keeping import Keeping
    from gateway.program.ground import Ground


class Answering:
    """Its parts. Whoever takes questions in says which `sessions` they stand in."""

    def __init__(
        self, ground: Ground, root: asyncio.TaskGroup, sessions: Callable[[], Sessions]
    ) -> None:
        """Begin with no chat; tasks are born in `root`."""
        self._ground = ground
        self._root = root
        self._sessions = sessions
        self.live = Live(ground.config)
        self.keep = PatientStore(ground.store, Patience())
        self.chats: dict[str, ChatAdapter] = {}
        self.listeners: list[Tell] = [Lateness().tell]

    @cached_property
    def places(self) -> Places:
        """What holds where, and who may what."""
        return Places(self._ground.config, Grants(self._ground.world.clock))

    @cached_property
    def choices(self) -> Choices:
        """Which preset answers where."""
        return Choices(
            settings=self._ground.store,
            keep=self.keep,
            places=self.places,
            catalogue=self.live.catalogue,
        )

    @cached_property
    def keeping(self) -> Keeping:
        """How long things are kept."""
        ground = self._ground
        return open_keeping(
            ground.config, ground.store, self.places, ground.world.clock, ground.outside
        )

    @cached_property
    def cache(self) -> SharedAdvice:
        """The advice that may be given again."""
        return SharedAdvice(self._root, self._ground.world.clock)

    @cached_property
    def bank(self) -> Bank:
        """Who may still spend how much."""
        config, pricer = self._ground.config, self._ground.world.pricer
        return Bank(config.budgets, self._ground.store, pricer=pricer, zone=config.zone)

    @cached_property
    def accounts(self) -> Accounts:
        """What was spent, to be told."""
        return Accounts(
            store=self._ground.store,
            bank=self.bank,
            choices=self.choices,
            clock=self._ground.world.clock,
            zone=self._ground.config.zone,
        )

    @cached_property
    def runner(self) -> TurnRunner:
        """What runs the turns of programs; those of chats are run by the exchange's."""
        return TurnRunner(
            world=self._ground.world,
            cache=self.cache,
            store=self._ground.store,
            sinks=self.keeping.sinks,
            listeners=self.listeners,
            running={},
            bank=self.bank,
        )

    @cached_property
    def exchange(self) -> Exchange:
        """What answers in chats; unlike programs on /v1 they wait for a store that is full."""
        files = self._attachments()
        return Exchange(
            runner=replace(self.runner, store=self.keep),
            store=self._ground.store,
            keep=self.keep,
            chats=self.chats,
            budgets=ChatBudgets(lambda who: self._sessions().behind(who)),
            choices=self.choices,
            places=self.places,
            moves=Moves(self._ground.store, self.places),
            tooling=self._tooling(files),
            attachments=files,
            sessions=self._sessions,
            compaction=self._compaction(files),
            clock=self._ground.world.clock,
            new_id=_new_id,
        )

    def _attachments(self) -> Attachments:
        files = self.keeping.files
        return Attachments(
            shelf=files.shelf,
            store=self._ground.store,
            guard=files.guard,
            keep=self.keep,
            chats=self.chats,
        )

    def _tooling(self, files: Attachments) -> Tooling:
        servers = self._ground.config.settings.tools.servers
        return Tooling(
            approvals=Approvals(self._ground.world.clock),
            servers=self._ground.outside.servers,
            approve={name: each.approve for name, each in servers.items()},
            aside=files.room.aside,
        )

    def _compaction(self, files: Attachments) -> Compaction:
        return Compaction(
            runner=self.runner,
            keep=self.keep,
            clock=self._ground.world.clock,
            new_id=_new_id,
            shown=files.shown,
        )


def _new_id() -> str:
    return secrets.token_hex(8)
