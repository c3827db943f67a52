"""Who may do what: the one answer for words, slash commands and buttons alike. Pure.

Decides whom a command or a press is for, from the tables of `core.menu` and of presses here;
whether somebody is one of those, `core.policy` says. It never asks who somebody is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from core.access import Role, Who, permits
from core.commands import Scope, aimed, choice
from core.frames import Action
from core.menu import MENU, Entry, entry, who_for
from core.presets import Catalogue
from core.types import Address, Command, Press

PRESSES: Final[Mapping[Action, Who]] = {
    "stop": "asker",
    "retry": "asker",
    "advise": "asker",
    "remove": "asker",
    "undo": "asker",
    "back": "members",
    "preset": "anybody",
    "pick": "anybody",  # this and the next by where it holds: see `for_choice`
    "restore": "anybody",
    "advisors": "anybody",
    "info": "anybody",
    "up": "anybody",
    "down": "anybody",
    "approve": "admins",
    "refuse": "admins",
    "forget": "oneself",  # by whose lines: see `_forgetting`
    "answer": "anybody",  # this and the next concern what is one's own, or an admin's all
    "skip": "anybody",
    "again": "admins",
}
"""Whom each button is for. In private a call of a tool is allowed by whoever asked."""

_DECIDING: Final = frozenset({"approve", "refuse"})
_CHOOSING: Final = frozenset({"pick", "restore"})


def needed(request: Command | Press, catalogue: Catalogue) -> Who:
    """Say whom a command or a press is for, where it was given."""
    if isinstance(request, Press):
        return _pressed(request)
    known = entry(request.name)
    if known is not None and known.name == "forget":
        return _forgetting(who_for(request.name, request.args), direct=request.direct)
    if known is None or known.name != "moa":
        return who_for(request.name, request.args)
    name, scope = choice(request.args, catalogue)
    return for_choice(scope, request.address, direct=request.direct) if name else known.who


def _pressed(press: Press) -> Who:
    if press.action in _CHOOSING:
        scope, _ = aimed(press.value)
        return for_choice(scope, press.address, direct=press.direct)
    if press.action == "forget":
        everything = press.value.startswith("all")
        return _forgetting("admins" if everything else "oneself", direct=press.direct)
    if press.action in _DECIDING and press.direct:
        return "asker"
    found = {str(action): who for action, who in PRESSES.items()}
    return found.get(press.action, "anybody")


def _forgetting(who: Who, *, direct: bool) -> Who:
    """Say whom it is for to have lines deleted: in private all of them are one's own."""
    return "oneself" if direct else who


def for_choice(scope: Scope, address: Address, *, direct: bool) -> Who:
    """Say whom it is for to choose what answers: for a whole channel its admins (MOA-5)."""
    if direct or scope == "me":
        return "oneself"
    inside = address.thread is not None and scope != "channel"
    return "members" if inside else "admins"


def allowed(role: Role) -> Iterator[Entry]:
    """Give the commands that somebody with this role may give, in at least one form.

    What is for whoever asked may be for anybody: they may have asked.
    """
    for each in MENU:
        whos = (each.who, *each.forms.values())
        if any(permits(who, role, own=True) for who in whos):
            yield each
