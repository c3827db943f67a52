"""Buttons under messages, and what comes back when one is pressed.

What a button carries is "code:turn:value", so that it works after a restart without any memory
here. Pure; decides nothing about who may press.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from core.frames import Action, Button
from core.markup import strip

MOST_BYTES: Final = 64
"""What `callback_data` holds."""

_CODES: Final[dict[Action, str]] = {
    "stop": "s",
    "retry": "r",
    "advise": "g",
    "preset": "p",
    "pick": "k",
    "restore": "e",
    "advisors": "a",
    "info": "i",
    "up": "u",
    "down": "d",
    "remove": "x",
    "undo": "z",
    "back": "b",
    "approve": "y",
    "refuse": "n",
    "forget": "f",
    "answer": "w",
    "skip": "j",
    "again": "t",
}
_ACTIONS: Final = {code: action for action, code in _CODES.items()}
_DATA = re.compile(r"(?P<code>[a-z]):(?P<turn>[\w.-]{0,40}):(?P<value>.{0,58})", re.DOTALL)


Keyboard: TypeAlias = dict[str, list[list[dict[str, str]]]]
"""An `InlineKeyboardMarkup`."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """What a button that we made stands for."""

    action: Action
    turn_id: str
    value: str


def keyboard(buttons: Sequence[Button]) -> Keyboard | None:
    """Lay buttons out: two choices a row, three of the others; None without any."""
    keys = [(each.action == "pick", _key(each)) for each in buttons]
    fit = [(picks, key) for picks, key in keys if _fits(key["callback_data"])]
    rows = _rows([key for picks, key in fit if picks], 2)
    rows += _rows([key for picks, key in fit if not picks], 3)
    return {"inline_keyboard": rows} if rows else None


def _rows(keys: list[dict[str, str]], width: int) -> list[list[dict[str, str]]]:
    return [keys[at : at + width] for at in range(0, len(keys), width)]


def pressed(data: str | None) -> Pressed | None:
    """Read what a press carries; None for anything that is not ours."""
    found = _DATA.fullmatch(data or "")
    if found is None or found["code"] not in _ACTIONS:
        return None
    return Pressed(_ACTIONS[found["code"]], found["turn"], found["value"])


def _key(button: Button) -> dict[str, str]:
    data = f"{_CODES[button.action]}:{button.turn_id}:{button.value}"
    return {"text": " ".join(strip(button.label).split()) or "…", "callback_data": data}


def _fits(data: str) -> bool:
    carried = data.encode(errors="ignore")
    return len(carried) <= MOST_BYTES and carried.decode() == data
