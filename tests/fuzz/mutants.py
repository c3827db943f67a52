"""Documents of platforms and providers with some of their values changed, as bytes say.

Raw bytes seldom make JSON that gets past the first brace. So the first byte chooses a document
that is known to be good, and every three after it change one value of it. Decides nothing else.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from typing import Any


def _nested(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"a": [value]}
    return value


ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 2**63, -(2**63), 10**40, 1e308, 0.5),
    *("", " ", "0", "-1", "a" * 5000, "\x00", "\ud800", "💥" * 99, "<@U0BOT0001>", "@everyone"),
    *("/moa review", "<!channel>", "1e999", "9" * 400, "2026-13-40T25:61:61Z", "../..", "stop"),
    *([], {}, [[]], [None], [{}], {"": {}}, [0, "", None], {"id": {}}, _nested(40)),
)
"""What no field should be, and every field may be."""


_DEEPEST = 400
"""Levels: what is copied into itself again and again doubles them."""


def mutant(data: bytes, documents: Sequence[Any]) -> Any:
    """Give one of the documents, changed."""
    if not data:
        return documents[0]
    changed = copy.deepcopy(documents[data[0] % len(documents)])
    for at in range(1, len(data) - 2, 3):
        places = list(_places(changed))
        if not places:
            break
        where, what, how = data[at : at + 3]
        holder, key = places[(where * 256 + what) % len(places)]
        if how == 255:
            del holder[key]
        elif how >= 128:
            another = _at(places, how)
            holder[key] = copy.deepcopy(another) if _levels(another) < _DEEPEST else None
        else:
            holder[key] = copy.deepcopy(ODD[how % len(ODD)])
    return changed


def _at(places: Sequence[tuple[Any, Any]], how: int) -> Any:
    """Give what stands somewhere else in the document."""
    holder, key = places[how % len(places)]
    return holder[key]


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Walk over everything that can be changed."""
    keys: Iterable[Any] = ()
    if isinstance(value, dict):
        keys = list(value)
    elif isinstance(value, list):
        keys = range(len(value))
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _levels(value: Any) -> int:
    """Count how deep it is, one level after the other."""
    count, level = 0, [value]
    while level := [each for one in level for each in _inside(one)]:
        count += 1
    return count


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
