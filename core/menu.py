"""The table of commands: what there is, in which order, and whom each of them is for. Data.

To add a command: a row here, a handler in `gateway.commands`, and a row in the lists of
`tests/gateway/test_permissions.py`. How words are read, `core.commands` decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from core.access import Who


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
    `exact`: it changes something and asks nothing back, so that nothing is done where something
    else follows its name.
    """

    name: str
    summary: str
    hint: str = ""
    who: Who = "anybody"
    forms: Mapping[str, Who] = field(default_factory=dict)
    words: str | None = ""
    options: tuple[Option, ...] = ()
    exact: bool = False


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
        exact=True,
        options=(
            Option(
                name="advisors",
                summary="All of them, though the question seemed plain",
                choices=("all",),
            ),
        ),
    ),
    Entry(
        name="undo",
        summary="Take the last question and its answer out",
        who="asker",
        exact=True,
    ),
    Entry(name="new", summary="Start afresh here", who="members", exact=True),
    Entry(name="compact", summary="Summarise what was said so far", who="members", exact=True),
    Entry(name="export", summary="Your copy of this conversation, as a file", who="oneself"),
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
