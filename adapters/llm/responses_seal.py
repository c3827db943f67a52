"""What of an answer in the Responses format goes back word for word in the next request.

Decides which items do: all of an answer that called tools, in their order, if its reasoning can
be taken up again without the provider having kept it. Else none: a call whose reasoning is missing
is refused, one that names no reasoning is not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from adapters.llm.encoding import Fields
from adapters.llm.responses_wire import Item
from core.types import Line, Sealed


def sealed(items: Sequence[Item], label: str) -> tuple[Sealed, ...]:
    """Keep the items of an answer for the slot `label`; nothing, if they are of no use alone."""
    if not _calls(items) or not all(_whole(item) for item in items):
        return ()
    kept = [_returned(item) for item in items]
    return (Sealed(label=label, data=msgspec.json.encode(kept).decode()),)


def unsealed(line: Line, label: str | None) -> list[Fields]:
    """Give the items behind a line, if the slot `label` made them and they are about its calls."""
    for kept in line.sealed:
        if kept.label == label:
            items: list[Fields] = msgspec.json.decode(kept.data)
            if _calls(items) == [call.id for call in line.tool_calls]:
                return items
    return []


def _calls(items: Sequence[Mapping[str, object]]) -> list[object]:
    return [item.get("call_id") for item in items if item.get("type") == "function_call"]


def _whole(item: Item) -> bool:
    """Tell whether an item says everything itself; a summary of reasoning does not."""
    if item.get("type") != "reasoning":
        return True
    return bool(item.get("encrypted_content") or item.get("content"))


def _returned(item: Item) -> Item:
    """Give an item as it is taken back: a reasoning item's state is only ever said, never heard."""
    if item.get("type") != "reasoning":
        return {name: value for name, value in item.items() if value is not None}
    taken = {name: value for name, value in item.items() if value and name != "status"}
    return {**taken, "summary": item.get("summary") or []}
