"""What can be somebody's or some place's id, on each kind of platform. Pure.

Decides only what cannot be one: names are no ids, for they can be changed and copied. Where a
platform's ids have no known form, nothing is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import UsageError
from core.texts import access as said

_PERSON: Final[Mapping[str, re.Pattern[str]]] = {
    "telegram": re.compile(r"[0-9]{1,20}"),
    "discord": re.compile(r"[0-9]{1,20}"),
    "slack": re.compile(r"[UW][A-Z0-9_]{1,31}"),
}
_SUBJECT: Final[Mapping[str, re.Pattern[str]]] = {
    "telegram": re.compile(r"-?[0-9]{1,20}|chat:-?[0-9]{1,20}"),
    "discord": re.compile(r"[0-9]{1,20}|(?:guild|role|chat):[0-9]{1,20}"),
    "slack": re.compile(r"[A-Z][A-Z0-9_]{1,31}|(?:chat|channel):[A-Z][A-Z0-9_]{1,31}"),
}
_EXAMPLES: Final[Mapping[str, str]] = {
    "telegram": "555000111 or chat:-100123",
    "discord": "555000111, guild:42 or role:7",
    "slack": "U024BE7LH, T0123 (a workspace), E0123 (an organisation) or S0123 (a user group)",
}
_UNITS: Final[Mapping[str, int]] = {"m": 60, "min": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TIME: Final = re.compile(r"([1-9][0-9]{0,3})(min|m|h|d|w)")
_SOMEBODY: Final = re.compile(r"<@!?([^<>|\s]+)(?:\|[^<>]*)?>|@?(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Whom a command names, and for how many seconds, None for ever."""

    person: str
    seconds: int | None = None


def mistaken(kind: str, rest: str, *, person: bool = False) -> str:
    """Say why a subject's part behind the account cannot be an id; "" if it can.

    `person`: only somebody is meant, and no place.
    """
    fits = (_PERSON if person else _SUBJECT).get(kind)
    if fits is None or fits.fullmatch(rest):
        return ""
    if person and _SUBJECT[kind].fullmatch(rest):
        return "owners are people: name each by their own id"
    return f"names can be changed and copied, so only ids count here, such as {_EXAMPLES[kind]}"


def named(args: str, kind: str, account: str) -> Named:
    """Read who is named and for how long: a mention or an id, and `1h` or nothing.

    Raises:
        UsageError: nobody is, or it is a name and no id.
    """
    who, *rest = args.split() or [""]
    if not who or len(rest) > 1:
        raise UsageError(said.NAME_SOMEBODY)
    found = _SOMEBODY.fullmatch(who.removeprefix(f"{account}:"))
    person = (found[1] or found[2]) if found else ""
    fits = _PERSON.get(kind)
    if fits is None or not fits.fullmatch(person):
        raise UsageError(said.NO_ID)
    return Named(person=person, seconds=_seconds(rest[0]) if rest else None)


def _seconds(text: str) -> int:
    found = _TIME.fullmatch(text.lower())
    if found is None:
        raise UsageError(said.NO_TIME)
    return int(found[1]) * _UNITS[found[2]]
