"""What Block Kit refuses of texts and of things to press. Source: docs.slack.dev/reference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def text(value: Any, here: str, most: int, *, plain: bool = False) -> Iterator[str]:
    """Check a text object."""
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if not isinstance(value, Mapping):
        yield f"must provide an object [json-pointer:{here}]"
    elif value.get("type") not in kinds:
        yield f"must be one of: {', '.join(sorted(kinds))} [json-pointer:{here}/type]"
    else:
        yield from size(value.get("text"), f"{here}/text", most)


def size(value: Any, here: str, most: int, *, least: int = 1) -> Iterator[str]:
    """Check a string's length in characters."""
    if not isinstance(value, str):
        yield f"must provide a string [json-pointer:{here}]"
    elif len(value) < least:
        yield f"must be more than {least - 1} characters [json-pointer:{here}]"
    elif len(value) > most:
        yield f"must be less than {most + 1} characters [json-pointer:{here}]"


def element(value: Any, here: str) -> Iterator[str]:
    """Check something to press."""
    if not isinstance(value, Mapping) or not value.get("type"):
        yield f"missing required field: type [json-pointer:{here}]"
        return
    if "action_id" in value:
        yield from size(value["action_id"], f"{here}/action_id", 255)
    kind = value["type"]
    if kind == "button":
        yield from text(value.get("text"), f"{here}/text", 75, plain=True)
        yield from _optional(value, here, value=2000, url=3000)
        if value.get("style", "primary") not in {"primary", "danger"}:
            yield f"must be one of: primary, danger [json-pointer:{here}/style]"
    elif kind == "static_select":
        yield from _select(value, here)
    elif kind == "feedback_buttons":
        for side in ("positive_button", "negative_button"):
            inside = value.get(side) or {}
            yield from text(inside.get("text"), f"{here}/{side}/text", 75, plain=True)
            yield from size(inside.get("value"), f"{here}/{side}/value", 2000)


def _optional(given: Mapping[str, Any], here: str, **most: int) -> Iterator[str]:
    for name, limit in most.items():
        if name in given:
            yield from size(given[name], f"{here}/{name}", limit)


def _select(value: Mapping[str, Any], here: str) -> Iterator[str]:
    if "placeholder" in value:
        yield from text(value["placeholder"], f"{here}/placeholder", 150, plain=True)
    grouped = value.get("option_groups", [])
    options = [*value.get("options", []), *(each for one in grouped for each in one["options"])]
    if not 1 <= len(options) <= 100:
        yield f"must have 1 to 100 items [json-pointer:{here}/options]"
    for at, each in enumerate(options):
        yield from text(each.get("text"), f"{here}/options/{at}/text", 75, plain=True)
        yield from size(each.get("value"), f"{here}/options/{at}/value", 150)
    first = value.get("initial_option")
    if first is not None and first not in options:
        yield f"initial_option must be one of the options [json-pointer:{here}/initial_option]"
