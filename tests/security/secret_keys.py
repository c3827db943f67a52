"""Every key of the file that is a secret, found in its types: none can be forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from msgspec import inspect

from gateway.config.leaves import is_secret, kinds_of
from gateway.config.model import Settings

Path: TypeAlias = tuple[str, ...]


def secret_keys() -> frozenset[Path]:
    """Give their paths: "*" is a name of one's own, `*telegram` one whose block is of that kind."""
    return frozenset(_within(inspect.type_info(Settings), ()))


def _within(kind: inspect.Type, path: Path) -> Iterator[Path]:
    for each in kinds_of(kind):
        if is_secret((each,)):
            yield path
        elif isinstance(each, inspect.StructType):
            here = (*path[:-1], path[-1] + str(each.tag)) if each.tag else path
            for field in each.fields:
                yield from _within(field.type, (*here, field.name))
        elif isinstance(each, inspect.DictType):
            yield from _within(each.value_type, (*path, "*"))
        elif isinstance(each, inspect.VarTupleType):
            yield from _within(each.item_type, (*path, "*"))
