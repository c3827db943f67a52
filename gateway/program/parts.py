"""The larger parts of the program, each put together of smaller ones. Nothing runs yet."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import TYPE_CHECKING

from gateway.access.scopes import Scopes
from gateway.commands.acts import Acts
from gateway.commands.desk import Desk, Health
from gateway.delivery import ChatBudgets
from gateway.lanes.moves import Moves
from gateway.tools.approvals import Approvals
from gateway.tools.tooling import Tooling
from gateway.turn.compaction import Compaction
from gateway.turn.exchange import Exchange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from core.ports import Clock, ToolServer
    from gateway.access.choices import Choices
    from gateway.access.doorkeeper import Doorkeeper
    from gateway.access.limits import Limits
    from gateway.config import Config
    from gateway.lanes.sessions import Sessions
    from gateway.money.accounts import Accounts
    from gateway.money.bank import Bank
    from gateway.privacy.forgetting import Forgetting
    from gateway.privacy.keeping import Keeping
    from gateway.program.faces import Faces
    from gateway.turn.attachments import Attachments
    from gateway.turn.turns import TurnRunner


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
