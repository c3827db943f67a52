"""Raw updates → the library's objects, leniently.

The library refuses a whole update over one field of a message that it does not know how to read,
such as a poll of an older or a newer Bot API, or that is not there. Decides what is done without
then: that field, of which the name remains, and what nobody here uses. It never looks whether a
text is a text, so what is made of its objects is looked at afterwards. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final

import msgspec
import telegram

from core.types import Incoming

UNREAD: Final = "unread"
"""Under this name a message carries, in its `api_kwargs`, what in it could not be read."""
UNREADABLE: Final = (
    *(LookupError, TypeError, ValueError, AttributeError, ArithmeticError, OSError),
    RecursionError,
)
"""What the library raises over an update that is not as it expects; a date beyond all years is an
OSError."""

_CONTENT = re.compile(
    r"animation|audio|checklist|contact|dice|document|game|location|paid_media|photo|poll|sticker"
    r"|story|venue|video|video_note|voice"
)
_NEEDED: Final = ("message_id", "date", "chat", "from")
_PRESSED: Final = ("id", "from", "chat_instance", "data")
_PLACE: Final = ("message_id", "chat", "message_thread_id", "is_topic_message")

_PERSON: Final = {"is_bot": False, "first_name": ""}
_RIGHTS: Final = """
    can_be_edited can_change_info can_delete_messages can_delete_stories can_edit_stories
    can_invite_users can_manage_chat can_manage_video_chats can_post_stories can_promote_members
    can_restrict_members is_anonymous
"""
_USUAL: Final[Mapping[str, Mapping[str, object]]] = {
    "from": _PERSON,
    "user": _PERSON,
    "message": {"date": 0},
    "reply_to_message": {"date": 0},
    "callback_query": {"chat_instance": ""},
    "my_chat_member": {"date": 0},
}
"""What the library wants to be there and nobody here needs, by what it belongs to."""


def read(raw: Mapping[str, object]) -> telegram.Update:
    """Read an update.

    Raises:
        Exception: one of `UNREADABLE`; it is of no use at all.
    """
    try:
        return _update(raw)
    except UNREADABLE:
        return _update(_lenient({key: _completed(key, value) for key, value in raw.items()}))


def typed(incoming: Incoming) -> Incoming:
    """Give what was read, if each value is of its kind: else the store could not give it back.

    Raises:
        ValueError: one is not.
    """
    try:
        msgspec.convert(msgspec.to_builtins(incoming), type(incoming))
    except (msgspec.ValidationError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return incoming


def _completed(name: str, value: object) -> object:
    """Give a value with what is usual where nothing is said."""
    if isinstance(value, list):
        return [_completed(name, each) for each in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _completed(key, each) for key, each in value.items()}
    if name in {"chat", "sender_chat"}:
        kind = "supergroup" if str(found.get("id")).startswith("-") else "private"
        return {"type": kind} | found
    return {**_USUAL.get(name, {}), **found}


def _lenient(raw: Mapping[str, object]) -> dict[str, object]:
    """Keep of a message what can be read, and of a press what is used."""
    message, query, standing = (
        raw.get(kind) for kind in ("message", "callback_query", "my_chat_member")
    )
    if isinstance(message, Mapping):
        return {"update_id": raw["update_id"], "message": _readable(message)}
    if isinstance(query, Mapping):
        return {"update_id": raw["update_id"], "callback_query": _press(query)}
    if isinstance(standing, Mapping):
        return {"update_id": raw["update_id"], "my_chat_member": _standing(standing)}
    return dict(raw)


def _standing(changed: Mapping[str, object]) -> dict[str, object]:
    """Keep of a change of the bot's standing whether it was and is there, and administers."""
    members = {
        name: _member(member)
        for name in ("old_chat_member", "new_chat_member")
        if isinstance(member := changed.get(name), Mapping)
    }
    return _only(changed, ("chat", "from", "date")) | members


def _member(member: Mapping[str, object]) -> dict[str, object]:
    status = member.get("status")
    if status == "restricted":
        status = "member" if member.get("is_member", True) else "left"
    elif status == "kicked":
        status = "left"
    rights = dict.fromkeys(_RIGHTS.split(), False) if status == "administrator" else {}
    return {"user": member.get("user"), "status": status, **rights}


def _press(query: Mapping[str, object]) -> dict[str, object]:
    kept, under = _only(query, _PRESSED), query.get("message")
    if isinstance(under, Mapping):
        kept["message"] = _only(under, _PLACE) | {"date": 0}
    return kept


def _only(found: Mapping[str, object], names: Collection[str]) -> dict[str, object]:
    return {name: found[name] for name in names if name in found}


def _update(raw: Mapping[str, object]) -> telegram.Update:
    update = telegram.Update.de_json(dict(raw), None)
    if not isinstance(update.update_id, int):
        raise TypeError("update_id is no number")
    return update


def _readable(message: Mapping[str, object]) -> dict[str, object]:
    """Keep the fields that can be read one by one; a reply keeps at least to whom it is."""
    needed = _only(message, _NEEDED)
    kept, unread = dict(needed), list[str]()
    for key, value in message.items():
        found = next(_parsable(key, _choices(key, value), needed), None)
        if found is not None:
            kept[key] = found
        elif _CONTENT.fullmatch(key):
            unread.append(_name(key, value))
    return kept | ({UNREAD: unread} if unread else {})


def _choices(key: str, value: object) -> list[object]:
    if key == "reply_to_message" and isinstance(value, Mapping):
        return [value, _only(value, _NEEDED)]
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
