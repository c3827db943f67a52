"""How commands are read, on every platform the same: one grammar for words and for what follows.

Decides what counts as a command and what it means. Which there are, `core.menu` has as a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from core.menu import Entry, entry
from core.presets import DEFAULT, OFF, RESERVED, Catalogue
from core.texts.commands import not_so
from core.types import Command, Message

Scope: TypeAlias = Literal["here", "thread", "channel", "me"]


_SCOPES: Final[dict[str, Scope]] = {
    "here": "here",
    "thread": "thread",
    "channel": "channel",
    "me": "me",
}
_MENTIONED: Final = re.compile(r"<@!?\w+(?:\|[^<>]*)?>(?:\s+\S+)?")
_LOOKS: Final = RESERVED - {OFF, DEFAULT}
_CHOICE: Final = re.compile(r"(?:moa|preset)(?:\s+(\S+)(?:\s+(\S+))?)?", re.IGNORECASE)
_ASK: Final = re.compile(r"preset:(?:\"([^\"]+)\"|(\S*))\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A command that was written as plain words."""

    name: str
    args: str = ""


def read(text: str, catalogue: Catalogue) -> Words | None:
    """Read a word command; None for a question. The whole text has to fit the grammar.

    `moa` takes a preset's name of one word, or any name there is, and where it shall hold; `ask`
    only counts with `preset:NAME`, for without it is a question anyway.
    """
    bare = text.strip()
    found = re.match(r"\w+", bare)
    first = found[0].lower() if found else ""
    known = entry(first) if first != "start" else None
    if known is None:
        return None
    rest = bare[len(first) :]
    if known.name == "moa":
        return _moa(bare, rest, catalogue)
    if known.name == "ask":
        said = rest.strip()
        fits = bool(rest[:1].isspace() and _ASK.fullmatch(said))
        return Words(name="ask", args=said) if fits else None
    return _plain(known, rest)


def _plain(known: Entry, rest: str) -> Words | None:
    """Read what follows a word, whole or not at all; alone it may end as a sentence does."""
    if rest in {"", ".", "!"}:
        return Words(name=known.name)
    args = rest.strip()
    if not known.words or not rest[0].isspace():
        return None
    fits = re.fullmatch(known.words, args, re.IGNORECASE | re.DOTALL)
    return Words(name=known.name, args=args) if fits else None


def _moa(bare: str, rest: str, catalogue: Catalogue) -> Words | None:
    if rest and not rest[0].isspace():
        return None
    name, _ = choice(rest, catalogue)
    if catalogue.find(name) is not None:
        return Words(name="moa", args=rest.strip())
    found = _CHOICE.fullmatch(bare)
    if found is None or (found[2] and found[2].lower() not in _SCOPES):
        return None
    return Words(name="moa", args=rest.strip())


def misread(name: str, args: str) -> str:
    """Say why a command is not obeyed as it was given; blank if it may be.

    `/undo that you said so` is more likely the beginning of a sentence than a wish.
    """
    known, bare = entry(name), args.strip()
    if known is None or not known.exact or bare in {"", ".", "!"}:
        return ""
    fits = bool(known.words) and re.fullmatch(known.words or "", bare, re.IGNORECASE)
    return "" if fits else not_so(known.name, known.hint)


def takes_person(name: str) -> bool:
    """Say whether a command is about somebody, so that a mention in it has to stay an id."""
    known = entry(name)
    return known is not None and any(each.kind == "person" for each in known.options)


def names_person(text: str) -> bool:
    """Say whether a text, without the mention of the bot, is such a command in plain words.

    A mention stands in it as platforms write it: `<@ID>`.
    """
    first, _, rest = text.strip().partition(" ")
    return takes_person(first.lower()) and bool(_MENTIONED.fullmatch(rest.strip()))


def wants_all(args: str) -> bool:
    """Read what follows `/retry`: "all" asks all advisors, whatever a gate says (MOA-35)."""
    return args.strip().lower() == "all"


def number_in(text: str) -> int | None:
    """Read a number that somebody writes or a button carries; None if it is none of ours.

    Ours have at most 18 digits: every database takes those, and more count nothing here.
    """
    short = len(text) <= _DIGITS and text.isascii() and text.isdecimal()
    return int(text) if short else None


def choice(args: str, catalogue: Catalogue) -> tuple[str, Scope]:
    """Read what follows `/moa`: a preset's name (or off, default), and where it shall hold.

    The name is blank where somebody only looks: a word for a place alone, `list` and `help` name
    no preset, for one that is called so is `moa/NAME`.
    """
    bare = args.strip()
    if bare.lower() in _LOOKS:
        return "", _SCOPES.get(bare.lower(), "here")
    name, _, last = bare.rpartition(" ")
    scope = _SCOPES.get(last.lower())
    if catalogue.find(bare) is not None or not name or scope is None:
        return bare, "here"
    return name.strip(), scope


_DIGITS: Final = 18
_LETTERS: Final[Mapping[str, Scope]] = {"h": "here", "t": "thread", "c": "channel", "m": "me"}


def aim(scope: Scope, value: str) -> str:
    """Write what a button carries that chooses for a place: "m>review" is for oneself."""
    if scope == "here" and value[1:2] != ">":
        return value
    return f"{scope[0]}>{value}"


def aimed(value: str) -> tuple[Scope, str]:
    """Read what such a button carries: where it shall hold, and what was chosen."""
    letter, mark, rest = value.partition(">")
    if mark and letter in _LETTERS:
        return _LETTERS[letter], rest
    return "here", value


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What follows `/ask`: a question, and the preset for this turn alone."""

    text: str
    preset: str | None = None


def question(command: Command) -> Message:
    """Give the question that `/ask` asks."""
    said = asked(command.args)
    return Message(
        event_id=command.event_id,
        address=command.address,
        author=command.author,
        text=said.text,
        at=command.at,
        message_id=command.message_id,
        reply_to=command.reply_to,
        direct=command.direct,
        preset=said.preset,
        answers=command.answers,
    )


def asked(args: str) -> Asked:
    """Read `[preset:NAME] question`; where the name is missing, nothing is asked."""
    found = _ASK.fullmatch(args.strip())
    if found is None:
        return Asked(text=args.strip())
    if not (found[1] or found[2]):
        return Asked(text="")
    return Asked(text=found[3].strip(), preset=found[1] or found[2])
