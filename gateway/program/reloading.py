"""Takes the file again while the program runs: on SIGHUP, and when the command line asks.

Decides that a file which is wrong changes nothing, and in which order a right one is taken. Turns
that run keep the preset that they began with. What can be taken, `gateway.program.live` decides.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from core.errors import ConfigError, StoreError
from gateway import config as configuration
from gateway import logs
from gateway.program.live import changed, merged
from gateway.program.overrides import overridden

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from core.storage import Settings
    from core.types import Json
    from gateway.config import Config
    from gateway.program.live import Live

log = structlog.get_logger()


class Reloading:
    """Reads the file that `live` came from. `reopened` may refuse it; `take` cannot any more."""

    def __init__(
        self,
        live: Live,
        store: Settings,
        *,
        reopened: Callable[[Config, Config], Awaitable[Callable[[], None]]],
        take: Callable[[Config], None],
        asked: asyncio.Event,
    ) -> None:
        """Begin; whenever `asked` is set it is done, and what comes of it stands in the log."""
        self._live = live
        self._store = store
        self._reopened = reopened
        self._take = take
        self._asked = asked
        self._one = asyncio.Lock()

    async def run(self) -> None:
        """Do what is asked for, until cancelled."""
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                await self.reload()
            except (ConfigError, StoreError):
                continue  # it stands in the log

    async def order(self, wanted: Mapping[str, str]) -> Json:
        """Do it for the command line, and give what it prints."""
        return await self.reload()

    async def reload(self) -> list[str]:
        """Take the file as it is now; give what is to be said of it, a line each.

        Raises:
            ConfigError: something in it is wrong; everything is as it was.
        """
        async with self._one:
            old = self._live.config
            try:
                new = await asyncio.to_thread(configuration.load, Path(old.source), os.environ)
                config, waits = merged(old, new)
                put_in_place = await self._reopened(old, config)
            except ConfigError as error:
                log.error("reload_refused", why=str(error), kept="the configuration before it")  # noqa: TRY400 - one line
                told = f"{error}\nThe gateway that is running keeps the configuration it had."
                raise ConfigError(told) from error
            logs.STRIKE.know(config.secrets)
            put_in_place()
            self._take(config)
            self._live.config = config
            lines = _told(changed(old.settings, config.settings), waits)
            log.info("reloaded", taken=lines[0], waits=waits)
            for warning in config.warnings:
                log.warning("config", text=warning)
            lines += [f"warning: {each}" for each in config.warnings]
            return [*lines, *await overridden(self._store, config)]


def _told(taken: Sequence[str], waits: Sequence[str]) -> list[str]:
    lines = [f"Taken: {', '.join(taken)}." if taken else "Nothing that can be taken has changed."]
    if waits:
        lines.append(f"Needs a restart: {', '.join(waits)}.")
    return lines
