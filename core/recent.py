"""A memory that forgets: it keeps what was written last, so that it never grows (P5).

Decides only what is forgotten. For what can be asked or learnt again of people and places.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Values by key; of more than `most` those are forgotten that were written longest ago."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[K, V] = OrderedDict()

    def __contains__(self, key: K) -> bool:
        """Say whether it is remembered."""
        return key in self._kept

    def __len__(self) -> int:
        """Say how many are remembered."""
        return len(self._kept)

    def __setitem__(self, key: K, value: V) -> None:
        """Remember it, as the last one."""
        self._kept[key] = value
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: K) -> V | None:
        """Give what is remembered, None if nothing is."""
        return self._kept.get(key)

    def pop(self, key: K) -> V | None:
        """Forget it, and give what was remembered."""
        return self._kept.pop(key, None)

    def all(self) -> Mapping[K, V]:
        """Give everything, oldest first, as it is now."""
        return dict(self._kept)
