"""`moa-gateway pair` and `moa-gateway audit`: who is let in, and who changed what.

A gateway that runs does it itself, for one process writes the data; without one it is done here.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import config_option, json_option, load, operator, quiet, say
from gateway.signals import awaited

if TYPE_CHECKING:
    from gateway.config import Config

_UNTOLD = "No gateway is running, so nobody could tell them."


@click.group()
def pair() -> None:
    """Let in strangers who were given a code."""


@pair.command("approve")
@config_option
@click.argument("code")
def approve_pair(path: Path, code: str) -> None:
    """Let in whoever was given this CODE, in private; the gateway tells them."""
    config = load(path)
    quiet(config)
    with operator():
        click.echo(awaited(_approve(config, code)))


@click.command()
@config_option
@click.option("--last", default=100, show_default=True, help="How many, the newest.")
@json_option
def audit(path: Path, last: int, *, as_json: bool) -> None:
    """Say who changed what, and when; the gateway may be running."""
    from gateway.cli import auditing
    from gateway.wiring import read_audit

    config = load(path)
    with operator():
        changes = awaited(read_audit(config).audited(last=last))
    say(auditing.as_text(changes, config.zone), auditing.as_json(changes), as_json=as_json)


async def _approve(config: Config, code: str) -> str:
    from gateway.control import ask

    try:
        return str(await ask(config.data_dir, "pair", code=code))
    except (ConnectionError, FileNotFoundError):
        return f"{await _approve_here(config, code)} {_UNTOLD}"


async def _approve_here(config: Config, code: str) -> str:
    """Do it while no gateway runs.

    Raises:
        StoreError: one does run, and does not listen. UsageError: the code is not open.
    """
    from core.audit import COMMAND_LINE
    from core.texts import access as said
    from gateway.access.doorkeeper import redeem
    from gateway.clock import SystemClock
    from gateway.wiring import open_store

    store = await open_store(config)
    try:
        now = int(SystemClock().now().timestamp() * 1000)
        found = await redeem(store, code, None, by=COMMAND_LINE, at=now)
        return said.paired(f"{found.platform}:{found.person}")
    finally:
        await store.close()
