"""Runs the gateway with its web face until it is asked to stop.

Decides what the signals mean: the first one to end drains, a second one insists, and SIGHUP reads
the file again.
"""

from __future__ import annotations

import asyncio
import signal

import structlog

from gateway import logs
from gateway.cli.progress import ModelProgress
from gateway.clock import SystemClock
from gateway.http.face import Face
from gateway.program.app import serve
from gateway.signals import die

log = structlog.get_logger()


async def run_gateway(face: Face) -> None:
    """Run until SIGTERM or Ctrl-C, then drain; a second signal ends at once.

    Raises:
        ConfigError, StoreError: the operator has to mend something first.
    """
    config = face.config
    logs.set_up(config.secrets)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _asked, stop)
    for warning in config.warnings:
        log.warning("config", text=warning)
    again = asyncio.Event()
    if hasattr(signal, "SIGHUP"):
        loop.add_signal_handler(signal.SIGHUP, again.set)
    await serve(
        config, face.open, clock=SystemClock(), stop=stop, changed=ModelProgress(), again=again
    )


def _asked(stop: asyncio.Event) -> None:
    """The first signal asks to drain, the second one insists."""
    if stop.is_set():
        die(1)
    stop.set()
