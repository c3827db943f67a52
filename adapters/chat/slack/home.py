"""The App Home: my preset, what this month has cost, help. Pure.

Decides how it looks; what it says comes from the gateway.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from adapters.chat.slack.actions import HOME_PRESET
from adapters.chat.slack.render import LABEL, OPTIONS, Block
from adapters.chat.slack.text import neutralise, shorten
from core.menu import MENU, Entry
from core.types import Json
from core.wording import dollars_text

_HELP: Final = (
    "Write to me here, mention me in a channel, or go on in a thread that I answered in. "
    "In threads, where Slack has no commands, mention me with the word: @me stop."
)


_STRANGER: Final = (
    "I do not know you yet. Write to me under Messages, and I say who can let you in."
)


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
        return {"type": "home", "blocks": [*blocks, _section(_STRANGER)]}
    plural = "" if home.turns == 1 else "s"
    cost = f"{home.turns:,} answer{plural} to you this month: {dollars_text(home.dollars)}"
    commands = "\n".join(_command(each) for each in MENU)
    blocks += [
        _header("Your preset"),
        {**_section(f"{home.preset} answers you."), **_menu(home)},
        _header("Cost"),
        _section(cost),
        _header("Help"),
        _section(_HELP),
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
        "placeholder": _text("Choose a preset"),
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
