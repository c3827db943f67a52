"""What somebody wants forgotten, and what repeats it (ADR 0040). Pure; deletes nothing.

Decides when a text repeats what a person said: a few words that are theirs, or one mark that
hardly anybody would write by chance; and what of a message is no text. Never decides who may ask.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import MISSING, Field, dataclass, fields, replace
from typing import Any, Final

from core.types import Author, Edited, Incoming, Press

RUN: Final = 5
"""So many words in a row are no chance."""
SHORT: Final = 12
"""Characters from which on a whole line of fewer words is no chance either."""
_WORD: Final = re.compile(r"\w+(?:[-._@:/]\w+)*")
_ODD: Final = re.compile(r"(?=.*\d)(?=.*[^\W\d]).{6,}|.{18,}|\d{6,}|.+@.+", re.DOTALL)
"""A word that tells by itself where it comes from: a name of a thing, a number, an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How much was taken out: figures, for people and logs, and never a word of it.

    `exchanges` are questions with their answers, `quoting` those of others that repeated them,
    `messages` what came in besides, `traces` lines of trace files, `settings` what was chosen,
    `facts` what was pinned.
    """

    exchanges: int = 0
    quoting: int = 0
    messages: int = 0
    traces: int = 0
    files: int = 0
    votes: int = 0
    settings: int = 0
    facts: int = 0
    audit: int = 0
    copies: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Add every figure."""
        return Counts(
            **{
                each.name: getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            }
        )

    def __bool__(self) -> bool:
        """Say whether there was anything."""
        return any(getattr(self, each.name) for each in fields(self))

    @property
    def figures(self) -> dict[str, int]:
        """Give what is not 0, by name."""
        found = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: number for name, number in found.items() if number}


class Said:
    """What one person said, ready to be looked for in other texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take everything that they wrote."""
        self._odd: set[str] = set()
        self._runs: dict[int, set[tuple[str, ...]]] = {}
        for text in texts:
            self._learn(text)

    def _learn(self, text: str) -> None:
        words = _words(text)
        self._odd.update(filter(_ODD.fullmatch, words))
        size = min(len(words), RUN)
        if size == RUN or (size and len(text.strip()) >= SHORT):
            self._runs.setdefault(size, set()).update(_runs(words, size))

    def repeated_in(self, *texts: str) -> bool:
        """Tell whether any of these texts repeats it."""
        return any(self._in(_words(text)) for text in texts if text)

    def _in(self, words: list[str]) -> bool:
        if not self._odd.isdisjoint(words):
            return True
        return any(not runs.isdisjoint(_runs(words, size)) for size, runs in self._runs.items())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _runs(words: list[str], size: int) -> Iterable[tuple[str, ...]]:
    return zip(*(words[at:] for at in range(size)), strict=False)


# --- what came in, without its words ----------------------------------------------------------

_PLACES: Final = {
    *("event_id", "address", "author", "at", "message_id", "reply_to", "direct", "addressed"),
    *("to_others", "action", "turn_id", "new", "of"),
    *("place", "rooms", "circles", "groups", "hears", "threads"),
}
"""What a message keeps: where, when and whose it was. Every other field counts as text."""
_PERSON: Final = {"id", "is_bot", "circles", "is_guest", "is_admin"}
_WORDS: Final = ("text", "args")


def bared(incoming: Incoming) -> Incoming:
    """Give what came in without a word of it: no text, no name, no file, no handle."""
    changes = _emptied(incoming, _PLACES)
    if isinstance(incoming, Edited):
        changes["message"] = bared(incoming.message)
    author = replace(incoming.author, **_emptied(incoming.author, _PERSON))
    return replace(incoming, author=author, **changes)


def orders(incoming: Incoming) -> bool:
    """Tell whether it is somebody's wish to be forgotten."""
    return isinstance(incoming, Press) and incoming.action == "forget"


def text_of(incoming: Incoming) -> str:
    """Give what somebody wrote with it."""
    said = incoming.message if isinstance(incoming, Edited) else incoming
    return "\n".join(filter(None, (getattr(said, name, "") for name in _WORDS)))


def _emptied(value: Incoming | Author, kept: set[str]) -> dict[str, Any]:
    return {each.name: _nothing(each) for each in fields(value) if each.name not in kept}


def _nothing(field: Field[Any]) -> object:
    """Give what a field has where nobody says anything."""
    if field.default is not MISSING:
        return field.default
    return "" if field.default_factory is MISSING else field.default_factory()
