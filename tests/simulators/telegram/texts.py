"""What becomes of a text with its entities: refused, or cleaned, trimmed and completed.

Offsets count UTF-16 units. Entities beyond the hundredth are dropped without a word, as the
platform does. Mentions, commands and links are found in the text by the server itself, outside
of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from tests.simulators.telegram.markup import parsed
from tests.simulators.telegram.refusal import bad
from tests.simulators.telegram.state import Wire

MOST_ENTITIES = 100
CODE = ("code", "pre")
SCHEMES = frozenset({"http", "https", "tg", "ton", "tonsite", "mailto"})
NEEDS = {
    "bold": "",
    "italic": "",
    "underline": "",
    "strikethrough": "",
    "spoiler": "",
    "blockquote": "",
    "expandable_blockquote": "",
    "code": "",
    "pre": "",
    "text_link": "url",
    "text_mention": "user",
    "custom_emoji": "custom_emoji_id",
    "date_time": "unix_time",
}
"""What a bot may send, and the field that it then needs."""
FOUND_BY_SERVER = frozenset(
    {"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number"}
)
PATTERNS = {
    "mention": re.compile(r"(?<![\w@/])@[A-Za-z0-9_]{3,32}(?!\w)"),
    "bot_command": re.compile(r"(?<![\w/<>])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w)"),
    "url": re.compile(r"(?<![\w@])https?://[^\s<>\"]*[^\s<>\".,;:!?)\]']"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Formatted:
    """A text as it is shown, with all its entities."""

    text: str
    entities: Sequence[Wire] = ()


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def linkable(url: str) -> bool:
    """Say whether a text may link there: by a protocol that is taken, or to a bare host."""
    scheme = re.match(r"([A-Za-z][\w+-]*):(?!\d)", url)
    return bool(url) and (scheme is None or scheme.group(1).lower() in SCHEMES)


def formatted(
    text: str, parse_mode: str, entities: Sequence[Any] | None, *, empty: bool = False
) -> Formatted:
    """Read a text as it was sent. What is empty in the end is refused unless `empty`."""
    if parse_mode and parse_mode.lower() != "none":
        text, given = parsed(text, parse_mode)
        given = [each for each in given if each["type"] != "text_link" or linkable(each["url"])]
    else:
        given = [entity for each in entities or () for entity in _one(each)]
    found = _trimmed(text, _checked(text, given))
    if not found.text and not empty:
        raise bad("message text is empty")
    kept = [*found.entities[:MOST_ENTITIES], *_detected(found)]
    kept.sort(key=lambda each: (each["offset"], -each["length"]))
    return Formatted(text=found.text, entities=kept)


def _one(entity: Any) -> Iterator[Wire]:
    if not isinstance(entity, dict):
        raise bad("can't parse MessageEntity: expected an Object")
    kind = entity.get("type")
    if kind in FOUND_BY_SERVER:
        return
    if kind not in NEEDS:
        raise bad("can't parse MessageEntity: Unsupported type specified")
    for field in ("offset", "length", NEEDS[kind]):
        if field and field not in entity:
            raise bad(f"can't parse MessageEntity: Can't find field \"{field}\"")
    if kind == "text_link" and not linkable(str(entity["url"])):
        raise bad(f"entity URL '{entity['url']}' is invalid: Unsupported URL protocol")
    yield dict(entity)


def _checked(text: str, entities: Sequence[Wire]) -> Sequence[Wire]:
    """Refuse what does not lie on whole characters within the text."""
    sizes = [1 + (ord(char) > 0xFFFF) for char in text]
    starts = [0, *accumulate(sizes)]
    known = frozenset(starts)
    for entity in entities:
        offset, length = int(entity["offset"]), int(entity["length"])
        for name, value in (("offset", offset), ("length", length)):
            if value < 0:
                raise bad(f"receive an entity with incorrect {name} {value}")
        if offset > starts[-1]:
            raise bad(f"entity begins after the end of the text at UTF-16 offset {offset}")
        if offset + length > starts[-1]:
            raise bad(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at "
                f"UTF-16 offset {offset + length}"
            )
        if offset not in known:
            at = _bytes_after(text, starts, offset)
            raise bad(f"entity begins in a middle of a UTF-16 symbol at byte offset {at}")
        if offset + length not in known:
            at = _bytes_after(text, starts, offset + length)
            raise bad(
                f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol "
                f"at byte offset {at}"
            )
    return entities


def _bytes_after(text: str, starts: Sequence[int], offset: int) -> int:
    characters = next(index for index, start in enumerate(starts) if start > offset)
    return len(text[:characters].encode())


def _trimmed(text: str, entities: Sequence[Wire]) -> Formatted:
    """Take blanks off both ends, and entities along."""
    left = units(text) - units(text.lstrip())
    short = text.strip()
    size = units(short)
    kept = []
    for each in sorted(entities, key=lambda entity: (entity["offset"], -entity["length"])):
        start = max(0, each["offset"] - left)
        end = min(size, each["offset"] + each["length"] - left)
        if end > start:
            kept.append(each | {"offset": start, "length": end - start})
    return Formatted(text=short, entities=kept)


def _detected(found: Formatted) -> Iterator[Wire]:
    taken = [
        (each["offset"], each["offset"] + each["length"])
        for each in found.entities
        if each["type"] in {*CODE, "text_link", "text_mention"}
    ]
    for kind, pattern in PATTERNS.items():
        for match in pattern.finditer(found.text):
            start = units(found.text[: match.start()])
            end = start + units(match.group())
            if not any(low < end and start < high for low, high in taken):
                yield {"type": kind, "offset": start, "length": end - start}
