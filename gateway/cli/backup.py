"""`moa-gateway backup`: everything that is kept, in one file, and whether such a file is whole.

Decides what is printed. It reads beside the gateway that runs and asks it for nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.command import config_option, load, operator, quiet
from gateway.signals import awaited

if TYPE_CHECKING:
    from core.ports.remains import Contents


@click.command()
@config_option
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--check", "looks", is_flag=True, help="Read this FILE again, and make none.")
def backup(path: Path, file: Path | None, *, looks: bool) -> None:
    """Write everything that is kept to a new FILE; the gateway may be running."""
    from gateway.clock import SystemClock
    from gateway.wiring import back_up, check_backup

    config = load(path)
    quiet(config)
    with operator():
        if not looks:
            made, contents = awaited(back_up(config, file, SystemClock().now()))
            click.echo(f"Written to {made}, and read again: {_told(contents)}")
        elif file is None:
            raise click.BadArgumentUsage(
                "Name the file to be read: moa-gateway backup --check FILE"
            )
        else:
            click.echo(f"{file} is whole: {_told(awaited(check_backup(config, file)))}")


def _told(contents: Contents) -> str:
    files = f"{contents.files} file{'' if contents.files == 1 else 's'} of questions"
    lost = f" ({contents.missing} more were lost before)" if contents.missing else ""
    return f"data version {contents.version}, {files}{lost}, {contents.size:,} bytes."
