"""`moa-gateway tools`: what tool servers list, what is held back of it, and an owner's yes to it.

Decides the exit codes; what is printed, `gateway.cli.pinned` decides.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import FAILED, config_option, load, operator, quiet
from gateway.signals import awaited

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from gateway.config import Config


@click.group()
def tools() -> None:
    """Look at what tool servers offer, and approve what has changed."""


@tools.command("list")
@config_option
@click.argument("server", required=False)
def list_tools(path: Path, server: str | None) -> None:
    """Start the servers, or one of them, and say what they list and what is held back."""
    from gateway.cli.pinned import show

    _look(path, lambda config: show(config, server, click.echo))


@tools.command("approve")
@config_option
@click.argument("server")
def approve_tools(path: Path, server: str) -> None:
    """Say what has changed of a server's tools, and let models have them as they are now."""
    from gateway.cli.pinned import approve

    _look(path, lambda config: approve(config, server, click.echo))


def _look(path: Path, work: Callable[[Config], Coroutine[None, None, bool]]) -> None:
    """Do something with tool servers; exit code 1 if one of them is of no use."""
    config = load(path)
    quiet(config)
    with operator():
        if not awaited(work(config)):
            sys.exit(FAILED)
