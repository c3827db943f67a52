"""What the command line has done to people's texts: by the gateway that runs, else here.

One process writes the data. Where a gateway runs it is asked; where none does, this process owns
the data for as long as it takes. Decides nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway import wiring
from gateway.access.grants import Grants
from gateway.access.places import Places
from gateway.clock import SystemClock
from gateway.control import ask
from gateway.privacy.forgetting import NoLanes
from gateway.privacy.keeping import asked_of, open_keeping
from gateway.wiring.outside import outside_of

if TYPE_CHECKING:
    from core.types import Json
    from gateway.config import Config


async def ordered(config: Config, do: str, **wanted: str) -> Json:
    """Have something done, and give what it came to.

    Raises:
        StoreError, OSError: it was not done, or not all of it.
    """
    try:
        return await ask(config.data_dir, do, **wanted)
    except (ConnectionError, FileNotFoundError):
        return await _here(config, do, wanted)


async def _here(config: Config, do: str, wanted: dict[str, str]) -> Json:
    store = await wiring.open_store(config)
    try:
        clock = SystemClock()
        keeping = open_keeping(
            config, store, Places(config, Grants(clock)), clock, outside_of(config, ())
        )
        forgetting = keeping.forgetting(store, NoLanes(), lambda: None)
        return await asked_of(forgetting, clock)[do](wanted)
    finally:
        await store.close()
