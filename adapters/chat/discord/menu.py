"""The slash commands: what is registered, whether it has to be, and what is offered on the way.

Decides from `core.menu.MENU`; what a command does is decided elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from adapters.chat.discord import routes
from adapters.chat.discord.rest import Rest
from adapters.chat.discord.shapes import JsonObject
from core.access import Who
from core.errors import ChatError
from core.menu import MENU, Entry, Option

CHOICES: Final = 25
"""How many names Discord offers while somebody types."""

_NAME: Final = 100
_CHAT_INPUT: Final = 1
_KINDS: Final[Mapping[str, int]] = {"text": 3, "preset": 3, "person": 6}
_MANAGE_SERVER: Final = str(1 << 5)
_MANAGERS: Final[frozenset[Who]] = frozenset({"admins", "operators"})
"""Whose commands Discord shows in a server to those alone who manage it.

It knows nobody else who could be meant. Whoever the file names besides writes them to the bot as
words, or in private, until somebody lets them see them: Server Settings, Integrations.
"""
_COMPARED: Final = (
    "name",
    "description",
    "options",
    "contexts",
    "integration_types",
    "default_member_permissions",
)
_OPTION_COMPARED: Final = ("type", "name", "description", "required", "autocomplete", "choices")

log = logging.getLogger(__name__)


def menu(entries: Sequence[Entry] = MENU) -> list[JsonObject]:
    """Give the commands as Discord takes them: in servers, and in chats with the bot."""
    return [
        {
            "type": _CHAT_INPUT,
            "name": entry.name,
            "description": entry.summary[:100],
            "options": _options(entry),
            "contexts": [0, 1],
            "integration_types": [0],
            "default_member_permissions": _MANAGE_SERVER if entry.who in _MANAGERS else None,
        }
        for entry in entries
    ]


def _options(entry: Entry) -> list[JsonObject]:
    """Give the fields of a command; Discord wants those first that must be filled in."""
    fields = sorted(entry.options, key=lambda each: not each.required)
    return [_option(each) for each in fields]


def _option(option: Option) -> JsonObject:
    told: JsonObject = {
        "type": _KINDS[option.kind],
        "name": option.name,
        "description": option.summary[:100],
    }
    if option.required:
        told["required"] = True
    if option.kind == "preset":
        told["autocomplete"] = True
    if option.choices:
        told["choices"] = [{"name": each, "value": each} for each in option.choices]
    return told


async def sync(rest: Rest, application_id: str) -> None:
    """Register the commands, if what is registered differs; a failure is one line in the log."""
    try:
        wanted = menu()
        there = await rest.call(routes.commands("GET", application_id), patience=60.0)
        if _essence(there) != _essence(wanted):
            await rest.call(routes.commands("PUT", application_id), json=wanted, patience=60.0)
            log.info("Discord: registered %d commands", len(wanted))
    except ChatError as error:
        log.warning("Discord: the commands could not be registered: %s", error)


def choices(names: Sequence[str], typed: str) -> JsonObject:
    """Answer somebody who is typing a preset's name: what begins so first, then what has it."""
    typed = typed.strip().casefold()
    found = [each for each in names if typed in each.casefold() and 0 < len(each) <= _NAME]
    found.sort(key=lambda each: not each.casefold().startswith(typed))
    offered = [{"name": each, "value": each} for each in dict.fromkeys(found)][:CHOICES]
    return {"type": 8, "data": {"choices": offered}}


def _essence(commands: object) -> object:
    """Give what matters of the commands, so that what Discord adds makes no difference."""
    if not isinstance(commands, list):
        return None
    return sorted(
        (str(each.get("name")), _command(each)) for each in commands if isinstance(each, dict)
    )


def _command(command: JsonObject) -> str:
    kept = {key: command.get(key) for key in _COMPARED if command.get(key)}
    options = kept.pop("options", None)
    found = options if isinstance(options, list) else []
    parts = [
        {key: each[key] for key in _OPTION_COMPARED if each.get(key)}
        for each in found
        if isinstance(each, dict)
    ]
    return repr((sorted(kept.items()), [sorted(part.items()) for part in parts]))
