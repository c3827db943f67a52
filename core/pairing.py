"""Codes by which a stranger may be let in: how they look, and how long they are good. Pure.

A code is shown once, to the stranger, and kept as a digest alone. It is bound to the account, the
person and the chat that it was given in, and lets in nobody by itself: an admin has to say it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without signs that are mistaken for another one when they are read aloud or copied by hand."""
LENGTH: Final = 8
MINUTES: Final = 10
TRIES: Final = 5
"""Wrong codes after which the ones that are open are void."""
MOST_OPEN: Final = 20
"""Codes of one account that are open at once: strangers beyond them are told their id alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A code that is open. `channel` is the chat it was given in; `expires` is in ms."""

    platform: str
    person: str
    channel: str
    digest: str
    expires: int


def new_code(choose: Callable[[str], str]) -> str:
    """Make a code; `choose` picks a sign, as `secrets.choice` does."""
    return "".join(choose(ALPHABET) for _ in range(LENGTH))


def read_code(text: str) -> str | None:
    """Read a code as people write it, with blanks, hyphens and small letters; None if it is none.

    Nothing else is mended: what looks alike does not stand in the alphabet.
    """
    code = "".join(text.split()).replace("-", "").upper()
    return code if len(code) == LENGTH and set(code) <= set(ALPHABET) else None


def digest(code: str) -> str:
    """Give what is kept of a code."""
    return sha256(f"pairing {code}".encode()).hexdigest()
