"""Makes what the program keeps and pays with: the store, the HTTP session, prices, sinks.

Imports only what is configured. It starts nothing.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from adapters.llm.wire import open_session
from adapters.prices import Price, Prices
from core.errors import ConfigError
from core.presets import slots_of
from core.types import Usage
from gateway.config import missing
from gateway.config.doors import loopback
from gateway.wiring.models import PAID, has_price

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    import aiohttp

    from core.ports import Clock
    from core.ports.remains import Contents, Copies, Traces
    from core.presets import Slot
    from core.shelf import FileShelf
    from core.storage import Audit, Costs, Store, Votes
    from core.storage import Settings as ReadSettings
    from gateway.config import Config
    from gateway.config.providers import Provider
    from gateway.turn.turns import Sink


def program_version() -> str:
    """Give the version that is installed."""
    return version("moa-gateway")


async def open_store(config: Config) -> Store:
    """Open what must survive a kill.

    Raises:
        StoreError: it cannot be opened; the text says why and what to do.
        ConfigError: there is no such database.
    """
    from adapters.store import open_sqlite

    return await open_sqlite(config.database_file, program=program_version())


def open_shelf(config: Config) -> FileShelf:
    """Open the folder of files; nothing of it is read or made before the first one comes."""
    from adapters.files import Shelf

    return Shelf(config.data_dir / "files")


def read_costs(config: Config) -> Costs:
    """Open what was spent, to be read; the gateway may be running."""
    from adapters.store import read_sqlite

    return read_sqlite(config.database_file)


def read_store(config: Config) -> Store:
    """Open everything that is kept, to be read; the gateway may be running."""
    from adapters.store import read_sqlite

    return read_sqlite(config.database_file)


def read_audit(config: Config) -> Audit:
    """Open the log of who changed what, to be read; the gateway may be running."""
    from adapters.store import read_sqlite

    return read_sqlite(config.database_file)


def read_settings(config: Config) -> ReadSettings | None:
    """Open what was decided in chat, to be read; None before the gateway has ever run."""
    from adapters.store import read_sqlite

    return read_sqlite(config.database_file) if config.database_file.exists() else None


def read_votes(config: Config) -> Votes:
    """Open what people thought of answers, to be read; the gateway may be running."""
    from adapters.store import read_sqlite

    return read_sqlite(config.database_file)


def open_http() -> aiohttp.ClientSession:
    """Open the session that all providers share."""
    return open_session()


def open_pricer(config: Config, clock: Clock) -> Prices:
    """Open the prices; `warm_prices` looks up those that the tables have."""
    return Prices(_own_prices(config), urls=_addresses(config), clock=clock)


async def fresh_prices(config: Config, prices: Prices) -> Prices:
    """Look up what models cost by what the file says now.

    Raises:
        ConfigError: a budget applies, and nobody knows what a model costs (MOA-30).
    """
    known = open_pricer(config, prices.clock)
    await warm_prices(config, known)
    return known


def _own_prices(config: Config) -> dict[str, Price]:
    return {
        name: Price(
            input=price.input,
            output=price.output,
            cache_read=price.cache_read,
            cache_write=price.cache_write,
        )
        for name, price in config.settings.prices.items()
    }


def _addresses(config: Config) -> dict[str, str]:
    paid = {name: shape for name, shape in config.providers.items() if isinstance(shape, PAID)}
    return {name: shape.base_url for name, shape in paid.items()}


async def warm_prices(config: Config, prices: Prices) -> None:
    """Look up what the models of the presets cost, where there is something to pay (MOA-28).

    Raises:
        ConfigError: a budget applies, and nobody knows what a model costs (MOA-30).
    """
    paid = [
        slot
        for preset in config.catalogue.presets.values()
        for slot in slots_of(replace(preset, references=preset.active))
        if has_price(config, slot.provider)
    ]
    await prices.learn(paid)
    budgets = config.budgets
    if budgets.apply and budgets.unpriced is None:
        _require(config, prices, paid)


def _require(config: Config, prices: Prices, slots: Sequence[Slot]) -> None:
    """See that everything has a price that can be called, and that somebody may bill."""
    called = [slot for slot in slots if _billed(config.providers[slot.provider])]
    unknown = [each.label for each in called if prices(each, Usage(input=1, output=1)) is None]
    if unknown:
        raise ConfigError(_unpriced(config, list(dict.fromkeys(unknown))))


def _billed(provider: Provider) -> bool:
    """Tell whether calls may be billed: a server on this machine that takes no key bills nobody."""
    if missing(provider):
        return False
    if not isinstance(provider, PAID) or provider.api_key is not None or provider.headers:
        return True
    return not loopback(urlsplit(provider.base_url).hostname or "")


def _unpriced(config: Config, labels: Sequence[str]) -> str:
    """Say whose price is missing, and the two ways out."""
    them = "it" if len(labels) == 1 else "them"
    return (
        f"{config.source}: budgets: nobody knows what {', '.join(labels)} costs, so no budget "
        f'could be held. Either name {them} under prices, such as "{labels[0]}": {{input: 1.25, '
        "output: 10} (dollars per million tokens), or set budgets.unpriced to what a million "
        "tokens of such models are to count for."
    )


def open_sinks(config: Config) -> tuple[Sink, ...]:
    """Open what takes note of turns that are over."""
    if not config.settings.moa.save_traces:
        return ()
    from adapters.sink.jsonl import JsonLines

    return (JsonLines(config.trace_dir),)


def open_traces(config: Config) -> Traces:
    """Open the traces that are there, whether more are written or not."""
    from adapters.sink.tracefiles import TraceFiles

    return TraceFiles(config.trace_dir)


def open_copies(config: Config) -> Copies:
    """Open the copies from before upgrades."""
    from adapters.store.copies import Copies as OfSQLite

    return OfSQLite(config.database_file)


async def back_up(config: Config, target: Path | None, now: datetime) -> tuple[Path, Contents]:
    """Write everything that is kept to a new file, or to a new one in the folder of backups.

    Raises:
        StoreError: there is a file already, or no room, or the data cannot be read.
    """
    from adapters.store import BACKUPS, archive, in_thread

    named = f"moa-gateway-{now:%Y%m%dT%H%M%SZ}.tar"
    file = target or config.data_dir / BACKUPS / named
    return file, await in_thread(partial(archive, config.database_file, file))


async def check_backup(config: Config, file: Path) -> Contents:
    """Read a backup again.

    Raises:
        StoreError: it is none, or a broken one, or cannot be read.
    """
    from adapters.store import check, in_thread

    name = config.database_file.name
    return await in_thread(lambda called_off: check(file, name=name, called_off=called_off))
