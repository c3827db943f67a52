"""`moa-gateway reload`: the gateway that is running reads its file again.

Decides where that gateway is found, also where the file is wrong by now.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import ConfigError
from gateway.cli.command import config_option, operator
from gateway.signals import awaited

if TYPE_CHECKING:
    from core.types import Json

_DATA_DIR = re.compile(r"^data_dir:[ \t]*(\"[^\"\n]*\"|'[^'\n]*'|[^#\n]*)", re.MULTILINE)
_VARIABLE = re.compile(r"\$\{(\w+)(?::-([^}]*))?\}")


@click.command()
@config_option
def reload(path: Path) -> None:
    """Let the gateway that is running take its file again; exit code 2 if that is wrong."""
    with operator():
        told = awaited(_reload(path))
        for line in told if isinstance(told, list) else [told]:
            click.echo(line)


async def _reload(path: Path) -> Json:
    """Ask for it.

    Raises:
        ConfigError: nobody runs there, and the file may be wrong, too. StoreError: it was refused.
    """
    from gateway import config as configuration
    from gateway.control import ask

    try:
        folder, wrong = configuration.load(path, os.environ).data_dir, None
    except ConfigError as error:  # the one that runs says so itself, and in its log
        folder, wrong = _folder(path), error
    try:
        return await ask(folder, "reload")
    except (ConnectionError, FileNotFoundError):
        idle = f"No gateway is running on {folder}: 'moa-gateway run' takes the file as it is."
        raise ConfigError(f"{wrong}\n{idle}" if wrong else idle) from None


def _folder(path: Path) -> Path:
    """Find the data folder of a file that cannot be read as a whole."""
    try:
        found = _DATA_DIR.search(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        found = None
    said = found[1].strip().strip("\"'") if found else ""
    known = _VARIABLE.sub(lambda each: os.environ.get(each[1]) or each[2] or "", said)
    return Path(known or "./data").expanduser()
