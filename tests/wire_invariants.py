"""MOA-19 on the wire: what a provider is sent only ever grows at its end.

Reads the messages of all three formats, whatever their breakpoints,
and finds what was only appended to one request: a block of advice, the advisory request, the
request for a summary, and the fixed line that a strict endpoint gets before it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import takewhile
from typing import Any, TypeAlias

from adapters.llm.alternation import BRIDGE
from core.advice import ADVISORY_REQUEST
from core.calls import ModelCall
from core.history import SUMMARY_REQUEST
from tests.invariants import BLOCK_OPENS, without_block

Body: TypeAlias = Mapping[str, Any]
Conversation: TypeAlias = tuple[bytes, ...]

OPENINGS = (*BLOCK_OPENS, ADVISORY_REQUEST, SUMMARY_REQUEST)


def prefix_of(body: Body) -> Conversation:
    """Give what the next request of the slot has to begin with: tools, system, messages.

    Each is written as bytes without its cache breakpoints. A block that was merged into the
    user's message is taken off it, and what is left of it ends that message.
    """
    messages = _messages(body)
    if messages:
        messages[-1:] = _without_block(messages[-1])
    if messages and _texts(messages[-1]) == [BRIDGE]:
        messages.pop()
    head = [_written(each) for each in (*body.get("tools", ()), *_system(body))]
    return (*head, *(_written(each) for each in messages))


def extends(now: Conversation, before: Conversation) -> bool:
    """Tell whether a request begins with all of another, the end of its last message apart."""
    if not before:
        return True
    *whole, last = before
    if now[: len(whole)] != tuple(whole) or len(now) <= len(whole):
        return False
    return now[len(whole)] == last


def assert_bodies_extend(bodies: Iterable[Body]) -> None:
    """Hold the requests of one slot, in their order, to MOA-19."""
    before: Conversation | None = None
    for number, body in enumerate(bodies, 1):
        now = prefix_of(body)
        assert before is None or extends(now, before), f"request {number} broke its prefix"
        before = now


class Conversations:
    """Holds the requests of a whole test to MOA-19, as they come; `broken` names those that broke.

    A conversation is told by who is asked and by what it begins with. A request of one has to go
    on from an earlier one, or to be the beginning of one (a retry, the same question once more).
    After an edit, an undo, a compaction, or where two conversations of one test begin alike,
    `new_epoch` says that prefixes may break.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], list[Conversation]] = {}
        self.broken: list[str] = []

    def new_epoch(self) -> None:
        """Forget all prefixes."""
        self._known.clear()

    def take_body(self, body: Body) -> None:
        """Take what a provider was sent."""
        start = len(body.get("tools", ())) + len(_system(body)) + _instructing(body)
        self._take(body["model"], prefix_of(body), start)

    def take_call(self, call: ModelCall) -> None:
        """Take what a model was asked."""
        lines = without_block(call.lines)
        told = [[each.role, each.parts, each.tool_calls, each.tool_call_id] for each in lines]
        roles = (line.role in {"system", "developer"} for line in lines)
        start = sum(takewhile(bool, roles))
        self._take(f"{call.slot.label} {call.position}", tuple(map(_shown, told)), start)

    def _take(self, who: str, now: Conversation, start: int) -> None:
        known = self._known.setdefault((who, *now[: start + 1]), [])
        if known and not any(extends(now, each) or extends(each, now) for each in known):
            self.broken.append(f"a request to {who} broke the prefix of its conversation")
        known.append(now)


def _shown(line: object) -> bytes:
    return repr(line).encode(errors="replace")


def _messages(body: Body) -> list[Mapping[str, Any]]:
    """Give the messages, or what the Responses format calls its input."""
    given = body.get("messages") or body.get("input") or ()
    return [{"role": "user", "content": given}] if isinstance(given, str) else [*given]


def _without_block(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    if message.get("role") != "user":
        return [message]
    texts = _texts(message)
    if not texts:
        return [message]
    if texts[-1].startswith(OPENINGS):
        return []
    cuts = [at for each in OPENINGS if (at := texts[-1].find(f"\n\n{each}")) >= 0]
    if not cuts:
        return [message]
    return [_with_last_text(message, texts[-1][: min(cuts)])]


def _with_last_text(message: Mapping[str, Any], text: str) -> Mapping[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return {**message, "content": text}
    return {**message, "content": [*content[:-1], {**content[-1], "text": text}]}


def _texts(message: Mapping[str, Any]) -> list[str]:
    content = message.get("content")
    if isinstance(content, str):
        return [content]
    return [part["text"] for part in content or () if isinstance(part.get("text"), str)]


def _system(body: Body) -> Sequence[object]:
    system = body.get("system") or body.get("instructions") or ()
    return [system] if isinstance(system, str) else system


def _instructing(body: Body) -> int:
    roles = [message.get("role") for message in _messages(body)]
    return next((at for at, role in enumerate(roles) if role not in {"system", "developer"}), 0)


def _written(value: object) -> bytes:
    return json.dumps(_bare(value), sort_keys=True).encode()


def _bare(value: object) -> object:
    """Take the breakpoints out."""
    if isinstance(value, Mapping):
        return {name: _bare(each) for name, each in value.items() if name != "cache_control"}
    if isinstance(value, list | tuple):
        return [_bare(each) for each in value]
    return value
