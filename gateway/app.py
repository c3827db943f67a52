"""The running program: what starts after what, what is supervised, and how it stops.

Decides the order: the store first, then models, then the faces, then what the last run left over;
on the way down intake first, the store last. What a face is, is its own matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core.asking import World
from gateway import wiring
from gateway.accounts import Accounts
from gateway.admission import Admission
from gateway.advice_cache import SharedAdvice
from gateway.arrivals import open_arrivals
from gateway.asides import Asides
from gateway.attachments import Attachments
from gateway.bank import Bank
from gateway.changes import Changes, open_changes
from gateway.choices import Choices
from gateway.commands.desk import Health
from gateway.dispatch import Dispatch
from gateway.doorkeeper import Doorkeeper
from gateway.exchange import Exchange
from gateway.grants import Grants
from gateway.intake import DurableIntake
from gateway.lateness import Lateness
from gateway.limits import Limits
from gateway.line import Line
from gateway.live import Live
from gateway.orders import orders
from gateway.outside import outside_of
from gateway.overrides import tell_overrides
from gateway.parts import acts_of, exchange_of, taking, tooling_of
from gateway.patience import Patience, PatientStore
from gateway.places import Places
from gateway.privacy.keeping import open_keeping, services
from gateway.privacy.lanes import LiveLanes
from gateway.recovery import recover
from gateway.reloading import Reloading
from gateway.sessions import Sessions
from gateway.supervise import supervise
from gateway.turns import TurnRunner

if TYPE_CHECKING:
    from core.events import Tell
    from core.ports import ChatAdapter, Clock, Providers
    from core.storage import Store
    from gateway.config import Config
    from gateway.faces import Faces
    from gateway.outside import Outside
    from gateway.privacy.forgetting import Forgetting
    from gateway.privacy.keeping import Keeping
    from gateway.sessions import Work

log = structlog.get_logger()

DRAIN_SECONDS = 8.0
"""What a turn has left to end when the program is asked to stop: containers are killed at 10."""


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
            bookmarks=self.store.bookmarks,
            standing=self.accounts.standing,
        )


async def serve(
    config: Config,
    open_faces: Callable[[Gateway], Awaitable[Faces]],
    *,
    clock: Clock,
    stop: asyncio.Event,
    changed: Callable[[wiring.ModelState], None] | None = None,
    again: asyncio.Event | None = None,
) -> None:
    """Run until `stop` is set, then drain; `changed` hears how far the model of this machine is.

    Whenever `again` is set the file is read again.

    Raises:
        ConfigError, StoreError: the operator has to mend something first.
    """
    async with AsyncExitStack() as stack:
        store = await wiring.open_store(config)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(wiring.open_http())
        models = wiring.open_models(config, session, changed)
        tools = wiring.open_tools(config)
        async with asyncio.TaskGroup() as root:
            prices = wiring.open_pricer(config, clock)
            warming = root.create_task(wiring.warm_prices(config, prices), name="prices")
            if config.budgets.apply and config.budgets.unpriced is None:
                await warming  # a budget that cannot be held is the operator's mistake
            world = World(
                providers=models.providers, pricer=prices, clock=clock, ready=prices.ready
            )
            outside = outside_of(config, tools)
            gateway, sessions, chats = assemble(config, store, models, world, root, outside=outside)
            await _tell_what_chat_decided(gateway)
            faces = await open_faces(gateway)
            reloading = Reloading(
                gateway.live,
                store,
                reopened=wiring.reopening(models, prices, session),
                take=taking(gateway.exchange, gateway.accounts.bank, gateway.intake.limits, faces),
                asked=again or asyncio.Event(),
            )
            chats.update({chat.platform: chat for chat in faces.chats})
            tasks = [
                warming,
                *(
                    root.create_task(supervise(name, run), name=name)
                    for name, run in [
                        *((run.__qualname__, run) for run in models.services),
                        *((f"tools {each.name}", each.run) for each in tools),
                        *services(
                            gateway.keeping, gateway.forgetting, orders(gateway.doors, reloading)
                        ).items(),
                        ("reloading", reloading.run),
                    ]
                ),
            ]
            await gateway.keeping.files.open()
            await _recovered(gateway, sessions, chats.keys())
            await gateway.intake.recall()
            tasks += [
                root.create_task(supervise(chat.platform, partial(chat.run, gateway.intake)))
                for chat in faces.chats
            ]
            await asyncio.sleep(0)  # they take their first step: messages are taken in from now on
            if faces.announce is not None:
                faces.announce()
            await stop.wait()
            await _drain(gateway, sessions, faces)
            for task in tasks:
                task.cancel()


async def _recovered(gateway: Gateway, sessions: Sessions, platforms: Collection[str]) -> None:
    """Go on with what the last run left, and with the notes of what waits."""
    amend = partial(gateway.changes.act, starting=True)
    await recover(gateway.store, sessions, gateway.exchange.moves, platforms, amend)
    await gateway.line.recall(gateway.exchange.places.guarded)


async def _tell_what_chat_decided(gateway: Gateway) -> None:
    """Read who was let in or shut out in chat, and say what is chosen there over the file."""
    grants = gateway.doors.grants
    await grants.load(gateway.store, gateway.config.settings.platforms)
    for line in grants.told():
        log.info("access", text=line)
    await tell_overrides(gateway.store, gateway.config)


async def _drain(gateway: Gateway, sessions: Sessions, faces: Faces) -> None:
    """Let nothing new in, let end what runs, then let go of the faces (P6)."""
    running = gateway.runner.running
    log.info("draining", seconds=DRAIN_SECONDS, sessions=sessions.running)
    gateway.intake.close()
    if faces.shut is not None:
        faces.shut()
    gateway.line.close()  # what waits goes on waiting, and its notes stay
    await sessions.drain(DRAIN_SECONDS, also=running.values())
    for turn_id in list(running):
        gateway.runner.stop(turn_id)  # those of programs: nobody could take them up again
    if faces.close is not None:
        await faces.close()
    gateway.asides.close()


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
    tooling = tooling_of(config, outside.servers, world.clock)
    patience = Patience()
    keep = PatientStore(store, patience)
    choices = Choices(settings=store, keep=keep, places=places, catalogue=live.catalogue)
    shelf, guard = keeping.files.shelf, keeping.files.guard
    files = Attachments(shelf=shelf, store=store, guard=guard, keep=keep, chats=chats)
    exchange = exchange_of(runner, files, choices, tooling, sessions=lambda: sessions)

    async def perform(work: Work) -> None:
        await dispatch.perform(work)

    sessions = Sessions(root, perform)
    line = Line(root, sessions, keep, chats, exchange.budgets)
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
    health = Health(unavailable=live.unavailable, left_alone=models.left_alone, sessions=sessions)
    acts = acts_of(health, exchange, doors, accounts, forgetting=forgetting, keeping=keeping)
    changes = open_changes(config, exchange, sessions, asides)
    dispatch = Dispatch(
        sessions=sessions,
        acts=acts,
        keep=keep,
        over=keeping.sparing.over,
        arrivals=open_arrivals(store, keeping.kept, choices, chats),
        changes=changes,
        line=line,
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
            store,
            dispatch,
            admission=Admission(places, doors, store, live.catalogue, world.clock),
            admit=sessions.admit,
            limits=Limits(config.settings.limits, world.clock, sessions.of),
            patience=patience,
        ),
        clock=world.clock,
        listeners=listeners,
        keeping=keeping,
        forgetting=forgetting,
        changes=changes,
        line=line,
    )
    return gateway, sessions, chats
