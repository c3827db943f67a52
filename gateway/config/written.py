"""A block of the configuration back into YAML, as somebody would write it.

Decides what is left out: what nobody has to say because it is so anyway.
"""

from __future__ import annotations

from typing import Any

import msgspec
import yaml
from msgspec import NODEFAULT

from core.types import Json
from gateway.config.shape import Block

SAID = frozenset({"fanout"})
"""Written even where it is the default: it decides what a preset costs."""


def as_block(block: Block) -> dict[str, Json]:
    """Give a block as plain values, without what is so anyway."""
    given: dict[str, Json] = {}
    for field in msgspec.structs.fields(block):
        value = getattr(block, field.name)
        default = field.default if field.default is not NODEFAULT else _made(field.default_factory)
        if field.name in SAID or value != default:
            given[field.name] = _plain(value)
    return given


def as_yaml(value: Json) -> str:
    """Write plain values as YAML."""
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)


def _made(factory: Any) -> Any:  # noqa: ANN401 - a default may be anything
    return NODEFAULT if factory is NODEFAULT else factory()


def _plain(value: Any) -> Json:  # noqa: ANN401 - what a block holds
    if isinstance(value, Block):
        return as_block(value)
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    plain: Json = msgspec.to_builtins(value, enc_hook=str)
    return plain
