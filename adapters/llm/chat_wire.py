"""What an answer of the Chat Completions format looks like, in all the shapes that are met.

Decides what a field means whoever wrote it: words, usage, cost, the reason of an end. Lenient:
a field that is missing, null or in another shape says nothing, and is no failure (MOA-41).
"""

from __future__ import annotations

from decimal import Decimal

import msgspec
from msgspec import Raw, Struct

from adapters.llm import believed
from core.types import Finish, Usage


class Part(Struct):
    """A piece of content."""

    text: str | None = None


Content = str | list[Part | str] | Part | None


class Function(Struct):
    """A part of a tool call; a few servers give the arguments as an object."""

    name: str | None = None
    arguments: str | dict[str, object] | None = None


class ToolPiece(Struct):
    """A tool call, or a piece of one."""

    index: int | str | None = None
    id: str | int | None = None
    function: Function | None = None
    extra_content: dict[str, object] | None = None


class Words(Struct):
    """A delta or a message: the same fields."""

    content: Content = None
    refusal: str | None = None
    reasoning_content: Content = None
    reasoning: Content = None
    reasoning_details: object = None
    tool_calls: list[ToolPiece] | None = None

    @property
    def text(self) -> str:
        """What is said; a refusal is the model's answer too."""
        return words_of(self.content) or self.refusal or ""

    @property
    def refuses(self) -> bool:
        """Whether what is said is a refusal."""
        return bool(self.refusal) and not words_of(self.content)

    @property
    def thought(self) -> str:
        """The reasoning; one that comes in two fields comes once."""
        told = words_of(self.reasoning_content) or words_of(self.reasoning)
        return told or "".join(map(_shown, details_of(self.reasoning_details)))


class Choice(Struct):
    """One answer, or a piece of it. `usage` stands here at some providers."""

    index: int | str | None = None
    delta: Words | str | None = None
    message: Words | str | None = None
    text: str | None = None
    finish_reason: str | int | None = None
    usage: Raw = Raw()
    error: object = None

    @property
    def words(self) -> Words:
        """What this piece says."""
        said = self.delta or self.message or self.text
        return said if isinstance(said, Words) else Words(content=said)


class Groq(Struct):
    """What Groq adds to an event of its own; for long, the only place of its usage."""

    usage: Raw = Raw()


class Answered(Struct):
    """A whole answer or one event of a stream."""

    choices: list[Choice] | None = None
    usage: Raw = Raw()
    x_groq: Groq | None = None
    error: object = None
    message: object = None
    detail: object = None


def words_of(content: Content) -> str:
    """Join what is said, however it is packed."""
    match content:
        case str():
            return content
        case Part():
            return content.text or ""
        case list():
            return "".join(words_of(part) for part in content)
        case None:
            return ""


def details_of(details: object) -> list[dict[str, object]]:
    """Give the pieces of reasoning in OpenRouter's `reasoning_details`."""
    pieces = [details] if isinstance(details, dict) else details
    return [each for each in pieces if isinstance(each, dict)] if isinstance(pieces, list) else []


def _shown(detail: dict[str, object]) -> str:
    said = detail.get("text") or detail.get("summary")
    return said if isinstance(said, str) else ""


# --- usage ----------------------------------------------------------------------------------

Count = int | float | None


class InputDetails(Struct):
    """What of the input came out of a cache, and what went into one."""

    cached_tokens: Count = None
    cache_write_tokens: Count = None


class OutputDetails(Struct):
    """What of the output was reasoning."""

    reasoning_tokens: Count = None


class CostDetails(Struct):
    """What a provider behind the provider takes."""

    upstream_inference_cost: Decimal | None = None


class Spent(Struct):
    """Usage, the field names of several providers side by side."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None
    prompt_cache_hit_tokens: Count = None
    cached_tokens: Count = None
    input_tokens: Count = None
    input_tokens_details: InputDetails | None = None
    output_tokens: Count = None
    output_tokens_details: OutputDetails | None = None

    @property
    def usage(self) -> Usage:
        """Our own form (MOA-27): the input includes the cache here already."""
        into = self.prompt_tokens_details or self.input_tokens_details or InputDetails()
        out = self.completion_tokens_details or self.output_tokens_details or OutputDetails()
        return Usage(
            input=_first(self.prompt_tokens, self.input_tokens),
            cache_read=_first(into.cached_tokens, self.prompt_cache_hit_tokens, self.cached_tokens),
            cache_write=_first(into.cache_write_tokens),
            output=_first(self.completion_tokens, self.output_tokens),
            reasoning=_first(out.reasoning_tokens),
        )


class WholeCost(Struct):
    """A cost by its parts, as Perplexity gives it."""

    total_cost: Decimal | None = None


class Price(Struct):
    """A cost in dollars that the provider itself reports."""

    cost: Decimal | WholeCost | None = None
    is_byok: bool | None = None
    cost_details: CostDetails | None = None

    @property
    def dollars(self) -> Decimal | None:
        """The sum; with a key of one's own the upstream provider bills, too."""
        cost = self.cost.total_cost if isinstance(self.cost, WholeCost) else self.cost
        cost = believed.dollars(cost)
        if self.is_byok and self.cost_details is not None:
            upstream = believed.dollars(self.cost_details.upstream_inference_cost)
            cost = upstream if cost is None else cost + (upstream or 0)
        return cost


def spent_of(raw: Raw) -> tuple[Usage | None, Decimal | None]:
    """Read usage and reported cost; None for what cannot be read or was not said."""
    if bytes(raw) in {b"", b"null", b"{}"}:
        return None, None
    return _usage(raw), _dollars(raw)


def _usage(raw: Raw) -> Usage | None:
    try:
        spent = msgspec.json.decode(raw, type=Spent)
    except (ValueError, RecursionError):
        return None
    return None if spent == Spent() else believed.tokens(spent.usage)


def _dollars(raw: Raw) -> Decimal | None:
    try:
        return msgspec.json.decode(raw, type=Price).dollars
    except (ValueError, RecursionError):
        return None


def _first(*counts: Count) -> int:
    return next((max(0, int(count)) for count in counts if count is not None), 0)


# --- why it ended ---------------------------------------------------------------------------

FINISHES: dict[str, Finish] = {
    "length": "length",
    "max_tokens": "length",
    "max_output_tokens": "length",
    "model_length": "length",
    "model_context_window_exceeded": "length",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "prohibited_content": "content_filter",
    "recitation": "content_filter",
}


def finish_of(reason: str) -> Finish:
    """Map a reason; one that nobody has met yet is taken for a plain end."""
    return FINISHES.get(reason.lower(), "stop")
