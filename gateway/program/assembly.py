"""Puts the parts of the gateway together. Decides what knows what; nothing runs yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import wiring
from gateway.access.admission import Admission
from gateway.access.choices import Choices
from gateway.access.doorkeeper import Doorkeeper
from gateway.access.grants import Grants
from gateway.access.limits import Limits
from gateway.access.places import Places
from gateway.access.refusals import Refusals
from gateway.backlog.backlog import Backlog
from gateway.commands.desk import Health
from gateway.delivery.asides import Asides
from gateway.inbox.arrivals import open_arrivals
from gateway.inbox.changes import Changes
from gateway.inbox.dispatch import Dispatch
from gateway.inbox.intake import DurableIntake
from gateway.lanes.line import Line
from gateway.lanes.poison import Poison
from gateway.lanes.sessions import Sessions
from gateway.money.accounts import Accounts
from gateway.money.bank import Bank
from gateway.patience import Patience, PatientStore
from gateway.privacy.keeping import open_keeping
from gateway.privacy.lanes import LiveLanes
from gateway.program.live import Live
from gateway.program.parts import acts_of, changes_of, exchange_of, tooling_of
from gateway.turn.advice_cache import SharedAdvice
from gateway.turn.attachments import Attachments
from gateway.turn.exchange import Exchange
from gateway.turn.lateness import Lateness
from gateway.turn.turns import TurnRunner

if TYPE_CHECKING:
    import asyncio

    from core.asking import World
    from core.events import Tell
    from core.ports import ChatAdapter, Clock, Providers
    from core.records import Accepted
    from core.storage import Store
    from gateway.config import Config
    from gateway.lanes.sessions import Work
    from gateway.privacy.forgetting import Forgetting
    from gateway.privacy.keeping import Keeping
    from gateway.wiring.outside import Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A gateway at work, as its faces see it."""

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


def assemble(
    config: Config,
    store: Store,
    models: wiring.Models,
    world: World,
    root: asyncio.TaskGroup,
    *,
    outside: Outside,
) -> tuple[Gateway, Sessions, dict[str, ChatAdapter]]:
    """Put the parts together; nothing runs yet, and the chats are still to come."""
    chats: dict[str, ChatAdapter] = {}
    listeners: list[Tell] = [Lateness().tell]
    live = Live(config)
    places = Places(config, Grants(world.clock))
    keeping = open_keeping(config, store, places, world.clock, outside)
    cache = SharedAdvice(root, world.clock)
    bank = Bank(config.budgets, store, pricer=world.pricer, zone=config.zone)
    runner = TurnRunner(
        world=world,
        cache=cache,
        store=store,
        sinks=keeping.sinks,
        listeners=listeners,
        running={},
        bank=bank,
    )
    keep, refusals = PatientStore(store, Patience()), Refusals(world.clock)
    choices = Choices(settings=store, keep=keep, places=places, catalogue=live.catalogue)
    shelf, guard = keeping.files.shelf, keeping.files.guard
    files = Attachments(shelf=shelf, store=store, guard=guard, keep=keep, chats=chats)
    exchange = exchange_of(
        runner,
        files,
        choices,
        tooling_of(config, outside.servers, world.clock),
        sessions=lambda: sessions,
    )

    async def perform(work: Work) -> None:
        await dispatch.perform(work)

    async def put(accepted: Accepted) -> None:
        await dispatch(accepted)

    sessions = Sessions(root, perform)
    line = Line(root, sessions, keep, chats, exchange.budgets)
    backlog = Backlog(root, exchange, put)
    accounts = Accounts(
        store=store, bank=bank, choices=choices, clock=world.clock, zone=config.zone
    )
    forgetting = keeping.forgetting(
        store,
        LiveLanes(sessions=sessions, running=exchange.running, halt=exchange.runner.stop_soon),
        cache.clear,
    )
    asides = Asides(root, chats)
    doors = Doorkeeper(keep=keep, grants=places.grants, asides=asides, chats=chats)
    acts = acts_of(
        Health(
            unavailable=live.unavailable,
            left_alone=models.left_alone,
            sessions=sessions,
            backlog=backlog,
        ),
        exchange,
        doors,
        accounts,
        forgetting=forgetting,
        keeping=keeping,
    )
    changes = changes_of(config, exchange, sessions, asides, uncache=cache.clear)
    poison = Poison(keep=keep, chats=chats)
    dispatch = Dispatch(
        sessions=sessions,
        acts=acts,
        keep=keep,
        over=keeping.sparing.over,
        arrivals=open_arrivals(store, keeping.kept, choices, chats),
        changes=changes,
        line=line,
        poison=poison,
    )
    gateway = Gateway(
        live=live,
        store=store,
        providers=world.providers,
        models=models,
        runner=runner,
        exchange=exchange,
        accounts=accounts,
        asides=asides,
        doors=doors,
        intake=DurableIntake(
            keep,
            dispatch,
            admission=Admission(places, doors, store, live.catalogue, refusals),
            admit=sessions.admit,
            limits=Limits(config.settings.limits, world.clock, sessions.of, refusals),
            backlog=backlog,
        ),
        clock=world.clock,
        listeners=listeners,
        keeping=keeping,
        forgetting=forgetting,
        changes=changes,
        line=line,
        backlog=backlog,
        poison=poison,
    )
    return gateway, sessions, chats
