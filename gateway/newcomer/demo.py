"""The first five minutes: a configuration made from what this machine offers.

Decides what a newcomer is given without writing a file. It never spends their money unasked: the
small model answers until they choose one of their own with a click.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

from core.errors import ConfigError
from gateway import config
from gateway.newcomer import offers
from gateway.newcomer.discovery import discover

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.newcomer.offers import Block, Offer

PORT = 8080


async def demo_config(
    data_dir: str, environ: Mapping[str, str]
) -> tuple[config.Config, tuple[Offer, ...]]:
    """Make the demo's configuration, and give the offers that it was made from, best first.

    Raises:
        ConfigError: PORT is no port.
    """
    found = await discover(environ)
    port = environ.get("PORT", "").strip()
    if port and not (port.isascii() and port.isdigit() and int(port) <= 65535):  # noqa: PLR2004 - the last port
        message = f"PORT is {port!r}; it has to be a number from 0 to 65535."
        raise ConfigError(message)
    blocks = offers.settings(found)
    moa: Block = {**_block(blocks["moa"]), "default_preset": found[-1].name}
    http: Block = {"port": int(port or PORT), "token": "${MOA_GATEWAY_TOKEN:-}"}
    text = yaml.safe_dump(
        {**blocks, "moa": moa, "data_dir": data_dir, "http": http}, sort_keys=False
    )
    return config.parse(text, "<demo>", environ), found


def _block(value: object) -> Block:
    if not isinstance(value, dict):
        message = "the offers are no block of a configuration"
        raise TypeError(message)
    return value
