"""Makes what the program keeps and pays with: the store, the HTTP session, prices, sinks.

Imports only what is configured. It starts nothing.
"""

from __future__ import annotations

import asyncio
from importlib.metadata import version
from typing import TYPE_CHECKING

from adapters.llm.wire import open_session
from adapters.prices import Price, Prices
from gateway.wiring.models import PAID

if TYPE_CHECKING:
    import aiohttp

    from core.storage import Store
    from gateway.config import Config
    from gateway.turns import Sink


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


def open_http() -> aiohttp.ClientSession:
    """Open the session that all providers share."""
    return open_session()


def open_pricer(config: Config) -> Prices:
    """Open the tables of prices; `warm_prices` reads them in."""
    own = {
        name: Price(
            input=price.input,
            output=price.output,
            cache_read=price.cache_read,
            cache_write=price.cache_write,
        )
        for name, price in config.settings.prices.items()
    }
    paid = {name: shape for name, shape in config.providers.items() if isinstance(shape, PAID)}
    return Prices(own, urls={name: shape.base_url for name, shape in paid.items()})


async def warm_prices(config: Config, prices: Prices) -> None:
    """Read the tables in, off the loop, where there is something to pay for (MOA-28)."""
    if any(isinstance(shape, PAID) for shape in config.providers.values()):
        await asyncio.to_thread(prices.warm)


def open_sinks(config: Config) -> tuple[Sink, ...]:
    """Open what takes note of turns that are over."""
    if not config.settings.moa.save_traces:
        return ()
    from adapters.sink.jsonl import JsonLines

    return (JsonLines(config.trace_dir),)
