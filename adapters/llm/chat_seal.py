"""What a model of the Chat Completions format wants back with its tool calls, and does not define.

Decides what is kept of an answer: its reasoning, in the field it came in (DeepSeek, Kimi and
others go on from it), `reasoning_details` (OpenRouter), and what stands beside a call (Gemini's
signatures). It goes back to the slot that made it, in a field that came from there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from adapters.llm.chat_wire import Words, details_of, words_of
from adapters.llm.encoding import Fields
from adapters.llm.kept import Kept
from adapters.llm.quirks import Quirks
from core.types import Line, Sealed

THOUGHTS = ("reasoning_content", "reasoning")
GROWING = ("text", "summary", "data")
PLACEHOLDER = " "
"""For an answer whose reasoning nobody has: DeepSeek takes no empty one."""


class Thoughts:
    """The reasoning of one answer, by field, as it comes."""

    def __init__(self) -> None:
        """Begin with none."""
        self._texts: dict[str, list[str]] = {name: [] for name in THOUGHTS}
        self._details: list[dict[str, object]] = []
        self._kept = Kept()

    def take(self, words: Words) -> None:
        """Take a piece of an answer.

        Raises:
            ModelBroken: there are too many, or they are too long.
        """
        for name, pieces in self._texts.items():
            if text := words_of(getattr(words, name)):
                pieces.append(text)
        for at, detail in enumerate(details_of(words.reasoning_details)):
            first = at == 0 or detail.get("index") is not None
            if first and self._details and _continues(self._details[-1], detail):
                self._kept.take(*map(detail.get, GROWING))
                _grow(self._details[-1], detail)
            else:
                self._kept.take(msgspec.json.encode(detail).decode())
                self._details.append(dict(detail))

    def sealed(self, label: str, beside: Sequence[Mapping[str, object]]) -> tuple[Sealed, ...]:
        """Keep it for the slot `label`; `beside` is what stands beside each call, in order."""
        kept: dict[str, object] = {
            name: "".join(pieces) for name, pieces in self._texts.items() if pieces
        }
        if self._details:
            kept["reasoning_details"] = self._details
        if any(beside):
            kept["beside"] = beside
        if not kept:
            return ()
        return (Sealed(label=label, data=msgspec.json.encode(kept).decode()),)


def unsealed(line: Line, label: str, quirks: Quirks) -> tuple[Fields, list[Fields]]:
    """Give what goes into the message behind an answer, and beside each of its calls."""
    kept = _kept(line, label)
    message: Fields = {name: kept[name] for name in _wanted(quirks) if name in kept} if kept else {}
    if "reasoning_due" in quirks and not message.keys() & {*THOUGHTS}:
        message["reasoning_content"] = PLACEHOLDER
    beside: list[Fields] = kept.get("beside", [])
    fits = len(beside) == len(line.tool_calls)
    return message, beside if fits else [{} for _ in line.tool_calls]


def _kept(line: Line, label: str) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for each in line.sealed:
        if each.label == label:
            kept |= msgspec.json.decode(each.data)
    return kept


def _wanted(quirks: Quirks) -> tuple[str, ...]:
    if "reasoning_due" in quirks:
        return ("reasoning_details", *THOUGHTS)
    if "no_reasoning_back" in quirks:
        return ()
    return ("reasoning_details", *(THOUGHTS if "reasoning_back" in quirks else ()))


def _continues(before: Mapping[str, object], detail: Mapping[str, object]) -> bool:
    """Tell whether a detail goes on with the one before: they come in pieces."""
    return all(before.get(name) == detail.get(name) for name in ("type", "index"))


def _grow(before: dict[str, object], detail: Mapping[str, object]) -> None:
    for name, value in detail.items():
        old = before.get(name)
        if name in GROWING and isinstance(old, str) and isinstance(value, str):
            before[name] = old + value
        elif value is not None:
            before[name] = value
