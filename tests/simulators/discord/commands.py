"""Application commands: their registry, and how a person fills one in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.simulators.discord.desk import Call, Desk
from tests.simulators.discord.errors import Refused, members, text, wrong

NAME = re.compile(r"[a-z0-9_-]{1,32}")
MOST, STRING, INTEGER, BOOLEAN, NUMBER = 100, 3, 4, 5, 10
Json = dict[str, Any]


def get_commands(desk: Desk, call: Call) -> list[Json]:
    _own(desk, call)
    return list(desk.world.commands.values())


def put_commands(desk: Desk, call: Call) -> list[Json]:
    """Replace them all; one that stays the same keeps its id and its version."""
    _own(desk, call)
    listed = members(call.listed, "", MOST)
    checked = {}
    for place, each in enumerate(listed):
        _command(each, str(place))
        if each["name"] in checked:
            words = "Application command names must be unique"
            raise wrong(f"{place}.name", "APPLICATION_COMMANDS_DUPLICATE_NAME", words)
        checked[each["name"]] = each
    old = {each["name"]: each for each in desk.world.commands.values()}
    made = [_made(desk, each, old.get(name)) for name, each in checked.items()]
    desk.world.commands = {each["id"]: each for each in made}
    desk.changes.tell()
    return made


def create_command(desk: Desk, call: Call) -> Json:
    """Add one, or replace that of the same name."""
    _own(desk, call)
    _command(call.form, "")
    old = {each["name"]: each for each in desk.world.commands.values()}
    if call.form["name"] not in old and len(old) >= MOST:
        raise Refused(30032)
    made = _made(desk, call.form, old.get(call.form["name"]))
    desk.world.commands[made["id"]] = made
    desk.changes.tell()
    return made


def delete_command(desk: Desk, call: Call) -> None:
    _own(desk, call)
    if desk.world.commands.pop(call.ids["command"], None) is None:
        raise Refused(10063)


def _own(desk: Desk, call: Call) -> None:
    if call.ids["app"] != desk.world.application_id:
        raise Refused(20012, "You are not authorized to perform this action on this application")


def _made(desk: Desk, given: Json, old: Json | None) -> Json:
    fields = {
        "application_id": desk.world.application_id,
        "type": 1,
        "default_member_permissions": None,
        "dm_permission": True,
        "contexts": None,
        "integration_types": [0],
        "nsfw": False,
        **given,
    }
    same = old is not None and {**old, **fields} == old
    identity = old["id"] if old is not None else desk.world.snowflake()
    version = old["version"] if old is not None and same else desk.world.snowflake()
    return fields | {"id": identity, "version": version}


# --- what is refused ------------------------------------------------------------------------


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _command(each: object, path: str) -> None:
    if not isinstance(each, dict):
        raise wrong(path, "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
    if each.get("type", 1) != 1:
        text(each.get("name"), _at(path, "name"), 32, least=1)
        return
    _named(each, path)
    _options(each.get("options") or [], _at(path, "options"))
    needed = each.get("default_member_permissions")
    if needed is not None and not (isinstance(needed, str) and needed.isdecimal()):
        raise wrong(_at(path, "default_member_permissions"), "BASE_TYPE_BAD_STRING", "Invalid bits")
    for name, known in (("contexts", {0, 1, 2}), ("integration_types", {0, 1})):
        if set(each.get(name) or ()) - known:
            words = f"Value must be one of {sorted(known)}."
            raise wrong(_at(path, name), "BASE_TYPE_CHOICES", words)


def offered(command: Json, *, direct: bool, rights: int) -> bool:
    """Whether a person with these rights finds it in a DM of the bot, or in a guild."""
    needed = int(command.get("default_member_permissions") or 0)
    if not direct and needed & ~rights:
        return False
    contexts = command.get("contexts")
    if contexts is None:
        return not direct or command.get("dm_permission") is not False
    return (1 if direct else 0) in contexts


def _named(each: Json, path: str) -> None:
    text(each.get("name"), _at(path, "name"), 32, least=1)
    if not NAME.fullmatch(each["name"]):
        words = "Command name is invalid"
        raise wrong(_at(path, "name"), "APPLICATION_COMMAND_INVALID_NAME", words)
    text(each.get("description"), _at(path, "description"), 100, least=1)


def _options(given: object, path: str) -> None:
    optional = False
    listed = members(given, path, 25)
    for place, each in enumerate(listed):
        at = f"{path}.{place}"
        _named(each, at)
        if each.get("type") not in range(1, 12):
            raise wrong(f"{at}.type", "BASE_TYPE_CHOICES", "Value must be one of (1 to 11).")
        if each["type"] in {1, 2}:
            _options(each.get("options") or [], f"{at}.options")
            continue
        if each.get("required") and optional:
            words = "Required options must be placed before non-required options"
            raise wrong(at, "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID", words)
        optional = optional or not each.get("required")
        _option_choices(each, at)
    if len({each["name"] for each in listed}) != len(listed):
        words = "Option names must be unique"
        raise wrong(path, "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", words)


def _option_choices(each: Json, at: str) -> None:
    choices = members(each.get("choices") or [], f"{at}.choices", 25)
    if choices and each.get("autocomplete"):
        words = "Autocomplete and choices are mutually exclusive."
        raise wrong(at, "APPLICATION_COMMAND_AUTOCOMPLETE_CHOICES", words)
    for place, choice in enumerate(choices):
        text(choice.get("name"), f"{at}.choices.{place}.name", 100, least=1)


# --- what a person types --------------------------------------------------------------------


def filled(command: Json, args: str | Mapping[str, object]) -> list[Json]:
    """Fill in a command as a person does; refuses what the client would not let them send.

    A text "preset:review how so?" fills the options that it names, and the rest the first
    required one that is left, or else the first.
    """
    options: Sequence[Json] = command.get("options") or ()
    known = {each["name"]: each for each in options}
    values = dict(args) if isinstance(args, Mapping) else _spread(args, options)
    strange = set(values) - set(known)
    if strange:
        raise LookupError(f"/{command['name']} has no option {', '.join(sorted(strange))}")
    missing = [each["name"] for each in options if each.get("required")]
    if lacking := [each for each in missing if each not in values]:
        raise LookupError(f"/{command['name']} cannot be sent without {', '.join(lacking)}")
    return [_value(known[name], value) for name, value in values.items()]


def _value(option: Json, value: object) -> Json:
    kinds: dict[int, type] = {STRING: str, INTEGER: int, BOOLEAN: bool, NUMBER: float}
    choices = option.get("choices")
    if choices and value not in {each["value"] for each in choices}:
        raise LookupError(f"{value!r} is no choice of {option['name']}")
    kind = kinds.get(option["type"], str)
    return {"name": option["name"], "type": option["type"], "value": kind(value)}


def _spread(args: str, options: Sequence[Json]) -> dict[str, object]:
    values: dict[str, object] = {}
    rest, names = args.strip(), {each["name"] for each in options}
    while (match := re.match(r"([a-z0-9_-]+):(\S+)\s*", rest)) and match[1] in names:
        values[match[1]] = match[2]
        rest = rest[match.end() :]
    left = [each for each in options if each["name"] not in values]
    left.sort(key=lambda each: not each.get("required"))
    if rest and not left:
        raise LookupError(f"there is no option left for {rest!r}")
    if rest:
        values[left[0]["name"]] = rest
    return values
