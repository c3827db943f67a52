"""The content of an answer of the Messages format as it grows, block by block.

Decides what of it is words, which tools it calls, and what has to go back verbatim: everything
up to the last thinking block, in its order (a signature covers neither more nor less).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from adapters.llm.chat_tools import ToolCalls
from adapters.llm.chat_wire import Function, ToolPiece
from adapters.llm.kept import Kept
from adapters.llm.messages_wire import Block, Delta
from core.types import Json, ToolCall


def input_of(arguments: str) -> Json:
    """Give a call's arguments as the object that this format wants, whatever the model wrote."""
    try:
        given = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        given = None
    return given if isinstance(given, dict) else {"arguments": arguments}


THOUGHT = frozenset({"thinking", "redacted_thinking"})


@dataclass(slots=True)
class _Growing:
    kind: str
    whole: bool = False
    words: list[str] = field(default_factory=list)
    signature: list[str] = field(default_factory=list)
    data: str = ""
    id: str = ""
    name: str = ""

    def verbatim(self) -> Json:
        """Write the block as it came."""
        text = "".join(self.words)
        match self.kind:
            case "thinking":
                signature = "".join(self.signature)
                return {"type": "thinking", "thinking": text, "signature": signature}
            case "redacted_thinking":
                return {"type": "redacted_thinking", "data": self.data}
            case "tool_use":
                given = input_of(text)
                return {"type": "tool_use", "id": self.id, "name": self.name, "input": given}
            case _:
                return {"type": "text", "text": text}


class Blocks:
    """The blocks of one answer, in order. Unknown kinds are kept out."""

    def __init__(self) -> None:
        """Begin with none."""
        self._blocks: dict[int, _Growing] = {}
        self._calls = ToolCalls()
        self._kept = Kept()

    def begin(self, at: int, block: Block) -> Delta:
        """Take a block's beginning; give what it says already.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        self._kept.take(block.data, block.id, block.name)
        kind = block.type or ""
        growing = _Growing(kind=kind, data=block.data or "", id=block.id or "")
        growing.name = block.name or ""
        if kind in {"text", "tool_use", *THOUGHT}:
            self._blocks[at] = growing
        if kind == "tool_use":
            function = Function(name=block.name)
            self._calls.take([ToolPiece(index=at, id=block.id, function=function)])
        given = bytes(block.input)
        return self.add(
            at,
            Delta(
                text=block.text,
                thinking=block.thinking,
                signature=block.signature,
                partial_json=None if given in {b"", b"{}", b"null"} else given.decode(),
            ),
        )

    def add(self, at: int, delta: Delta) -> Delta:
        """Take a piece; give it back, without what belongs to no block that is known.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        self._kept.take(delta.signature, delta.partial_json)
        block = self._blocks.get(at)
        if block is None:
            return Delta()
        words = {"text": delta.text, "thinking": delta.thinking, "tool_use": delta.partial_json}
        said = words.get(block.kind) or ""
        block.words.append(said)
        block.signature.append(delta.signature or "")
        if block.kind == "tool_use" and said:
            self._calls.take([ToolPiece(index=at, function=Function(arguments=said))])
        return delta

    @property
    def thinking(self) -> bool:
        """Whether a thought has begun and is not whole yet."""
        return any(each.kind in THOUGHT and not each.whole for each in self._blocks.values())

    def close(self, at: int) -> None:
        """Note that a block is whole."""
        if at in self._blocks:
            self._blocks[at].whole = True

    def calls(self, *, cut: bool) -> tuple[ToolCall, ...]:
        """Give the tool calls; of an answer that was `cut`, no half-written one."""
        return self._calls.whole(cut=cut)

    def kept(self) -> Iterator[str]:
        """Give, as JSON texts, the blocks that have to go back as they came."""
        blocks = [self._blocks[at] for at in sorted(self._blocks)]
        thoughts = [at for at, each in enumerate(blocks) if each.kind in THOUGHT and each.whole]
        for block in blocks[: thoughts[-1] + 1] if thoughts else ():
            yield msgspec.json.encode(block.verbatim()).decode()
