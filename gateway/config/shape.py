"""What every block of the configuration file has in common.

These types are never decoded by msgspec itself, whose errors have no lines: `decode` walks the
file beside them, and msgspec tells their fields and writes the JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Count: TypeAlias = Annotated[int, Meta(ge=1)]
NotNegative: TypeAlias = Annotated[float, Meta(ge=0)]
Seconds: TypeAlias = Annotated[float, Meta(gt=0)]


class Block(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A block of named keys; any other key is a mistake."""
