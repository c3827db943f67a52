"""Text with Telegram's entities: adds up, counts in UTF-16 units, never mentions anybody.

Pure. Decides where entities stand when texts are joined, cut or made harmless; what they mean
is Telegram's. Offsets and lengths are UTF-16 units, as the Bot API wants them.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core.markup import utf16

LIMIT: Final = 4096
"""UTF-16 units of a message, after its entities were parsed."""
MOST: Final = 100
"""Entities of a message; Telegram overlooks those beyond."""

_ZERO_WIDTH: Final = "\u200b"
_CODE: Final = frozenset({"pre", "code"})
# What matters most when there are too many: links carry an address, quotes and code a meaning.
_WORTH: Final = ("text_mention", "text_link", "blockquote", "expandable_blockquote", "pre", "code")
# An address with a path and an e-mail address may hold an @ that is no mention, if it stands behind
# a letter, a digit or a slash: clients differ in where an address ends. Everything else
# that follows an @ may be one, unless a letter stands right before it.
_AT = re.compile(
    r"https?://[^\s/?#@<>]+[/?#](?:(?![^\w/@]@\w)[^\s<>\[\](){}«»\"])*"
    r"|[\w.+%-]*[\w+%-]@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,8}\b"
    r"|(?<![A-Za-z])(?P<at>@)(?=\w)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A stretch of a message with a meaning. `user` is whom a text mention is about."""

    type: str
    offset: int
    length: int
    url: str = ""
    language: str = ""
    user: int | None = None

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.offset + self.length

    def json(self) -> dict[str, object]:
        """Give it as the Bot API takes it."""
        found: dict[str, object] = {
            "type": self.type,
            "offset": self.offset,
            "length": self.length,
        }
        if self.url:
            found["url"] = self.url
        if self.language:
            found["language"] = self.language
        if self.user is not None:
            found["user"] = {"id": self.user, "is_bot": False, "first_name": ""}
        return found


@dataclass(frozen=True, slots=True)
class Styled:
    """A text and its entities."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    @property
    def size(self) -> int:
        """UTF-16 units."""
        return utf16(self.text)

    def __add__(self, other: Styled | str) -> Styled:
        """Put another one behind it."""
        if isinstance(other, str):
            return Styled(self.text + other, self.entities)
        shift = self.size
        moved = [_moved(each, each.offset + shift, each.length) for each in other.entities]
        return Styled(self.text + other.text, (*self.entities, *moved))

    def within(self, kind: str, *, user: int | None = None) -> Styled:
        """Give all of it one more meaning."""
        if not self.text:
            return self
        whole = Entity(type=kind, offset=0, length=self.size, user=user)
        return Styled(self.text, (whole, *self.entities))

    def trimmed(self) -> Styled:
        """Take white space off its end, as Telegram does."""
        text = self.text.rstrip()
        return self if text == self.text else Styled(text, _clipped(self.entities, utf16(text)))

    def few(self) -> Styled:
        """Keep at most as many entities as a message may have, those that matter most."""
        if len(self.entities) <= MOST:
            return self
        ranked = sorted(
            self.entities,
            key=lambda each: _WORTH.index(each.type) if each.type in _WORTH else len(_WORTH),
        )
        return Styled(self.text, tuple(sorted(ranked[:MOST], key=lambda each: each.offset)))

    def inert(self) -> Styled:
        """Break every @name so that nobody is called.

        Code stays as it is, so that it can be copied: an entity of code holds no mention.
        """
        if "@" not in self.text:
            return self
        places = [found.start() + 1 for found in _AT.finditer(self.text) if found["at"]]
        units = _units(self.text, places)
        breaks = [
            (place, unit)
            for place, unit in zip(places, units, strict=True)
            if not self._is_code(unit)
        ]
        if not breaks:
            return self
        text = _insert(self.text, [place for place, _ in breaks])
        units = [unit for _, unit in breaks]
        return Styled(text, tuple([_stretched(each, units) for each in self.entities]))

    def _is_code(self, unit: int) -> bool:
        return any(each.offset < unit <= each.end for each in self.entities if each.type in _CODE)


def joined(pieces: Iterable[Styled], between: str = "\n\n") -> Styled:
    """Put what is not empty into one text."""
    result = Styled()
    for piece in pieces:
        if piece.text:
            result = (result + between if result.text else result) + piece
    return result


def _moved(entity: Entity, offset: int, length: int) -> Entity:
    if (offset, length) == (entity.offset, entity.length):
        return entity
    return Entity(
        type=entity.type,
        offset=offset,
        length=length,
        url=entity.url,
        language=entity.language,
        user=entity.user,
    )


def _clipped(entities: Iterable[Entity], end: int) -> tuple[Entity, ...]:
    clipped = [_moved(each, each.offset, min(each.end, end) - each.offset) for each in entities]
    return tuple([each for each in clipped if each.length > 0])


def _units(text: str, places: Iterable[int]) -> list[int]:
    units, at, unit = [], 0, 0
    for place in places:
        unit += utf16(text[at:place])
        at = place
        units.append(unit)
    return units


def _insert(text: str, places: Iterable[int]) -> str:
    pieces, at = [], 0
    for place in places:
        pieces.append(text[at:place])
        at = place
    return _ZERO_WIDTH.join([*pieces, text[at:]])


def _stretched(entity: Entity, units: list[int]) -> Entity:
    """Make room for what is put in at `units`, which are in order."""
    before = bisect_right(units, entity.offset)
    inside = bisect_left(units, entity.end) - before
    return _moved(entity, entity.offset + before, entity.length + max(inside, 0))
