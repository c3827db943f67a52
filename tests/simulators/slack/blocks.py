"""What Block Kit refuses: sizes, counts, kinds. Each complaint is in Slack's words.

Source: docs.slack.dev/reference/block-kit, and bolt-js#2509 for the whole payload's size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from tests.simulators.slack.elements import element, size, text

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
MARKDOWN = 12_000
WHOLE = 12_000
CHILDREN = frozenset(
    {
        "actions",
        "context",
        "divider",
        "file",
        "header",
        "image",
        "input",
        "rich_text",
        "section",
        "table",
        "video",
    }
)
"""What may stand in a container, by its page; the live service is said to refuse `rich_text`."""
KINDS = (CHILDREN - {"file"}) | {
    "alert",
    "card",
    "carousel",
    "container",
    "context_actions",
    "markdown",
    "plan",
    "task_card",
}

STATUSES = frozenset({"pending", "in_progress", "complete", "error"})


class Refused(Exception):
    """A call that is answered `ok: false`."""

    def __init__(self, error: str, *messages: str, **extra: object) -> None:
        super().__init__(error)
        self.error = error
        self.body: dict[str, Any] = {"ok": False, "error": error, **extra}
        if messages:
            self.body["response_metadata"] = {"messages": [f"[ERROR] {each}" for each in messages]}


def parsed(value: object, *, most: int = MESSAGE_BLOCKS) -> list[dict[str, Any]]:
    """Read and check the `blocks` argument.

    Raises:
        Refused: Slack would not take them.
    """
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            raise Refused("invalid_blocks_format") from None
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise Refused("invalid_blocks_format")
    complaints = list(_blocks(value, "/blocks", most, KINDS))
    if complaints:
        raise Refused("invalid_blocks", *complaints, errors=complaints)
    markdown = sum(len(each["text"]) for each in value if each["type"] == "markdown")
    if markdown > MARKDOWN:
        raise Refused("msg_too_long")
    if most == MESSAGE_BLOCKS and sum(map(_length, value)) > WHOLE:
        raise Refused("msg_blocks_too_long")
    return value


def _length(value: Any) -> int:
    """Count the characters of all texts in it."""
    if isinstance(value, Mapping):
        own = len(value["text"]) if isinstance(value.get("text"), str) else 0
        return own + sum(_length(each) for each in value.values())
    return sum(_length(each) for each in value) if isinstance(value, list) else 0


def _blocks(blocks: list[Any], path: str, most: int, kinds: frozenset[str]) -> Iterator[str]:
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:{path}]"
    seen = set()
    for at, block in enumerate(blocks):
        here = f"{path}/{at}"
        kind = block.get("type")
        if kind not in kinds:
            yield f"unsupported type: {kind} [json-pointer:{here}/type]"
            continue
        name = block.get("block_id")
        if name is not None:
            if len(str(name)) > 255:
                yield f"must be less than 256 characters [json-pointer:{here}/block_id]"
            if name in seen:
                yield f"duplicate block_id: {name} [json-pointer:{here}/block_id]"
            seen.add(name)
        yield from CHECKS.get(kind, _anything)(block, here)


def _anything(block: Mapping[str, Any], here: str) -> Iterator[str]:
    yield from ()


def _section(block: Mapping[str, Any], here: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"missing required field: text or fields [json-pointer:{here}]"
    if "text" in block:
        yield from text(block["text"], f"{here}/text", 3000)
    fields = block.get("fields", [])
    if len(fields) > 10:
        yield f"no more than 10 items allowed [json-pointer:{here}/fields]"
    for at, each in enumerate(fields):
        yield from text(each, f"{here}/fields/{at}", 2000)
    if "accessory" in block:
        yield from element(block["accessory"], f"{here}/accessory")


def _header(block: Mapping[str, Any], here: str) -> Iterator[str]:
    yield from text(block.get("text"), f"{here}/text", 150, plain=True)


def _markdown(block: Mapping[str, Any], here: str) -> Iterator[str]:
    # Too long is another error, of the whole message: msg_too_long.
    if not isinstance(block.get("text"), str) or not block["text"]:
        yield f"must be more than 0 characters [json-pointer:{here}/text]"


def _elements(block: Mapping[str, Any], here: str, most: int) -> list[Any] | str:
    inside = block.get("elements")
    if not isinstance(inside, list) or not inside:
        return f"must have at least 1 item [json-pointer:{here}/elements]"
    if len(inside) > most:
        return f"no more than {most} items allowed [json-pointer:{here}/elements]"
    return inside


def _actions(block: Mapping[str, Any], here: str, most: int = 25) -> Iterator[str]:
    inside = _elements(block, here, most)
    if isinstance(inside, str):
        yield inside
        return
    ids = [each.get("action_id") for each in inside if each.get("action_id")]
    if len(ids) != len(set(ids)):
        yield f"duplicate action_id [json-pointer:{here}/elements]"
    for at, each in enumerate(inside):
        yield from element(each, f"{here}/elements/{at}")


def _context_actions(block: Mapping[str, Any], here: str) -> Iterator[str]:
    yield from _actions(block, here, 5)
    for each in block.get("elements", []):
        if each.get("type") not in {"feedback_buttons", "icon_button"}:
            yield f"unsupported type: {each.get('type')} [json-pointer:{here}/elements]"


def _context(block: Mapping[str, Any], here: str) -> Iterator[str]:
    inside = _elements(block, here, 10)
    if isinstance(inside, str):
        yield inside
        return
    for at, each in enumerate(inside):
        if each.get("type") != "image":
            yield from text(each, f"{here}/elements/{at}", 3000)


def _container(block: Mapping[str, Any], here: str) -> Iterator[str]:
    if "rich_text_title" not in block:
        yield from text(block.get("title"), f"{here}/title", 150, plain=True)
    if "subtitle" in block:
        yield from text(block["subtitle"], f"{here}/subtitle", 150)
    if block.get("default_collapsed") and not block.get("is_collapsible"):
        yield f"default_collapsed requires is_collapsible [json-pointer:{here}]"
    inside = block.get("child_blocks")
    if not isinstance(inside, list) or not inside:
        yield f"must have at least 1 item [json-pointer:{here}/child_blocks]"
    else:
        yield from _blocks(inside, f"{here}/child_blocks", 10, CHILDREN)


def _rich_text(block: Mapping[str, Any], here: str) -> Iterator[str]:
    allowed = {
        "rich_text_section",
        "rich_text_list",
        "rich_text_preformatted",
        "rich_text_quote",
    }
    if not isinstance(block.get("elements"), list):
        yield f"missing required field: elements [json-pointer:{here}]"
        return
    for at, each in enumerate(block["elements"]):
        if each.get("type") not in allowed:
            yield f"unsupported type: {each.get('type')} [json-pointer:{here}/elements/{at}]"
        for leaf in each.get("elements", []):
            if leaf.get("type") == "text" and not leaf.get("text"):
                yield f"must be more than 0 characters [json-pointer:{here}/elements/{at}]"


def _task(block: Mapping[str, Any], here: str) -> Iterator[str]:
    for name in ("task_id", "title"):
        yield from size(block.get(name), f"{here}/{name}", 3000)
    if block.get("status", "pending") not in STATUSES:
        yield f"must be one of: {', '.join(sorted(STATUSES))} [json-pointer:{here}/status]"


def _plan(block: Mapping[str, Any], here: str) -> Iterator[str]:
    yield from size(block.get("title"), f"{here}/title", 3000)
    for at, each in enumerate(block.get("tasks", [])):
        yield from _task(each, f"{here}/tasks/{at}")


CHECKS = {
    "section": _section,
    "header": _header,
    "markdown": _markdown,
    "actions": _actions,
    "context": _context,
    "context_actions": _context_actions,
    "container": _container,
    "rich_text": _rich_text,
    "task_card": _task,
    "plan": _plan,
}
