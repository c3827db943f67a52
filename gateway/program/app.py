"""The running program: what starts after what, what is supervised, and how it stops.

Decides the order: the store first, then models, then the faces, then what the last run left over;
on the way down intake first, the store last. What a face is, is its own matter.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core.asking import World
from core.crashpoints import crashpoint
from gateway import wiring
from gateway.privacy.keeping import services
from gateway.program.assembly import assemble
from gateway.program.orders import orders
from gateway.program.overrides import tell_overrides
from gateway.program.parts import taking
from gateway.program.recovery import Recovery
from gateway.program.reloading import Reloading
from gateway.program.unless import unless
from gateway.supervise import supervise
from gateway.wiring.outside import outside_of

if TYPE_CHECKING:
    from core.ports import Clock
    from gateway.config import Config
    from gateway.lanes.sessions import Sessions
    from gateway.program.assembly import Gateway
    from gateway.program.faces import Faces

log = structlog.get_logger()

DRAIN_SECONDS = 8.0
"""What a turn has left to end when the program is asked to stop: containers are killed at 10."""

SENDING_SECONDS = 1.0
"""What a message has left then that is sent already, and whose id is not back."""


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
    async with unless(stop) as begun, AsyncExitStack() as stack:
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
            await gateway.keeping.open()
            await _tell_what_chat_decided(gateway)
            faces = await open_faces(gateway)
            begun()  # from here on a stop lets end what runs
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
                            gateway.keeping,
                            gateway.forgetting,
                            orders(gateway.doors, reloading, gateway.backlog),
                        ).items(),
                        ("reloading", reloading.run),
                        ("dead letters", gateway.poison.recall),
                    ]
                ),
            ]
            async with unless(stop):
                await _recovered(gateway, sessions, chats.keys())
                await _let_in(root, gateway, faces, tasks)
            await stop.wait()
            await _drain(gateway, sessions, faces)
            for task in tasks:
                task.cancel()


async def _let_in(
    root: asyncio.TaskGroup, gateway: Gateway, faces: Faces, tasks: list[asyncio.Task[None]]
) -> None:
    """Take messages in from now on, and say so; `tasks` are told of those that do."""
    await gateway.intake.recall()
    tasks += [
        root.create_task(supervise(chat.platform, partial(chat.run, gateway.intake)))
        for chat in faces.chats
    ]
    await asyncio.sleep(0)  # they take their first step
    if faces.announce is not None:
        faces.announce()


async def _recovered(gateway: Gateway, sessions: Sessions, platforms: Collection[str]) -> None:
    """Go on with what the last run left, and with the notes of what waits."""
    recovery = Recovery(
        store=gateway.store,
        sessions=sessions,
        moves=gateway.exchange.moves,
        quarantine=gateway.exchange.quarantine,
        platforms=platforms,
        amend=partial(gateway.changes.act, starting=True),
        sift=gateway.backlog.sift,
    )
    await recovery.recover()
    await gateway.backlog.recall()
    crashpoint("recovery.queued")
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
    crashpoint("drain.begun")
    if faces.shut is not None:
        faces.shut()
    gateway.line.close()  # what waits goes on waiting, and its notes stay
    sending = partial(gateway.exchange.budgets.under_way.close, SENDING_SECONDS)
    await sessions.drain(DRAIN_SECONDS, also=running.values(), last=sending)
    crashpoint("drain.cut")
    for turn_id in list(running):
        gateway.runner.stop(turn_id)  # those of programs: nobody could take them up again
    if faces.close is not None:
        await faces.close()
    gateway.asides.close()
    gateway.backlog.close()
    await gateway.store.forgive()
    crashpoint("drain.over")
