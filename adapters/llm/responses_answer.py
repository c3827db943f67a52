"""Gathers an answer of the Responses format: its documents in, pieces of the answer out.

Decides what was said, and whether the answer came to its end (MOA-41). It is fed: no I/O. What
a failure leads to is not its business.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from adapters.llm import failures
from adapters.llm.chat_wire import finish_of, spent_of
from adapters.llm.encoding import decode
from adapters.llm.ended import finish_told, require_answer
from adapters.llm.responses_items import Items
from adapters.llm.responses_seal import sealed
from adapters.llm.responses_wire import Event, Response
from core.calls import Chunk
from core.errors import ModelBroken, ModelError
from core.types import Usage

ENDS = frozenset({"", "completed", "incomplete", "failed", "cancelled"})
"""Kinds of events that bring the whole answer; a whole answer alone has none."""


class ResponsesAnswer:
    """One answer as it comes: `take` its documents, `flush` what is new, `end` it."""

    def __init__(self, label: str, secrets: tuple[str, ...] = ()) -> None:
        """Begin an answer of the slot `label`; `secrets` are taken out of quoted errors."""
        self._label = label
        self._secrets = secrets
        self._items = Items()
        self._usage: Usage | None = None
        self._dollars: Decimal | None = None
        self._progress = False
        self._spoke = self._refused = False
        self._reason: str | None = None
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the end was announced; usage comes with it, so nothing more can come."""
        return self._closed

    @property
    def finished(self) -> bool:
        """Whether the model has said why it ended."""
        return self._reason is not None

    def take(self, document: str) -> None:
        """Take an event's data, or a whole answer.

        Raises:
            ModelError: the provider reports a failure, or nobody can read this.
        """
        if document.strip() == "[DONE]":
            self._closed = True
            return
        try:
            event = decode(document, Event)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise ModelBroken("The provider's answer cannot be read") from error
        if event.error is not None or event.type == "error":
            raise self._failure(event.error or {"code": event.code, "message": event.message})
        kind = event.type.removeprefix("response.")
        if kind in ENDS:
            response = event.response or event
            self._finish(response, response.status or kind)
        else:
            self._grow(kind, event)

    def _grow(self, kind: str, event: Event) -> None:
        """Take a piece of an item. Of kinds that nobody knows yet nothing is needed."""
        items, at, name = self._items, event.output_index, event.item_id
        text = event.delta or ""
        match kind:
            case "output_text.delta" | "refusal.delta" if text:
                items.say(at, name, text)
                self._refused |= kind == "refusal.delta"
            case "reasoning_summary_text.delta" | "reasoning_text.delta" if text:
                items.think(at, name, text)
            case "reasoning_summary_part.added":
                items.thought.part()
            case "function_call_arguments.delta":
                items.argue(at, name, text, whole=False)
                self._progress = True
            case "function_call_arguments.done" if event.arguments:
                items.argue(at, name, event.arguments, whole=True)
            case "output_item.added" if event.item is not None:
                items.begin(at, event.item)
            case "output_item.done" if event.item is not None:
                items.done(at, event.item)
                self._progress = True
            case _:
                pass

    def _finish(self, response: Response, status: str) -> None:
        """Take the whole answer, and with it what no event before has told.

        Raises:
            ModelError: it failed, or it is none.
        """
        usage, dollars = spent_of(response.usage)
        self._usage = usage or self._usage
        self._dollars = self._dollars if dollars is None else dollars
        if response.error is not None or status in {"failed", "cancelled"}:
            raise self._failure(response.error)
        if status in {"queued", "in_progress"} or (response.output is None and not self._items):
            raise ModelBroken("The provider answered without an answer")
        self._items.complete(response.output or [])
        why = response.incomplete_details
        self._reason = (why and why.reason) or ("length" if status == "incomplete" else "stop")
        self._closed = True

    def _failure(self, error: object) -> ModelError:
        return failures.failure(failures.listen(error), None, secrets=self._secrets)

    def flush(self) -> Chunk:
        """Give what is new since the last time; an empty chunk if nothing is."""
        chunk = Chunk(
            text=self._items.text.taken(),
            reasoning=self._items.thought.taken(),
            usage=self._usage,
            dollars=self._dollars,
            progress=self._progress,
        )
        self._spoke |= bool(chunk.text)
        self._usage = self._dollars = None
        self._progress = False
        return chunk

    def end(self, *, streamed: bool) -> Chunk:
        """Give the last piece: tool calls, what is kept for the next request, why it ended.

        `streamed` tells whether a missing end means that the answer was cut.

        Raises:
            ModelError: there was no whole answer.
        """
        require_answer(cut=streamed and not self._closed, begun=bool(self._items) or self.finished)
        reason = finish_of(self._reason or "stop")
        calls = self._items.calls(cut=reason == "length")
        refused = self._refused or self._items.refused
        finish = finish_told(reason, calls, spoke=self._spoke, refused=refused)
        kept = sealed(self._items.given(), self._label)
        return Chunk(tool_calls=calls, sealed=kept, finish=finish)
