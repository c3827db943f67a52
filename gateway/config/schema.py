"""The JSON Schema of the configuration file, for editors.

Decides how the file's own liberties look in a schema: null is unset, `${NAME}` may stand for a
number, a secret may come from a file, an account's `type` may be left out.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gateway.config.model import Settings

_VARIABLE = {"type": "string", "pattern": r"\$\{"}
_SCALARS = {"integer", "number", "boolean"}
_TEXT = {"type": "string"}
_NULL = {"type": "null"}


def schema() -> dict[str, Any]:
    """Write the schema (draft 2020-12)."""
    (root,), blocks = msgspec.json.schema_components(
        [Settings], schema_hook=_hook, ref_template="#/$defs/{name}"
    )
    for block in blocks.values():
        _open(block)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "MoA Gateway configuration",
        **root,
        "$defs": blocks,
    }


def _hook(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - msgspec hands in any class
    return dict(kind.schema)


def _open(block: dict[str, Any]) -> None:
    """Let a block be written in every way that the program reads."""
    properties = block.get("properties", {})
    block["required"] = [
        name
        for name in block.get("required", ())
        if name != "type" and not _secret(properties[name])
    ]
    for name in [name for name, each in properties.items() if _secret(each)]:
        properties[name + "_file"] = {"type": "string"}
    for name, each in properties.items():
        properties[name] = _loose(each)


def _loose(each: dict[str, Any]) -> dict[str, Any]:
    """Allow null, and variables where a number or a truth value is wanted."""
    if "items" in each:
        each["items"] = _loose(each["items"])
    if isinstance(each.get("additionalProperties"), dict):
        each["additionalProperties"] = _loose(each["additionalProperties"])
    each.pop("discriminator", None)  # an account's type may be left out
    told: dict[str, Any] = {key: each.pop(key) for key in ("default", "description") if key in each}
    choices = each.get("anyOf", [each] if each else [])
    return {**told, "anyOf": _wider(choices)} if choices else told


def _wider(choices: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the choices of a key, and what may stand in their place."""
    wider = [*choices]
    if any(choice.get("type") in _SCALARS or "enum" in choice for choice in choices):
        wider.append(_VARIABLE)
    if _TEXT in choices:
        wider.append({"type": "number"})  # an id may look like one
    if _NULL not in choices:
        wider.append(_NULL)
    return wider


def _secret(each: dict[str, Any]) -> bool:
    return any(one.get("writeOnly", False) for one in (each, *each.get("anyOf", ())))
