"""Codes by which strangers may be let in, as a protocol."""

from __future__ import annotations

from typing import Protocol

from core.pairing import Pairing


class Pairings(Protocol):
    """Codes that are open."""

    async def offer(self, pairing: Pairing, *, at: int) -> bool:
        """Keep a code at `at` (ms); it takes the place of an earlier one of the same person.

        Returns:
            False if so many codes of the account are open that there is no room for it.
        """
        ...

    async def redeem(
        self, digest: str, platform: str | None, *, by: str, at: int, once: str = ""
    ) -> Pairing | None:
        """Take a code and let its person in, in private, in one transaction; `by` is kept.

        A code that is not open counts as a try against every open one of `platform`, None for
        any account. What is done again under the same `once` finds what it took, and changes
        nothing more.
        """
        ...
