"""The larger parts of the program, each put together of smaller ones. Nothing runs yet."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from gateway import wiring
from gateway.access.scopes import Scopes
from gateway.commands.acts import Acts
from gateway.commands.desk import Desk, Health
from gateway.delivery import ChatBudgets
from gateway.inbox.changes import Changes
from gateway.lanes.moves import Moves
from gateway.tools.approvals import Approvals
from gateway.tools.tooling import Tooling
from gateway.turn.compaction import Compaction
from gateway.turn.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from core.ports import Clock, ToolServer
    from gateway.access.choices import Choices
    from gateway.access.doorkeeper import Doorkeeper
    from gateway.access.limits import Limits
    from gateway.config import Config
    from gateway.delivery.asides import Asides
    from gateway.lanes.sessions import Sessions
    from gateway.money.accounts import Accounts
    from gateway.money.bank import Bank
    from gateway.privacy.forgetting import Forgetting
    from gateway.privacy.keeping import Keeping
    from gateway.program.faces import Faces
    from gateway.turn.attachments import Attachments
    from gateway.turn.turns import TurnRunner


log = structlog.get_logger()


def tooling_of(config: Config, servers: Mapping[str, ToolServer], clock: Clock) -> Tooling:
    """Make what lets turns use tools."""
    return Tooling(
        approvals=Approvals(clock),
        servers=servers,
        approve={name: each.approve for name, each in config.settings.tools.servers.items()},
    )


def acts_of(
    health: Health,
    exchange: Exchange,
    doors: Doorkeeper,
    accounts: Accounts,
    *,
    keeping: Keeping,
    forgetting: Forgetting,
) -> Acts:
    """Make what does what people ask for."""
    return Acts(
        desk=Desk(
            exchange=exchange,
            choices=exchange.choices,
            places=exchange.places,
            asides=doors.asides,
            accounts=accounts,
            doors=doors,
            health=health,
            keeping=keeping,
            forgetting=forgetting,
            scopes=Scopes(places=exchange.places, store=exchange.store),
        )
    )


def changes_of(
    config: Config,
    exchange: Exchange,
    sessions: Sessions,
    asides: Asides,
    uncache: Callable[[], None],
) -> Changes:
    """Put it together; `uncache` lets go of the advice that is kept."""
    traces = wiring.open_traces(config)

    async def untrace(session: str, turns: Sequence[str]) -> None:
        uncache()
        if not config.trace_dir.is_dir():
            return
        try:
            await traces.drop(session, lambda line: line.turn_id in turns)
        except OSError as error:
            log.warning("traces_not_changed", session=session, error=str(error))

    places = exchange.places
    return Changes(
        exchange=exchange, sessions=sessions, places=places, asides=asides, untrace=untrace
    )


def exchange_of(
    runner: TurnRunner,
    files: Attachments,
    choices: Choices,
    tooling: Tooling,
    *,
    sessions: Callable[[], Sessions],
) -> Exchange:
    """Make what answers in chats; unlike programs on /v1 they wait for a store that is full."""
    keep = files.keep
    return Exchange(
        runner=replace(runner, store=keep),
        store=keep.store,
        keep=keep,
        chats=files.chats,
        budgets=ChatBudgets(lambda who: sessions().behind(who)),
        choices=choices,
        places=choices.places,
        moves=Moves(keep.store, choices.places),
        tooling=tooling,
        attachments=files,
        sessions=sessions,
        compaction=Compaction(
            runner=runner,
            keep=keep,
            clock=runner.world.clock,
            new_id=_new_id,
            shown=files.shown,
        ),
        clock=runner.world.clock,
        new_id=_new_id,
    )


def _new_id() -> str:
    return secrets.token_hex(8)


def taking(
    exchange: Exchange, bank: Bank, limits: Limits, faces: Faces
) -> Callable[[Config], None]:
    """Make what lets all that runs go by a file that was read again."""

    def take(config: Config) -> None:
        exchange.places.take(config)
        exchange.moves.retell()
        bank.take(config.budgets)
        limits.take(config.settings.limits)
        if faces.take is not None:
            faces.take(config)

    return take
