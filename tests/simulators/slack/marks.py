"""What a text does beyond being read: whom it pings, and what a reader sees of blocks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

MENTION = re.compile(
    r"<(?:@([UW][A-Z0-9]+)|!subteam\^(S[A-Z0-9]+)|!(channel|here|everyone))(?:\|[^>]*)?>"
)
BARE = re.compile(r"(?<![\w.])@(channel|here|everyone)\b")
CODE = re.compile(r"^(`{3,}|~{3,}).*?(?:^\1|\Z)|(`+).+?\2", re.DOTALL | re.MULTILINE)


def mentioned(text: str, people: Mapping[str, object]) -> set[str]:
    """Find whom mrkdwn pings. Code protects nothing there: only escaping does."""
    found = set()
    for user, group, everybody in MENTION.findall(text):
        if not user or user in people:
            found.add(user or group or everybody)
    return found


def in_markdown(text: str, people: Mapping[str, object]) -> set[str]:
    """Find whom real Markdown pings: code spans and fences are shown as they are."""
    return mentioned(CODE.sub("", text), people)


def in_blocks(blocks: Sequence[Mapping[str, Any]], people: Mapping[str, object]) -> set[str]:
    """Find whom blocks ping: mrkdwn and markdown by their text, rich text by its elements."""
    found: set[str] = set()
    for node in nodes(blocks):
        kind = node.get("type")
        if kind == "mrkdwn":
            found |= mentioned(str(node.get("text", "")), people)
        elif kind == "markdown":
            found |= in_markdown(str(node.get("text", "")), people)
        elif kind == "user" and node.get("user_id") in people:
            found.add(str(node["user_id"]))
        elif kind == "usergroup":
            found.add(str(node.get("usergroup_id")))
        elif kind == "broadcast":
            found.add(str(node.get("range")))
    return found


def linked(text: str, people: Mapping[str, Any]) -> set[str]:
    """Find whom a text pings under `link_names` or `parse: full`: names count too."""
    names = {person.name: each for each, person in people.items()}
    by_name = {names[name] for name in re.findall(r"@([\w.-]+)", text) if name in names}
    return {*BARE.findall(text), *by_name}


def nodes(value: Any) -> Iterator[Mapping[str, Any]]:
    """Walk every object in a value."""
    if isinstance(value, Mapping):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from nodes(each)


UNREAD = frozenset({"elements", "accessory", "options", "confirm"})


def readable(block: Mapping[str, Any]) -> str:
    """Give what a reader sees of a block, without its buttons."""
    kind = block.get("type")
    if kind in {"actions", "context_actions", "divider", "plan", "task_card"}:
        return ""
    if kind == "container":
        inside = [readable(each) for each in block.get("child_blocks", [])]
        return "\n".join(part for part in [_text(block.get("title")), *inside] if part)
    if kind in {"rich_text", "table"}:
        return _rich(block)
    if kind == "context":
        return " ".join(_text(each) for each in block.get("elements", []))
    parts = [_text(block.get(name)) for name in ("title", "text", "subtitle", "body")]
    parts += [_text(each) for each in block.get("fields", [])]
    return "\n".join(part for part in parts if part)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        said = str(value.get("text") or value.get("alt_text") or "")
        return html.unescape(said) if value.get("type") == "mrkdwn" else said
    return value if isinstance(value, str) else ""


def _rich(block: Mapping[str, Any]) -> str:
    kind = block.get("type")
    if kind == "user":
        return f"<@{block.get('user_id')}>"
    if kind == "broadcast":
        return f"<!{block.get('range')}>"
    if kind == "emoji":
        return f":{block.get('name')}:"
    if kind in {"text", "link"}:
        return str(block.get("text") or block.get("url") or "")
    inside = block.get("elements") or block.get("rows") or []
    between = "\n" if kind in {"rich_text", "rich_text_list", "table"} else ""
    return between.join(
        _rich(each) if isinstance(each, Mapping) else " | ".join(_rich(cell) for cell in each)
        for each in inside
    )


INTERACTIVE = frozenset({"button", "static_select", "overflow", "feedback_buttons", "icon_button"})


def elements(blocks: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk what can be pressed: the id of its block, and itself."""
    for block in blocks:
        inside = [*block.get("elements", []), *filter(None, [block.get("accessory")])]
        for each in inside:
            if isinstance(each, Mapping) and each.get("type") in INTERACTIVE:
                yield block.get("block_id", ""), each
        yield from elements(block.get("child_blocks", []))


def labels(element: Mapping[str, Any]) -> list[str]:
    """Give the words that a person sees to press."""
    if element["type"] == "feedback_buttons":
        return [_text(element[side].get("text")) for side in ("positive_button", "negative_button")]
    if element["type"] == "static_select":
        return [_text(element.get("placeholder"))]
    if element["type"] == "overflow":
        return [_text(each.get("text")) for each in element.get("options", [])]
    return [_text(element.get("text"))]


def rows(element: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """List the options of a menu, grouped or not."""
    grouped = [each for group in element.get("option_groups", []) for each in group["options"]]
    return [*element.get("options", []), *grouped]
