"""The App Home: my preset, what this month has cost, help. Pure.

Decides how it looks; what it says comes from the gateway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from adapters.chat.slack.actions import HOME_PRESET
from adapters.chat.slack.render import LABEL, OPTIONS, Block
from adapters.chat.slack.text import neutralise, shorten
from core.menu import MENU, Entry
from core.texts import home as said
from core.types import Json
from core.wording import dollars_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What somebody finds at home. `dollars` and `turns` are this month's.

    Without a `preset` it is somebody who is not let in.
    """

    preset: str
    presets: tuple[str, ...]
    dollars: Decimal
    turns: int


HomeOf: TypeAlias = Callable[[str, Collection[str]], Awaitable[Home]]
"""The home of the person with this id, in a workspace with these."""


def view(home: Home, notice: str = "") -> Block:
    """Render it; `notice` is what came of the last choice."""
    blocks: list[Json] = []
    if notice:
        blocks += [_section(notice), {"type": "divider"}]
    if not home.preset:
        return {"type": "home", "blocks": [*blocks, _section(said.STRANGER)]}
    cost = said.cost(home.turns, dollars_text(home.dollars))
    commands = "\n".join(_command(each) for each in MENU)
    blocks += [
        _header(said.PRESET),
        {**_section(said.answers(home.preset)), **_menu(home)},
        _header(said.COST),
        _section(cost),
        _header(said.HELP),
        _section(said.HOW),
        _section(commands),
    ]
    return {"type": "home", "blocks": blocks}


def _command(entry: Entry) -> str:
    name = "/moa" if entry.name == "moa" else f"/moa {entry.name}"
    return f"{name} {entry.hint}".strip() + f" – {entry.summary}"


def _menu(home: Home) -> Block:
    options: list[Json] = [
        {"text": _text(shorten(name, LABEL)), "value": name} for name in home.presets[:OPTIONS]
    ]
    if not options:
        return {}
    menu: Block = {
        "type": "static_select",
        "action_id": HOME_PRESET,
        "placeholder": _text(said.CHOOSE),
        "options": options,
    }
    if home.preset in home.presets[:OPTIONS]:
        menu["initial_option"] = options[home.presets.index(home.preset)]
    return {"accessory": menu}


def _header(text: str) -> Block:
    return {"type": "header", "text": _text(text)}


def _section(text: str) -> Block:
    return {"type": "section", "text": _text(shorten(text, 3_000))}


def _text(text: str) -> Block:
    return {"type": "plain_text", "text": neutralise(text) or " ", "emoji": False}
