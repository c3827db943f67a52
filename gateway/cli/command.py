"""What all commands share: the file they read, how they print, what a mistake looks like.

Decides the exit codes: 0 is well done, 2 is the operator's mistake (a sentence on stderr says
which), 1 is ours or a model's; what a signal ended says which (`gateway.signals`).
"""

from __future__ import annotations

import json
import logging
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from core.errors import ConfigError, GatewayError, StoreError, UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from core.types import Json
    from gateway.config import Config

FAILED = 1
OPERATOR = 2
DEFAULT_CONFIG = "config.yaml"

config_option = click.option(
    "--config",
    "path",
    envvar="MOA_GATEWAY_CONFIG",
    default=DEFAULT_CONFIG,
    type=click.Path(path_type=Path),
    help="The configuration file (else $MOA_GATEWAY_CONFIG).",
    show_default=True,
)
json_option = click.option("--json", "as_json", is_flag=True, help="For programs.")


def load(path: Path) -> Config:
    """Read the file, or say why not and leave."""
    from gateway import config as configuration

    with operator():
        if not path.exists():
            message = (
                f"There is no {path}. Copy config.example.yaml to it and fill in what you have, "
                "or name another file with --config. To try it without any file: moa-gateway demo"
            )
            raise ConfigError(message)
        return configuration.load(path, os.environ)


def quiet(config: Config, level: int = logging.WARNING) -> None:
    """Have only what is at least as grave logged beside what is printed, and no secrets."""
    from gateway import logs

    logs.set_up(config.secrets)
    logging.getLogger().setLevel(level)


def say(lines: Iterable[str], figures: Json, *, as_json: bool) -> None:
    """Print what was found: lines for people, or the figures for programs, in plain ASCII."""
    for line in [json.dumps(figures, indent=2)] if as_json else lines:
        click.echo(line)


@contextmanager
def operator() -> Iterator[None]:
    """Turn the operator's mistakes into a sentence and exit code 2."""
    try:
        yield
    except (ConfigError, StoreError, UserError, BaseExceptionGroup) as error:
        told = _told(error)
        if told is None:
            raise
        click.echo(f"moa-gateway: {told}", err=True)
        sys.exit(OPERATOR)


def _told(error: BaseException | None) -> GatewayError | None:
    """Find the operator's mistake in what was raised, also inside a group."""
    if isinstance(error, ConfigError | StoreError | UserError):
        return error
    if isinstance(error, BaseExceptionGroup):
        return next((told for each in error.exceptions if (told := _told(each))), None)
    return None
