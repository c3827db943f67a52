"""`moa-gateway dead-letters`: what broke the program off three times, to look at and try again.

A gateway that runs does it itself, for one process writes the data; without one it is done here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import config_option, json_option, load, operator, quiet, say
from gateway.signals import awaited

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.records import Accepted
    from core.types import Json
    from gateway.config import Config


@click.group("dead-letters")
def dead_letters() -> None:
    """What was put aside because the program broke off at it three times."""


@dead_letters.command("list")
@config_option
@json_option
def list_letters(path: Path, *, as_json: bool) -> None:
    """List them, without what they say; the gateway may be running."""
    from gateway.wiring import read_store

    config = load(path)
    with operator():
        found = awaited(read_store(config).aside("broke"))
    say(_lines(found), [_plain(each) for each in found], as_json=as_json)


@dead_letters.command("retry")
@config_option
@click.argument("number", type=int)
def retry_letter(path: Path, number: int) -> None:
    """Let the one with this NUMBER be tried again: now, or when the gateway starts."""
    config = load(path)
    quiet(config)
    with operator():
        click.echo(awaited(_retry(config, number)))


async def _retry(config: Config, number: int) -> str:
    from gateway.control import ask

    try:
        return str(await ask(config.data_dir, "retry", number=str(number)))
    except (ConnectionError, FileNotFoundError):
        return await _retry_here(config, number)


async def _retry_here(config: Config, number: int) -> str:
    """Do it while no gateway runs.

    Raises:
        StoreError: one does run, and does not listen. UsageError: there is no such letter.
    """
    from core.errors import UsageError
    from core.texts import backlog as said
    from gateway.wiring import open_store

    store = await open_store(config)
    try:
        letters = [each.seq for each in await store.aside("broke") if each.seq == number]
        if not await store.wanted(letters):
            raise UsageError(said.NO_LETTER.format(number=number))
        return said.TRIED_LATER.format(number=number)
    finally:
        await store.close()


def _lines(found: Sequence[Accepted]) -> Iterator[str]:
    if not found:
        yield "Nothing was put aside."
    for each in found:
        plain = _plain(each)
        yield "{number}  {kind} of {at}  {session}  by {author}".format_map(plain)


def _plain(each: Accepted) -> dict[str, Json]:
    incoming = each.incoming
    return {
        "number": each.seq,
        "kind": type(incoming).__name__.lower(),
        "at": datetime.fromtimestamp(incoming.at / 1000, UTC).isoformat(timespec="seconds"),
        "session": each.session,
        "author": f"{incoming.address.platform}:{incoming.author.id}",
        "attempts": each.attempts,
    }
