"""Makes anew what a changed file asks for, beside what runs: providers, and what models cost.

Nothing is changed before all of it could be made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.wiring.machine import fresh_prices
from gateway.wiring.models import reopen_models

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from adapters.prices import Prices
    from gateway.config import Config
    from gateway.wiring.models import Models


def reopening(
    models: Models, prices: Prices, session: aiohttp.ClientSession
) -> Callable[[Config, Config], Awaitable[Callable[[], None]]]:
    """Give what makes it, for the file before and the new one; what that gives puts it in place.

    Raises (what is given):
        ConfigError: a script is not right, or nobody knows what a model costs that has a budget.
    """

    async def reopened(old: Config, new: Config) -> Callable[[], None]:
        fresh = reopen_models(old, new, session)
        known = await fresh_prices(new, prices)

        def take() -> None:
            models.take(fresh)
            prices.take(known)

        return take

    return reopened
