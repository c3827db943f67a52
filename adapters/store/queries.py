"""Reads `queries.sql`, where every statement of the store has its name.

Never composes SQL from values: the one thing it changes is how often a VALUES row stands there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType

from adapters.store.database import Statement, Value

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_VALUES = re.compile(r"(?<=VALUES )\([$\d,\s]+\)")


def _load() -> Mapping[str, str]:
    text = files("adapters.store").joinpath("queries.sql").read_text(encoding="utf-8")
    _, *parts = _NAME.split(text)
    names, bodies = parts[::2], parts[1::2]
    return MappingProxyType(dict(zip(names, map(str.strip, bodies), strict=True)))


QUERIES = _load()


def statement(name: str, *values: Value, gate: bool = False) -> Statement:
    """Take a statement by its name."""
    return Statement(query=QUERIES[name], values=values, gate=gate)


def statement_of_rows(name: str, rows: Sequence[tuple[Value, ...]]) -> Statement:
    """Take a statement whose one VALUES row is to stand there once for each of `rows`."""
    values = tuple(value for row in rows for value in row)
    return Statement(query=_repeated(name, len(rows), len(rows[0])), values=values)


@lru_cache(maxsize=256)
def _repeated(name: str, rows: int, width: int) -> str:
    groups = (
        "(" + ", ".join(f"${row * width + column + 1}" for column in range(width)) + ")"
        for row in range(rows)
    )
    text, found = _VALUES.subn(", ".join(groups), QUERIES[name])
    if found != 1:
        raise KeyError(name)
    return text
