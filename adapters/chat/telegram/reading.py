"""Raw updates → the library's objects, leniently.

The library refuses a whole update over one field of a message that it does not know how to read,
such as a poll of an older or a newer Bot API. Decides what is done without then: that field, of
which the name remains. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

import telegram

UNREAD: Final = "unread"
"""Under this name a message carries, in its `api_kwargs`, what in it could not be read."""
UNREADABLE: Final = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError)
"""What the library raises over an update that is not as it expects."""

_CONTENT = re.compile(
    r"animation|audio|checklist|contact|dice|document|game|location|paid_media|photo|poll|sticker"
    r"|story|venue|video|video_note|voice"
)
_NEEDED: Final = ("message_id", "date", "chat", "from")


def read(raw: Mapping[str, object]) -> telegram.Update:
    """Read an update.

    Raises:
        Exception: one of `UNREADABLE`; it is of no use at all.
    """
    try:
        return _update(raw)
    except UNREADABLE:
        message = raw.get("message")
        if not isinstance(message, Mapping):
            raise
        return _update({"update_id": raw["update_id"], "message": _readable(message)})


def _update(raw: Mapping[str, object]) -> telegram.Update:
    update = telegram.Update.de_json(dict(raw), None)
    if not isinstance(update.update_id, int):
        raise TypeError("update_id is no number")
    return update


def _readable(message: Mapping[str, object]) -> dict[str, object]:
    """Keep the fields that can be read one by one; a reply keeps at least to whom it is."""
    needed = _needed(message)
    kept, unread = dict(needed), list[str]()
    for key, value in message.items():
        found = next(_parsable(key, _choices(key, value), needed), None)
        if found is not None:
            kept[key] = found
        elif _CONTENT.fullmatch(key):
            unread.append(_name(key, value))
    return kept | ({UNREAD: unread} if unread else {})


def _needed(message: Mapping[str, object]) -> dict[str, object]:
    return {key: message[key] for key in _NEEDED if key in message}


def _choices(key: str, value: object) -> list[object]:
    if key == "reply_to_message" and isinstance(value, Mapping):
        return [value, _needed(value)]
    return [value]


def _parsable(key: str, choices: list[object], needed: dict[str, object]) -> Iterator[object]:
    for choice in choices:
        try:
            telegram.Message.de_json(needed | {key: choice}, None)
        except UNREADABLE:
            continue
        yield choice


def _name(kind: str, value: object) -> str:
    about = value.get("question") or value.get("title") if isinstance(value, Mapping) else None
    kind = kind.replace("_", " ")
    return f"{kind} “{about}”" if isinstance(about, str) else kind
