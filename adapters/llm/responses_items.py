"""The items of an answer in the Responses format, as they grow.

Decides what of an item is new: its words may come in pieces, when it is done, and once more with
the whole answer, and are told once. Items are told apart by place, else by id, else by kind, since
not every server numbers them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from adapters.llm.encoding import is_json
from adapters.llm.kept import Kept
from adapters.llm.responses_wire import Item, call_of, kind_of, refuses, thoughts, words
from core.types import ToolCall

Key = int | str


@dataclass(slots=True)
class _Growing:
    """An item so far. `told`: what it says was passed on; `whole`: it was given as done."""

    item: Item = field(default_factory=dict)
    arguments: list[str] = field(default_factory=list)
    told: bool = False
    whole: bool = False


@dataclass(slots=True)
class _Stream:
    """Text that several items, or several parts of one, write in turn."""

    pieces: list[str] = field(default_factory=list)
    writer: object = None
    begun: bool = False

    def write(self, text: str, writer: object) -> None:
        """Add `text`; a blank line stands between two writers."""
        apart = self.begun and self.writer != writer
        self.pieces.append(f"\n\n{text}" if apart else text)
        self.writer, self.begun = writer, True

    def part(self) -> None:
        """Begin another part, by whoever writes."""
        self.writer = None

    def taken(self) -> str:
        """Give what is new."""
        text = "".join(self.pieces)
        self.pieces.clear()
        return text


class Items:
    """All items of one answer. `text` and `thought` are what they say."""

    def __init__(self) -> None:
        """Begin with none."""
        self.text = _Stream()
        self.thought = _Stream()
        self._items: dict[Key, _Growing] = {}
        self._kept = Kept()

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self._items)

    @property
    def refused(self) -> bool:
        """Whether one of them refuses."""
        return any(refuses(growing.item) for growing in self._items.values())

    def say(self, at: int | None, name: str | None, text: str) -> None:
        """Take a piece of a message."""
        growing = self._find(at, name, "message")
        growing.told = True
        self.text.write(text, id(growing))

    def think(self, at: int | None, name: str | None, text: str) -> None:
        """Take a piece of reasoning."""
        growing = self._find(at, name, "reasoning")
        growing.told = True
        self.thought.write(text, id(growing))

    def argue(self, at: int | None, name: str | None, text: str, *, whole: bool) -> None:
        """Take a piece of a call's arguments, or all of them.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        self._kept.take(text)
        arguments = self._find(at, name, "function_call").arguments
        if whole:
            arguments.clear()
        arguments.append(text)

    def begin(self, at: int | None, item: Item) -> None:
        """Take an item that has only its head.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        self._kept.take(msgspec.json.encode(item).decode())
        self._find(at, _name(item), kind_of(item)).item = item

    def done(self, at: int | None, item: Item) -> None:
        """Take a whole item; tell what of it was not told.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        self._kept.take(msgspec.json.encode(item).decode())
        growing = self._find(at, _name(item), kind_of(item))
        if growing.whole:
            growing = self._items.setdefault(f"#{len(self._items)}", _Growing())
        growing.item, growing.whole = item, True
        if growing.told:
            return
        if said := words(item):
            self.text.write(said, id(growing))
        if thought := thoughts(item):
            self.thought.write(thought, id(growing))

    def complete(self, output: list[Item]) -> None:
        """Take the items of the whole answer, those that were not given before."""
        for at, item in enumerate(output):
            placed = self._items.get(at)
            named = self._items.get(_name(item) or kind_of(item)) if placed is None else placed
            if named is None or not named.whole:
                self.done(at, item)

    def calls(self, *, cut: bool) -> tuple[ToolCall, ...]:
        """Give the calls. Of an answer that was `cut`, a half-written one is left out."""
        found = []
        for growing in self._items.values():
            call = call_of(growing.item, "".join(growing.arguments))
            if call is not None and (not cut or is_json(call.arguments)):
                found.append(call)
        return tuple(found)

    def given(self) -> list[Item]:
        """Give the items as they came, in order; none, if one of them never came whole."""
        items = list(self._items.values())
        return [each.item for each in items] if all(each.whole for each in items) else []

    def _find(self, at: int | None, name: str | None, kind: str) -> _Growing:
        keys = [key for key in (at, name, kind) if key is not None]
        known = next((key for key in keys if key in self._items), keys[0])
        if known not in self._items:
            self._kept.take(known)
        return self._items.setdefault(known, _Growing())


def _name(item: Item) -> str | None:
    name = item.get("id")
    return name if isinstance(name, str) and name else None
