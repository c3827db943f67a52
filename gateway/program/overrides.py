"""What people chose in chat, over what the file says: for `config check`, the start and a reload.

Decides how it reads. It changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from core.errors import StoreError
from core.presets import OFF
from core.texts.names import named
from core.texts.presets import moment
from core.types import Address
from gateway.access.choices import PRESET
from gateway.access.quiet import QUIET

log = structlog.get_logger()

if TYPE_CHECKING:
    from core.records import Setting
    from core.storage import Settings
    from gateway.config import Config


async def overridden(store: Settings, config: Config) -> list[str]:
    """Say what chat has overridden, a line each.

    Raises:
        StoreError: nobody can tell.
    """
    lines = [
        f"chosen in chat: {_where(each)}: preset {_named(each, config)}, {_by(each, config)}"
        for each in await store.chosen_everywhere(PRESET)
    ]
    lines += [
        f"chosen in chat: {_where(each)}: quiet, {_by(each, config)}"
        for each in await store.chosen_everywhere(QUIET)
    ]
    return lines


async def found_in(store: Settings, config: Config) -> list[str]:
    """Say it where a store may not be readable now: then say that."""
    try:
        return await overridden(store, config)
    except StoreError as error:
        return [f"warning: what was chosen in chat cannot be told: {error}"]


async def tell_overrides(store: Settings, config: Config) -> None:
    """Write it to the log."""
    for line in await found_in(store, config):
        log.info("override", text=line)


def _where(each: Setting) -> str:
    kind, _, rest = each.scope.partition(":")
    if kind == "user":
        platform, _, person = rest.partition(":")
        return f"{platform} user {person}"
    address = Address.of(rest)
    thread = f", thread {address.thread}" if address.thread else ""
    return f"{address.platform} channel {address.channel}{thread}"


def _named(each: Setting, config: Config) -> str:
    known = each.value == OFF or config.catalogue.find(each.value) is not None
    gone = "" if known else " (there is no such preset any more: the level above answers)"
    return f"{each.value}{gone}"


def _by(each: Setting, config: Config) -> str:
    return f"by {named(each.name, each.by)} on {moment(each.at, config.zone)}"
