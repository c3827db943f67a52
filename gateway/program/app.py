"""The running program: what starts after what, what is supervised, and how it stops.

Decides the order: the store first, then models, then the faces, then what the last run left over;
on the way down intake first, the store last. What a face is, is its own matter.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from core.crashpoints import crashpoint
from gateway.privacy.keeping import services
from gateway.program.assembly import assemble
from gateway.program.ground import opened
from gateway.program.orders import orders
from gateway.program.overrides import tell_overrides
from gateway.program.recovery import Recovery
from gateway.program.reloading import Reloading
from gateway.program.unless import unless
from gateway.supervise import Services

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from core.ports import Clock
    from gateway import wiring
    from gateway.config import Config
    from gateway.program.assembly import Gateway
    from gateway.program.faces import Faces
    from gateway.program.ground import Opened
    from gateway.turn.exchange import Exchange

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
    async with (
        unless(stop) as begun,
        opened(config, clock, changed) as outer,
        asyncio.TaskGroup() as root,
    ):
        services = Services(root)
        if config.budgets.apply and config.budgets.unpriced is None:
            await outer.warm()  # a budget that cannot be held is the operator's mistake
        else:
            services.start("prices", outer.warm)
        gateway = assemble(outer.ground, root)
        await gateway.keeping.open()
        await _tell_what_chat_decided(gateway)
        faces = await open_faces(gateway)
        begun()  # from here on a stop lets end what runs
        gateway.chats.update({chat.platform: chat for chat in faces.chats})
        for name, run in _services(gateway, outer, faces, again or asyncio.Event()):
            services.start(name, run)
        async with unless(stop):
            await _recovered(gateway)
            await _let_in(gateway, faces, services)
        await stop.wait()
        await _drain(gateway, faces)
        services.end()


def _services(
    gateway: Gateway, outer: Opened, faces: Faces, again: asyncio.Event
) -> Iterable[tuple[str, Callable[[], Awaitable[None]]]]:
    """Give what runs as long as the program does, the chats apart."""
    reloading = Reloading(
        gateway.live,
        gateway.store,
        reopened=outer.reopened,
        take=partial(_take, gateway, faces),
        asked=again,
    )
    yield from outer.services
    asked = orders(gateway.doors, reloading, gateway.backlog)
    yield from services(gateway.keeping, gateway.forgetting, asked).items()
    yield "reloading", reloading.run
    yield "dead letters", gateway.poison.recall


def _take(gateway: Gateway, faces: Faces, config: Config) -> None:
    """Let all that runs go by a file that was read again."""
    gateway.exchange.places.take(config)
    gateway.exchange.moves.retell()
    gateway.accounts.bank.take(config.budgets)
    gateway.intake.limits.take(config.settings.limits)
    if faces.take is not None:
        faces.take(config)


async def _let_in(gateway: Gateway, faces: Faces, services: Services) -> None:
    """Take messages in from now on, and say so."""
    await gateway.intake.recall()
    for chat in faces.chats:
        run = partial(chat.run, gateway.intake)
        services.start(chat.platform, gateway.refused.watched(chat.platform, run))
    await asyncio.sleep(0)  # they take their first step
    if faces.announce is not None:
        faces.announce()


async def _recovered(gateway: Gateway) -> None:
    """Go on with what the last run left, and with the notes of what waits."""
    recovery = Recovery(
        store=gateway.store,
        sessions=gateway.sessions,
        moves=gateway.exchange.moves,
        quarantine=gateway.exchange.quarantine,
        platforms=gateway.chats.keys(),
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


def _only_waits(exchange: Exchange, session: str) -> bool:
    """Tell whether all that runs in a session waits for somebody's yes."""
    turns = exchange.running.of(exchange.moves.key(session))
    return bool(turns) and all(map(exchange.tooling.approvals.only_waits, turns))


async def _drain(gateway: Gateway, faces: Faces) -> None:
    """Let nothing new in, let end what runs, then let go of the faces (P6)."""
    running, exchange = gateway.runner.running, gateway.exchange
    log.info("draining", seconds=DRAIN_SECONDS, sessions=gateway.sessions.running)
    gateway.intake.close()
    crashpoint("drain.begun")
    if faces.shut is not None:
        faces.shut()
    gateway.line.close()  # what waits goes on waiting, and its notes stay
    sending = partial(exchange.budgets.under_way.close, SENDING_SECONDS)
    programs = [task for turn_id, task in running.items() if turn_id not in exchange.running]
    waits, also = (
        partial(_only_waits, exchange),
        [*programs, *gateway.intake.storing.finishing.tasks],
    )
    await gateway.sessions.drain(DRAIN_SECONDS, also=also, last=sending, waits=waits)
    crashpoint("drain.cut")
    gateway.intake.storing.finishing.cut()
    for turn_id in list(running):
        gateway.runner.stop(turn_id)  # those of programs: nobody could take them up again
    if faces.close is not None:
        await faces.close()
    gateway.asides.close()
    gateway.backlog.close()
    await gateway.store.forgive()
    crashpoint("drain.over")
