"""The commands people can give, on every platform the same. Values and grammar only.

Decides what counts as a command and what it means; who may give it is `core.policy`'s to say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from core.presets import Catalogue

Scope: TypeAlias = Literal["here", "thread", "channel", "me"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A command in a platform's menu. `hint` names its arguments, for people."""

    name: str
    summary: str
    hint: str = ""


MENU: Final = (
    Entry(name="ask", summary="Ask a question", hint="[preset:NAME] question"),
    Entry(name="moa", summary="Choose which models answer here", hint="[preset]"),
    Entry(name="stop", summary="Stop the answer that is being written"),
    Entry(name="retry", summary="Ask the last question again", hint="[all]"),
    Entry(name="cost", summary="What this conversation has cost"),
    Entry(name="help", summary="What you can do here"),
)
"""What is registered where a platform has menus, in this order."""

_SCOPES: Final[dict[str, Scope]] = {
    "here": "here",
    "thread": "thread",
    "channel": "channel",
    "me": "me",
}
_WORD: Final = re.compile(r"(stop|help|cost|retry)(?:[.!]|(?<=retry)\s+(all))?", re.IGNORECASE)
_CHOICE: Final = re.compile(r"(?:moa|preset)(?:\s+(\S+)(?:\s+(\S+))?)?", re.IGNORECASE)
_ASK: Final = re.compile(r"preset:(?:\"([^\"]+)\"|(\S+))\s*(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A command that was written as plain words."""

    name: str
    args: str = ""


def read(text: str, catalogue: Catalogue) -> Words | None:
    """Read a word command; None for a question. The whole text has to fit the grammar.

    `moa` takes a preset's name of one word, or any name there is, and where it shall hold.
    """
    bare = text.strip()
    word = _WORD.fullmatch(bare)
    if word is not None:
        return Words(name=word[1].lower(), args=(word[2] or "").lower())
    first, _, rest = bare.partition(" ")
    if first.lower() not in {"moa", "preset"}:
        return None
    name, _ = choice(rest, catalogue)
    if catalogue.find(name) is not None:
        return Words(name="moa", args=rest.strip())
    found = _CHOICE.fullmatch(bare)
    if found is None or (found[2] and found[2].lower() not in _SCOPES):
        return None
    return Words(name="moa", args=rest.strip())


def wants_all(args: str) -> bool:
    """Read what follows `/retry`: "all" asks all advisors, whatever a gate says (MOA-35)."""
    return args.strip().lower() == "all"


def choice(args: str, catalogue: Catalogue) -> tuple[str, Scope]:
    """Read what follows `/moa`: a preset's name (or off, default), and where it shall hold."""
    bare = args.strip()
    name, _, last = bare.rpartition(" ")
    scope = _SCOPES.get(last.lower())
    if catalogue.find(bare) is not None or not name or scope is None:
        return bare, "here"
    return name.strip(), scope


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
