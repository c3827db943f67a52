"""What travels through Discord and comes back: ids of buttons, handles of interactions.

A button says what it does, for which turn, and which delivery it was posted by, so that it works
after a restart and a lost message can be found. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, get_args

from typing_extensions import override

from core.frames import Action, Button

CUSTOM_ID: Final = 100
"""The longest id that Discord takes."""

_OURS: Final = re.compile(
    r"(?P<action>[a-z]+):(?P<turn>[A-Za-z0-9_-]{0,40}):(?P<value>.*?)(?:~(?P<delivery>[0-9A-Za-z]{6,25}))?"
)
_ACTIONS: Final = frozenset(get_args(Action))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a button says."""

    action: str
    turn_id: str
    value: str
    delivery: str | None


def custom_id(button: Button, delivery: str | None) -> str:
    """Write a button's id; the delivery is left out where it does not fit."""
    plain = f"{button.action}:{button.turn_id}:{button.value}"[:CUSTOM_ID]
    whole = f"{plain}~{delivery}"
    return whole if delivery and len(whole) <= CUSTOM_ID else plain


def read_custom_id(text: str) -> Pressed | None:
    """Read an id back; None if it is none of ours."""
    found = _OURS.fullmatch(text)
    if found is None or found["action"] not in _ACTIONS:
        return None
    return Pressed(
        action=found["action"],
        turn_id=found["turn"],
        value=found["value"],
        delivery=found["delivery"],
    )


@dataclass(frozen=True, slots=True)
class Handle:
    """How an interaction is answered.

    `own`: the answer replaces what is shown to this person alone already; else it is one more
    message to them.
    """

    application: str
    token: str
    own: bool

    @override
    def __str__(self) -> str:
        """Write it down, for the store."""
        return f"{self.application}/{self.token}" + ("/own" if self.own else "")

    @classmethod
    def of(cls, text: str) -> Handle | None:
        """Read it back; None if there is no interaction to answer."""
        application, _, rest = text.partition("/")
        token, _, own = rest.partition("/")
        return cls(application, token, own == "own") if application and token else None
