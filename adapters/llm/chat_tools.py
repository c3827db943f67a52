"""Puts tool calls together out of the pieces in which the Chat Completions format sends them.

Decides which piece belongs to which call: by index, and by id where a server numbers every call
0 or not at all. A call without an id of its own is given one, since its result has to name it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from uuid import uuid4

import msgspec

from adapters.llm.chat_wire import ToolPiece
from adapters.llm.encoding import is_json
from adapters.llm.kept import ENDLESS, MOST_CALLS, Kept
from core.errors import ModelBroken
from core.types import ToolCall


@dataclass(slots=True)
class _Growing:
    index: int | str | None
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    beside: dict[str, object] = field(default_factory=dict)

    def take(self, piece: ToolPiece) -> None:
        """Take a piece of this call."""
        if piece.extra_content:
            self.beside["extra_content"] = piece.extra_content
        function = piece.function
        if function is None:
            return
        self.name = self.name or function.name or ""
        match function.arguments:
            case str(text):
                self.arguments.append(text)
            case {**fields}:
                self.arguments.append(msgspec.json.encode(fields).decode())
            case None:
                pass


class ToolCalls:
    """The calls of one answer, in the order in which they began."""

    def __init__(self) -> None:
        """Begin with none."""
        self._calls: list[_Growing] = []
        self._kept = Kept()

    @property
    def begun(self) -> bool:
        """Whether a call has begun."""
        return bool(self._calls)

    def take(self, pieces: Iterable[ToolPiece]) -> None:
        """Take pieces in the order in which they came.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        for piece in pieces:
            self._of(piece).take(piece)
            self._kept.take(piece.function and piece.function.arguments)
            if len(self._calls) > MOST_CALLS:
                raise ModelBroken(ENDLESS)

    def whole(self, *, cut: bool) -> tuple[ToolCall, ...]:
        """Give the calls. Of an answer that was `cut`, a half-written one is left out."""
        calls: dict[str, ToolCall] = {}
        for call in self._calls:
            name = call.id if call.id and call.id not in calls else f"call_{uuid4().hex}"
            whole = ToolCall(id=name, name=call.name, arguments="".join(call.arguments))
            if call.name and (not cut or is_json(whole.arguments)):
                calls[name] = whole
        return tuple(calls.values())

    def beside(self) -> list[dict[str, object]]:
        """Give what stands beside each call, which nobody but its provider can read."""
        return [call.beside for call in self._calls if call.name]

    def _of(self, piece: ToolPiece) -> _Growing:
        """Find the call that a piece belongs to, or begin one."""
        call = max(self._calls[::-1], key=partial(_likeness, piece), default=None)
        if call is None or not _likeness(piece, call) or _begins_another(piece, call):
            call = _Growing(index=piece.index)
            self._calls.append(call)
        call.id = call.id or str(piece.id or "")
        return call


def _likeness(piece: ToolPiece, call: _Growing) -> int:
    """Say how much speaks for a piece being of `call`: its id more than its number."""
    named = bool(piece.id) and str(piece.id) == call.id
    return 2 * named + (piece.index in {None, call.index})


def _begins_another(piece: ToolPiece, call: _Growing) -> bool:
    """Tell whether a piece that could continue `call` begins a call of its own."""
    name = piece.function.name if piece.function is not None else None
    if not name or not call.name:
        return False
    if piece.id and str(piece.id) == call.id:
        return piece.index not in {None, call.index}  # some name all calls of an answer alike
    return piece.index is None or name != call.name or bool(piece.id and call.id)
