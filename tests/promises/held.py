"""Counts what the program holds: its own objects by class, and what lies in their collections.

    before = held()
    …
    assert grown(before, held(), by=10) == {}

Whatever is named by `grown` has become more by that much. Objects of the libraries that speak to
messengers are counted as well; those of tests and simulators are not.
"""

from __future__ import annotations

import gc
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from types import BuiltinFunctionType, FunctionType, ModuleType

import pytest

from adapters.chat.telegram import doorway
from core.recent import Recent
from gateway.delivery import pacing
from gateway.turn import epochs
from gateway.turn.advice_cache import SharedAdvice

OURS = ("core", "gateway", "adapters")
FEW = 2
THEIRS = ("telegram", "discord", "slack_sdk", "slack_bolt")
SIZED = (dict, list, set, deque)


def held() -> Mapping[str, int]:
    """Count; what nobody holds any more is collected first."""
    for _ in range(3):
        gc.collect()
    found: Counter[str] = Counter()
    for each in gc.get_objects():
        kind = type(each)
        room = str(getattr(kind, "__module__", "")).partition(".")[0]
        if isinstance(each, type | ModuleType | FunctionType | BuiltinFunctionType):
            continue
        if room not in OURS and room not in THEIRS:
            continue
        name = f"{kind.__module__}.{kind.__qualname__}"
        found[name] += 1
        if room in OURS:
            for attribute, value in _attributes(each):
                if isinstance(value, SIZED):
                    found[f"{name}.{attribute}"] += len(value)
    return found


def circles() -> Mapping[str, int]:
    """Count what of ours nobody holds any more but itself: it stays until such is looked for."""
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        kinds = [type(each) for each in gc.garbage]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    return Counter(
        f"{kind.__module__}.{kind.__qualname__}"
        for kind in kinds
        if str(kind.__module__).partition(".")[0] in OURS
    )


def _attributes(each: object) -> Iterator[tuple[str, object]]:
    yield from getattr(each, "__dict__", {}).items()
    for kind in type(each).__mro__:
        for name in getattr(kind, "__slots__", ()):
            if name != "__dict__":
                yield name, getattr(each, name, None)


def grown(before: Mapping[str, int], after: Mapping[str, int], *, by: int) -> Mapping[str, int]:
    """Give what has become more by at least so much, and by how much."""
    more = {name: after[name] - before.get(name, 0) for name in after}
    return {name: count for name, count in more.items() if count >= by}


def forgetful(patch: pytest.MonkeyPatch) -> None:
    """Let everything that remembers a number of things remember few of them."""
    made = Recent.__init__
    patch.setattr(Recent, "__init__", lambda self, most: made(self, min(most, FEW)))
    patch.setattr(epochs, "SESSIONS", FEW)
    patch.setattr(doorway, "MOST_NAMES", FEW)
    patch.setattr(pacing, "_MANY", FEW)
    kept: dict[str, object] = SharedAdvice.__init__.__kwdefaults__ or {}
    patch.setitem(kept, "size", 1)


CAPPED: Mapping[str, str] = {
    "adapters.chat.discord.account.Calls._made": "48 calls, of the last second that had any",
    "adapters.chat.discord.rest.Bucket": "forgotten after 300 s, by discord.py",
    "adapters.chat.discord.rest.Rest._buckets": "forgotten after 300 s, by discord.py",
    "adapters.chat.slack.budget.Minute._made": "what was called within a minute",
    "gateway.delivery.pacing.ChatBudget": "a thousand, and those that owe something",
    "gateway.delivery.pacing.ChatBudgets._chats": "a thousand, and those that owe something",
}
"""What may grow for a while, and its end."""
