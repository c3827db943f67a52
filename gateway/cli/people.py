"""`moa-gateway people` and `moa-gateway sessions`: what is kept, to read, take along or delete.

Decides what is printed and asked back. Whoever has a shell on the machine may do all of it; what
people said in private they are shown only where the file says so, and the log of changes notes it.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import config_option, json_option, load, operator, quiet, say
from gateway.signals import awaited

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from core.types import Json
    from gateway.config import Config
    from gateway.privacy.exports import Exports, Listed

_LONGEST_NAME = 150
"""Bytes of a file's name; disks take 255, and its hash stands before it."""

yes_option = click.option("--yes", is_flag=True, help="Do not ask back.")


@click.group()
def people() -> None:
    """What is kept of somebody, named PLATFORM:ID."""


@people.command("export")
@config_option
@click.argument("person")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="A new folder; else ./ID.")
def export_person(path: Path, person: str, folder: Path | None) -> None:
    """Write all that is kept of a PERSON into a folder: one JSON file, and their files."""
    config = load(path)
    quiet(config)
    with operator():
        platform, id_ = _named(person)
        target = folder or Path(f"{platform}-{id_}".replace("/", "_"))
        click.echo(awaited(_export(config, platform, id_, target)))


@people.command("erase")
@config_option
@click.argument("person")
@yes_option
def erase_person(path: Path, person: str, *, yes: bool) -> None:
    """Delete all that is kept of a PERSON; costs stay as figures. The gateway may be running."""
    config = load(path)
    quiet(config)
    with operator():
        platform, id_ = _named(person)
        wanted = {"platform": platform, "person": id_}
        if not yes:
            found = awaited(_order(config, "look", wanted))
            click.confirm(f"This deletes {_counted(found)} for good. Go on?", abort=True)
        click.echo(f"Deleted: {_counted(awaited(_order(config, 'erase', wanted)))}.")


@click.group()
def sessions() -> None:
    """The conversations that are kept."""


@sessions.command("list")
@config_option
@json_option
def list_sessions(path: Path, *, as_json: bool) -> None:
    """List the sessions of which there are texts."""
    config = load(path)
    with operator():
        found = awaited(_list(config))
    say(_lines(found), [_plain(each) for each in found], as_json=as_json)


@sessions.command("export")
@config_option
@click.argument("session")
def export_session(path: Path, session: str) -> None:
    """Print all that is kept of a SESSION, as JSON."""
    config = load(path)
    quiet(config)
    with operator():
        click.echo(json.dumps(awaited(_session(config, session)), indent=2))


@sessions.command("delete")
@config_option
@click.argument("session")
@yes_option
def delete_session(path: Path, session: str, *, yes: bool) -> None:
    """Delete a SESSION with its traces and files; costs stay as figures."""
    config = load(path)
    quiet(config)
    with operator():
        wanted = {"session": session}
        if not yes:
            found = awaited(_order(config, "look_at", wanted))
            click.confirm(f"This deletes {_counted(found)} for good. Go on?", abort=True)
        click.echo(f"Deleted: {_counted(awaited(_order(config, 'delete', wanted)))}.")


def _named(person: str) -> tuple[str, str]:
    from core.errors import UsageError

    platform, _, id_ = person.partition(":")
    if not platform or not id_:
        raise UsageError(f"{person!r} names nobody: write PLATFORM:ID, such as telegram:555000111.")
    return platform, id_


async def _order(config: Config, do: str, wanted: dict[str, str]) -> Json:
    from gateway.privacy.orders import ordered

    return await ordered(config, do, **wanted)


def _counted(figures: Json) -> str:
    from core.erasure import Counts
    from core.texts.privacy import counted

    known = figures if isinstance(figures, dict) else {}
    return counted(Counts(**known)) or "nothing"


def _exports(config: Config) -> Exports:
    from gateway.access.grants import Grants
    from gateway.access.places import Places
    from gateway.clock import SystemClock
    from gateway.privacy.exports import Exports
    from gateway.wiring import open_traces, read_store

    return Exports(
        store=read_store(config),
        traces=open_traces(config),
        places=Places(config, Grants(SystemClock())),
        open_dms=config.settings.privacy.admins_see_dms,
    )


async def _export(config: Config, platform: str, person: str, folder: Path) -> str:
    from gateway.privacy.orders import ordered

    named = await ordered(config, "sessions", platform=platform, person=person)
    sessions = [str(each) for each in named] if isinstance(named, list) else []
    whole, files = await _exports(config).person(platform, person, sessions)
    from gateway.wiring import open_shelf

    shelf = open_shelf(config)
    _write(folder / "person.json", json.dumps(whole, indent=2).encode())
    for digest, file in files.items():
        data = await shelf.read(digest)
        if data is not None:
            _write(folder / "files" / f"{digest[:12]}-{fit(file.name)}", data)
    return f"Written to {folder}: person.json, and {len(files)} files."


def fit(name: str) -> str:
    """Make a stranger's name for a file one that every disk takes; how it ends stays."""
    plain = "".join(sign if sign.isalnum() or sign in "._-" else "_" for sign in name)
    data = plain.encode()
    head = data if len(data) <= _LONGEST_NAME else data[: _LONGEST_NAME - 20] + data[-20:]
    return head.decode(errors="ignore")


def _write(path: Path, data: bytes) -> None:
    from core.errors import UsageError

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}.") from error


async def _list(config: Config) -> Sequence[Listed]:
    found = await _exports(config).listed()
    shown = [each for each in found if each.direct and each.title]
    if shown:
        await _order(config, "viewed", {"scope": "sessions", "what": f"list {len(shown)}"})
    return found


async def _session(config: Config, session: str) -> Json:
    exports = _exports(config)
    found = await exports.session(session)
    if await exports.private(session):
        await _order(config, "viewed", {"scope": f"session:{session}", "what": "export"})
    return found


def _lines(found: Sequence[Listed]) -> Iterator[str]:
    if not found:
        yield "No conversation is kept."
    for each in found:
        since = datetime.fromtimestamp(each.oldest / 1000, UTC)
        title = each.title or ("(private)" if each.direct else "")
        line = f"{each.session}  {each.exchanges} exchanges since {since:%Y-%m-%d}  {title}"
        yield "".join(sign if sign.isprintable() else "?" for sign in line).rstrip()


def _plain(each: Listed) -> Json:
    return {
        "session": each.session,
        "private": each.direct,
        "title": each.title or None,
        "exchanges": each.exchanges,
        "oldest": datetime.fromtimestamp(each.oldest / 1000, UTC).isoformat(timespec="seconds"),
    }
