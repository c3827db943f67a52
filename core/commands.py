"""The commands people can give, on every platform the same: one table, and one grammar for words.

Decides what counts as a command, what it means and who it is for; `core.permissions` says whether
somebody is one of those. To add a command: a row here, a handler in `gateway.commands`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from core.access import Who
from core.presets import DEFAULT, OFF, RESERVED, Catalogue

Scope: TypeAlias = Literal["here", "thread", "channel", "me"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """Something that may follow a command's name, where a platform has a field for it.

    `mark` is written before its value, for a grammar that needs it. With `choices` there are no
    other values. A `preset` is completed while somebody types; a `person` becomes their id.
    """

    name: str
    summary: str
    kind: Literal["text", "preset", "person"] = "text"
    choices: tuple[str, ...] = ()
    required: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command. `hint` names its arguments, for people.

    `who` may give it; `forms` are those whose first word (`/forget all`) is for others.
    `words` is what may follow where it is written as plain words: a regular expression, None
    where it is read in another way. `options` stand in the order in which they are written.
    """

    name: str
    summary: str
    hint: str = ""
    who: Who = "anybody"
    forms: Mapping[str, Who] = field(default_factory=dict)
    words: str | None = ""
    options: tuple[Option, ...] = ()


_SOMEBODY: Final = (
    r"(?:<@!?[\w|.-]+>|@?(?:[\w-]+:)?(?-i:[UW][A-Z0-9_]*[0-9][A-Z0-9_]*|[0-9]{3,20}))"
    r"(?:\s+[1-9]\d{0,3}(?:m|min|h|d|w))?"
)
"""Somebody by a mention or an id, and for how long: names are no ids."""
_PERSON: Final = Option(name="person", summary="Whom", kind="person", required=True)
_TIME: Final = Option(name="time", summary="For how long, if not for ever: 30m, 1h, 7d")
_PRESET: Final = Option(name="preset", summary="Which models answer", kind="preset")

MENU: Final = (
    Entry(
        name="ask",
        summary="Ask a question",
        hint="[preset:NAME] question",
        words=None,
        options=(
            Option(name="preset", summary="Which models answer", kind="preset", mark="preset:"),
            Option(name="question", summary="What you want to know", required=True),
        ),
    ),
    Entry(
        name="moa",
        summary="Choose which models answer here",
        hint="[preset] [thread|channel|me]",
        words=None,
        options=(
            _PRESET,
            Option(
                name="scope",
                summary="Where it shall hold",
                choices=("thread", "channel", "me"),
            ),
        ),
    ),
    Entry(name="stop", summary="Stop the answer that is being written", who="asker"),
    Entry(
        name="retry",
        summary="Ask the last question again",
        hint="[all]",
        who="asker",
        words="all",
        options=(
            Option(
                name="advisors",
                summary="All of them, though the question seemed plain",
                choices=("all",),
            ),
        ),
    ),
    Entry(name="undo", summary="Take the last question and its answer out", who="asker"),
    Entry(name="new", summary="Start afresh here", who="members"),
    Entry(name="compact", summary="Summarise what was said so far", who="members"),
    Entry(
        name="memory",
        summary="Facts that I keep in mind in this channel",
        hint="[list|add TEXT|remove NUMBER]",
        who="members",
        words=r"list|add\s+\S.*|remove\s+#?\d+",
        options=(
            Option(name="do", summary="What to do", choices=("list", "add", "remove")),
            Option(name="what", summary="The fact to add, or the number of one to remove"),
        ),
    ),
    Entry(name="cost", summary="What this conversation has cost"),
    Entry(name="privacy", summary="What is kept of you, how long, and who gets it"),
    Entry(
        name="forget",
        summary="Delete what is yours here, and answers that repeat it",
        hint="[all]",
        who="oneself",
        forms={"all": "admins"},
        words="all",
        options=(
            Option(
                name="what",
                summary="Everything here, of everybody",
                choices=("all",),
            ),
        ),
    ),
    Entry(name="status", summary="How things stand here: queue, preset, health"),
    Entry(
        name="quiet",
        summary="Answer nothing but mentions in this channel",
        hint="[off]",
        who="admins",
        words="on|off",
        options=(Option(name="switch", summary="off: as before", choices=("on", "off")),),
    ),
    Entry(name="budget", summary="What may be spent here, and what is left", who="operators"),
    Entry(name="help", summary="What you can do here"),
    Entry(
        name="allow",
        summary="Let somebody in",
        hint="@somebody [1h]",
        who="operators",
        words=_SOMEBODY,
        options=(_PERSON, _TIME),
    ),
    Entry(
        name="deny",
        summary="Shut somebody out",
        hint="@somebody [1h]",
        who="operators",
        words=_SOMEBODY,
        options=(_PERSON, _TIME),
    ),
    Entry(
        name="pair",
        summary="Let in who was given this code",
        hint="CODE",
        who="operators",
        words=r"[A-Z0-9]{4}[ -]?[A-Z0-9]{4}",
        options=(Option(name="code", summary="The code they were given", required=True),),
    ),
)
"""Every command that is built, in the order in which menus and help have them."""

ALIASES: Final[Mapping[str, str]] = {"preset": "moa", "start": "help"}
"""Other names; the first two are said in chats, and Telegram begins every chat with /start."""

_BY_NAME: Final = {each.name: each for each in MENU}
_SCOPES: Final[dict[str, Scope]] = {
    "here": "here",
    "thread": "thread",
    "channel": "channel",
    "me": "me",
}
_MENTIONED: Final = re.compile(r"<@!?\w+(?:\|[^<>]*)?>(?:\s+\S+)?")
_LOOKS: Final = RESERVED - {OFF, DEFAULT}
_CHOICE: Final = re.compile(r"(?:moa|preset)(?:\s+(\S+)(?:\s+(\S+))?)?", re.IGNORECASE)
_ASK: Final = re.compile(r"preset:(?:\"([^\"]+)\"|(\S+))\s*(.*)", re.IGNORECASE | re.DOTALL)


def entry(name: str) -> Entry | None:
    """Find a command by any of its names; None where there is none."""
    return _BY_NAME.get(ALIASES.get(name, name))


def who_for(name: str, args: str = "") -> Who:
    """Say whom a command is for, in the form that it has with these arguments."""
    known = entry(name)
    if known is None:
        return "anybody"
    first = args.split(maxsplit=1)[0].lower() if args.strip() else ""
    return known.forms.get(first, known.who)


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


def asked(args: str) -> Asked:
    """Read `[preset:NAME] question`."""
    found = _ASK.fullmatch(args.strip())
    if found is None:
        return Asked(text=args.strip())
    return Asked(text=found[3].strip(), preset=found[1] or found[2])
