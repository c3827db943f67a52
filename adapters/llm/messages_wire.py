"""What an answer of Anthropic's Messages format looks like: its events, blocks and usage.

Decides what a field means. Lenient: what is missing, null or in another shape says nothing, and
kinds of events and blocks that nobody knows yet are read over (MOA-41).
"""

from __future__ import annotations

import json
from typing import TypeVar

import msgspec
from msgspec import Raw, Struct

from adapters.llm import believed
from adapters.llm.encoding import decode
from core.types import Usage

Count = int | float | None


class Block(Struct):
    """A piece of an answer's content, or its beginning in a stream."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: Raw = Raw()


class Delta(Struct):
    """What is added to a block, or to the answer: then it says why it ended."""

    type: str | None = None
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    partial_json: str | None = None
    stop_reason: str | None = None


class Said(Struct):
    """A whole answer, or what a stream begins with."""

    content: list[Raw] | str | None = None
    stop_reason: str | None = None
    usage: Raw = Raw()


class Event(Said):
    """One event of a stream; a whole answer is one of type "message"."""

    type: str | None = None
    index: int | None = None
    message: Said | str | None = None
    content_block: Raw = Raw()
    delta: Raw = Raw()
    error: object = None


EVENTS = frozenset(
    {
        *("message", "message_start", "message_delta", "message_stop", "error", None),
        *("content_block_start", "content_block_delta", "content_block_stop"),
    }
)

T = TypeVar("T", Block, Delta)


def read_event(document: str) -> Event:
    """Read an event, or a whole answer. One of an unknown kind may look like anything.

    Raises:
        ValueError: nobody can read it.
    """
    try:
        return decode(document, Event)
    except msgspec.ValidationError:
        match json.loads(document):
            case {"type": str(kind)} if kind not in EVENTS:
                return Event(type=kind)
        raise


def part_of(raw: Raw, kind: type[T]) -> T:
    """Read a part of an event; one in another shape says nothing."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (ValueError, RecursionError):
        return kind()


class _Details(Struct):
    thinking_tokens: Count = None


class Spent(Struct):
    """Usage as it adds up over the events of an answer: each figure is a total so far."""

    input_tokens: Count = None
    cache_read_input_tokens: Count = None
    cache_creation_input_tokens: Count = None
    output_tokens: Count = None
    output_tokens_details: _Details | None = None

    def with_newer(self, raw: Raw) -> Spent:
        """Give the figures with those of a later event; what it leaves out stays."""
        if bytes(raw) in {b"", b"null"}:
            return self
        try:
            newer = msgspec.json.decode(raw, type=Spent)
        except (ValueError, RecursionError):
            return self
        given = {
            name: value
            for name in self.__struct_fields__
            if (value := getattr(newer, name)) is not None
        }
        return msgspec.structs.replace(self, **given)

    @property
    def usage(self) -> Usage | None:
        """Our own form (MOA-27): here the input comes without what the cache had."""
        if self.output_tokens is None and self.input_tokens is None:
            return None
        read = _whole(self.cache_read_input_tokens)
        written = _whole(self.cache_creation_input_tokens)
        details = self.output_tokens_details or _Details()
        told = Usage(
            input=_whole(self.input_tokens) + read + written,
            cache_read=read,
            cache_write=written,
            output=_whole(self.output_tokens),
            reasoning=_whole(details.thinking_tokens),
        )
        return believed.tokens(told)


def _whole(count: Count) -> int:
    return max(0, int(count or 0))
