"""What a gateway stands on, opened for it: the store, models, tools and prices.

Decides the order: what is opened first is closed last. Nothing of it runs yet.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from core.asking import World
from gateway import wiring
from gateway.wiring.outside import outside_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from core.ports import Clock
    from core.storage import Store
    from gateway.config import Config
    from gateway.wiring.outside import Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the parts of a gateway are made of."""

    config: Config
    store: Store
    models: wiring.Models
    world: World
    outside: Outside


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """The ground of a program, and what is to be done for it while it runs.

    `services` run as long as it does, each under a name. `warm` looks prices up. `reopened` makes
    anew what a changed file asks for.
    """

    ground: Ground
    services: Sequence[tuple[str, Callable[[], Awaitable[None]]]]
    warm: Callable[[], Awaitable[None]]
    reopened: Callable[[Config, Config], Awaitable[Callable[[], None]]]


@asynccontextmanager
async def opened(
    config: Config, clock: Clock, changed: Callable[[wiring.ModelState], None] | None
) -> AsyncIterator[Opened]:
    """Open what the file names; `changed` hears how far the model of this machine is.

    Raises:
        ConfigError, StoreError: the operator has to mend something first.
    """
    async with AsyncExitStack() as stack:
        store = await wiring.open_store(config)
        stack.push_async_callback(store.close)
        session = await stack.enter_async_context(wiring.open_http())
        models = wiring.open_models(config, session, changed)
        tools = wiring.open_tools(config)
        prices = wiring.open_pricer(config, clock)
        world = World(providers=models.providers, pricer=prices, clock=clock, ready=prices.ready)
        yield Opened(
            ground=Ground(
                config=config,
                store=store,
                models=models,
                world=world,
                outside=outside_of(config, tools),
            ),
            services=[
                *((run.__qualname__, run) for run in models.services),
                *((f"tools {each.name}", each.run) for each in tools),
            ],
            warm=partial(wiring.warm_prices, config, prices),
            reopened=wiring.reopening(models, prices, session),
        )
