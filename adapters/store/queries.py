"""Reads `statements/*.sql`, where every statement of the store has its name.

They are for SQLite and PostgreSQL alike: $1 parameters (never inside a literal), flags as INTEGER,
times as BIGINT milliseconds, money as TEXT, no data-changing WITH. A row "VALUES ($1, ...)" that
is listed alone may be repeated by the program.

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
    found: dict[str, str] = {}
    for file in sorted(
        files("adapters.store").joinpath("statements").iterdir(), key=lambda f: f.name
    ):
        _, *parts = _NAME.split(file.read_text(encoding="utf-8"))
        named = dict(zip(parts[::2], map(str.strip, parts[1::2]), strict=True))
        if twice := named.keys() & found.keys():
            raise KeyError(f"{file.name}: {', '.join(sorted(twice))} stands in two files")
        found |= named
    return MappingProxyType(found)


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
