"""Makes what the program keeps and pays with: the store, the HTTP session, prices, sinks.

Imports only what is configured. It starts nothing.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from adapters.llm.wire import open_session
from adapters.prices import Price, Prices
from gateway.wiring.models import PAID

if TYPE_CHECKING:
    import aiohttp

    from core.ports import Clock
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


def open_pricer(config: Config, clock: Clock) -> Prices:
    """Open the prices; `warm_prices` looks up those that the tables have."""
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
    return Prices(own, urls={name: shape.base_url for name, shape in paid.items()}, clock=clock)


async def warm_prices(config: Config, prices: Prices) -> None:
    """Look up what the models of the presets cost, where there is something to pay (MOA-28)."""
    slots = [
        slot
        for preset in config.catalogue.presets.values()
        for main in (*preset.references, preset.aggregator)
        for slot in (main, *main.fallbacks)
    ]
    paid = {name for name, shape in config.providers.items() if isinstance(shape, PAID)}
    await prices.learn(slot for slot in slots if slot.provider in paid)


def open_sinks(config: Config) -> tuple[Sink, ...]:
    """Open what takes note of turns that are over."""
    if not config.settings.moa.save_traces:
        return ()
    from adapters.sink.jsonl import JsonLines

    return (JsonLines(config.trace_dir),)
