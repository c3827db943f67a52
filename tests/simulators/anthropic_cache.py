"""Anthropic's prompt cache: opt-in, by exact prefix, over tools, system and messages.

What is known of it (docs of Anthropic, prompt caching): a breakpoint writes the prefix that ends
in its block; it reads the longest one that was written before, looking back over at most twenty
blocks; below 1,024 tokens nothing is kept; an entry lives for five minutes after its last use.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.simulators.anthropic_rules import blocks_of, system_of

LEAST = 1_024
LOOKBACK = 20
SECONDS = 300.0
BYTES_PER_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Counted:
    """What a request's input came to, in tokens. `all` is the sum of the three."""

    fresh: int
    read: int
    written: int

    @property
    def all(self) -> int:
        return self.fresh + self.read + self.written


@dataclass(slots=True)
class PromptCache:
    """The cache of one organisation; models do not share."""

    kept: dict[tuple[str, str], float] = field(default_factory=dict)

    def count(self, body: Mapping[str, Any], now: float) -> Counted:
        """Count a request's input at the second `now`, and keep what it asks to keep."""
        prefixes = list(_prefixes(body))
        marked = [at for at, (_, _, here) in enumerate(prefixes) if here]
        if "cache_control" in body:
            marked.append(len(prefixes) - 1)
        read = self._read(body["model"], prefixes, marked, now)
        written = 0
        for at in marked:
            hash_, size, _ = prefixes[at]
            if size >= LEAST:
                self.kept[body["model"], hash_] = now
                written = max(written, size - read)
        total = prefixes[-1][1]
        return Counted(fresh=total - read - written, read=read, written=written)

    def _read(
        self, model: str, prefixes: list[tuple[str, int, bool]], marked: list[int], now: float
    ) -> int:
        for at in reversed(marked):
            for back in range(at, max(-1, at - LOOKBACK), -1):
                hash_, size, _ = prefixes[back]
                if now - self.kept.get((model, hash_), -SECONDS) < SECONDS:
                    self.kept[model, hash_] = now
                    return size
        return 0


def blocks(body: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give every block in the order in which the cache reads them, with where it stands."""
    yield from (("tool", each) for each in body.get("tools", ()))
    yield from (("system", each) for each in system_of(body))
    for message in body["messages"]:
        yield from ((message["role"], each) for each in blocks_of(message))


def written(where: str, block: Mapping[str, Any]) -> bytes:
    """Write a block as the cache compares it: where it stands, and all but its breakpoint."""
    bare = {name: value for name, value in block.items() if name != "cache_control"}
    return f"{where}{json.dumps(bare, sort_keys=True)}".encode()


def tokens(*texts: bytes) -> int:
    """Count as the simulator does."""
    return sum(len(text) // BYTES_PER_TOKEN + 1 for text in texts)


def _prefixes(body: Mapping[str, Any]) -> Iterator[tuple[str, int, bool]]:
    """Give hash and size of every prefix that ends in a block, and whether it is marked."""
    digest, size = sha256(), 0
    for where, block in blocks(body):
        text = written(where, block)
        digest.update(text)
        size += tokens(text)
        yield digest.hexdigest(), size, "cache_control" in block
