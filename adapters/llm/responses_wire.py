"""What an answer of the Responses format looks like.

Decides what an item says: words, thoughts, a call. Lenient: a field that is missing, null or in
another shape says nothing, and is no failure (MOA-41).
"""

from __future__ import annotations

from uuid import uuid4

from msgspec import Raw, Struct

from core.types import ToolCall

Item = dict[str, object]


class Why(Struct):
    """Why an answer is not complete."""

    reason: str | None = None


class Response(Struct):
    """A whole answer, or where it stands."""

    status: str | None = None
    error: object = None
    incomplete_details: Why | None = None
    output: list[Item] | None = None
    usage: Raw = Raw()


class Event(Response):
    """One event of a stream. A whole answer is one, too: of no type."""

    type: str = ""
    delta: str | None = None
    arguments: str | None = None
    item: Item | None = None
    item_id: str | None = None
    output_index: int | None = None
    response: Response | None = None
    code: object = None
    message: object = None


def kind_of(item: Item) -> str:
    """Give an item's kind; what names none is a message."""
    return str(item.get("type") or "message")


def words(item: Item) -> str:
    """Give what a message says; a refusal is the model's answer too."""
    return "".join(_texts(item, "content", "message"))


def refuses(item: Item) -> bool:
    """Tell whether a message says that the model will not answer."""
    parts = item.get("content") if kind_of(item) == "message" else None
    said = parts if isinstance(parts, list) else ()
    return any(isinstance(part, dict) and _text(part, "refusal") for part in said)


def thoughts(item: Item) -> str:
    """Give what a reasoning item shows: its summary, or the reasoning itself."""
    shown = _texts(item, "summary", "reasoning") or _texts(item, "content", "reasoning")
    return "\n\n".join(shown)


def call_of(item: Item, arguments: str) -> ToolCall | None:
    """Give the call that an item is, with the arguments that came in pieces if it has none.

    A call without an id is given one, since its result has to name it.
    """
    name, said = item.get("name"), item.get("arguments")
    if kind_of(item) != "function_call" or not isinstance(name, str) or not name:
        return None
    call_id = item.get("call_id") or item.get("id") or f"call_{uuid4().hex}"
    whole = said if isinstance(said, str) and said else arguments
    return ToolCall(id=str(call_id), name=name, arguments=whole)


def _texts(item: Item, field: str, kind: str) -> list[str]:
    parts = item.get(field) if kind_of(item) == kind else None
    if isinstance(parts, str):  # not the format's way, but it says something
        return [parts]
    if not isinstance(parts, list):
        return []
    found = (
        _text(part, "text") or _text(part, "refusal") for part in parts if isinstance(part, dict)
    )
    return [text for text in found if text]


def _text(part: Item, field: str) -> str:
    text = part.get(field)
    return text if isinstance(text, str) else ""
