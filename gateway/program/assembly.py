"""Puts the parts of the gateway together. Decides what of them others see; nothing runs yet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway import wiring
from gateway.program.receiving import Receiving
from gateway.program.refused import Refused

if TYPE_CHECKING:
    import asyncio

    from core.events import Tell
    from core.ports import ChatAdapter, Clock, Providers
    from core.storage import Store
    from gateway.access.doorkeeper import Doorkeeper
    from gateway.backlog.backlog import Backlog
    from gateway.config import Config
    from gateway.delivery.asides import Asides
    from gateway.inbox.changes import Changes
    from gateway.inbox.intake import DurableIntake
    from gateway.lanes.line import Line
    from gateway.lanes.poison import Poison
    from gateway.lanes.sessions import Sessions
    from gateway.money.accounts import Accounts
    from gateway.privacy.forgetting import Forgetting
    from gateway.privacy.keeping import Keeping
    from gateway.program.ground import Ground
    from gateway.program.live import Live
    from gateway.turn.exchange import Exchange
    from gateway.turn.turns import TurnRunner


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway at work, as its faces see it. `chats` are put in when they are open."""

    live: Live
    store: Store
    providers: Providers
    models: wiring.Models
    runner: TurnRunner
    exchange: Exchange
    accounts: Accounts
    asides: Asides
    doors: Doorkeeper
    intake: DurableIntake
    clock: Clock
    listeners: list[Tell]
    keeping: Keeping
    forgetting: Forgetting
    changes: Changes
    line: Line
    backlog: Backlog
    poison: Poison
    sessions: Sessions
    chats: dict[str, ChatAdapter]
    refused: Refused = field(default_factory=Refused)

    @property
    def config(self) -> Config:
        """The configuration that is in force."""
        return self.live.config

    @property
    def chat_parts(self) -> wiring.ChatParts:
        """What messengers are told."""
        return wiring.ChatParts(
            clock=self.clock,
            config=lambda: self.config,
            presets=self.exchange.choices.names,
            gaps=self.store,
            standing=self.accounts.standing,
        )


def assemble(ground: Ground, root: asyncio.TaskGroup) -> Gateway:
    """Put the parts together; nothing runs yet, and the chats are still to come."""
    receiving = Receiving(ground, root)
    answering = receiving.answering
    return Gateway(
        live=answering.live,
        store=ground.store,
        providers=ground.world.providers,
        models=ground.models,
        runner=answering.runner,
        exchange=answering.exchange,
        accounts=answering.accounts,
        asides=receiving.asides,
        doors=receiving.doors,
        intake=receiving.intake,
        clock=ground.world.clock,
        listeners=answering.listeners,
        keeping=answering.keeping,
        forgetting=receiving.forgetting,
        changes=receiving.changes,
        line=receiving.line,
        backlog=receiving.backlog,
        poison=receiving.poison,
        sessions=receiving.sessions,
        chats=answering.chats,
    )
