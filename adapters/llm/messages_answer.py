"""Gathers an answer of the Messages format: its events in, pieces of the answer out.

Decides what was said, and whether the answer came to its end (MOA-41). It is fed: no I/O. What
a failure leads to is not its business.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from adapters.llm import failures
from adapters.llm.chat_wire import finish_of
from adapters.llm.ended import finish_told, require_answer
from adapters.llm.messages_blocks import Blocks
from adapters.llm.messages_wire import Block, Delta, Event, Said, Spent, part_of, read_event
from core.calls import Chunk
from core.errors import ModelBroken
from core.types import Sealed, Usage


class MessagesAnswer:
    """One answer as it comes: `take` its events, `flush` what is new, `end` it."""

    def __init__(self, label: str, secrets: tuple[str, ...] = ()) -> None:
        """Begin an answer of the slot `label`; `secrets` are taken out of what errors say."""
        self._label = label
        self._secrets = secrets
        self._blocks = Blocks()
        self._spent = Spent()
        self._told: Usage | None = None
        self._text: list[str] = []
        self._thought: list[str] = []
        self._progress = False
        self._reason: str | None = None
        self._spoke = False
        self._begun = False
        self.closed = False

    @property
    def finished(self) -> bool:
        """Whether the model has said why it ended."""
        return self._reason is not None

    def take(self, document: str) -> None:
        """Take an event's data, or a whole answer.

        Raises:
            ModelError: the provider reports a failure, or nobody can read this.
        """
        if document.strip() == "[DONE]":  # some who speak this format say it, too
            self.closed = True
            return
        try:
            event = read_event(document)
        except (ValueError, RecursionError) as error:
            raise ModelBroken("The provider's answer cannot be read") from error
        if event.error or event.type == "error":
            error_ = event.error or document
            raise failures.failure(failures.listen(error_), None, secrets=self._secrets)
        self._event(event)

    def _event(self, event: Event) -> None:
        at = event.index or 0
        match event.type:
            case "message_start":
                self._begun = True
                if isinstance(event.message, Said):
                    self._spend(event.message.usage, whole=False)
            case "content_block_start":
                self._say(self._blocks.begin(at, part_of(event.content_block, Block)))
            case "content_block_delta":
                self._say(self._blocks.add(at, part_of(event.delta, Delta)))
            case "content_block_stop":
                self._blocks.close(at)
            case "message_delta":
                self._end(part_of(event.delta, Delta).stop_reason, event.usage)
            case "message_stop":
                self.closed = True
            case "ping":
                # Thoughts may be kept from us until they are whole; then this is all there is.
                self._progress |= self._blocks.thinking
            case "message" | None if event.content is not None:
                self._whole(event)
            case _:
                pass  # what is yet to be invented

    def _whole(self, said: Said) -> None:
        if isinstance(said.content, str):
            blocks = [Block(type="text", text=said.content)]
        else:
            blocks = [part_of(each, Block) for each in said.content or ()]
        for at, block in enumerate(blocks):
            self._say(self._blocks.begin(at, block))
            self._blocks.close(at)
        self._begun = True
        self._end(said.stop_reason or "end_turn", said.usage)
        self.closed = True

    def _say(self, delta: Delta) -> None:
        self._begun = True
        self._text.append(delta.text or "")
        self._thought.append(delta.thinking or "")
        self._spoke |= bool(delta.text)
        self._progress |= bool(delta.partial_json)

    def _end(self, reason: str | None, usage: msgspec.Raw) -> None:
        self._reason = reason or self._reason
        self._spend(usage, whole=True)

    def _spend(self, raw: msgspec.Raw, *, whole: bool) -> None:
        """Note what it takes; before the end, and where an end does not say, no output is known."""
        known = whole and Spent().with_newer(raw).output_tokens is not None
        self._spent = self._spent.with_newer(raw)
        usage = self._spent.usage
        if usage is not None and not known:
            usage = replace(usage, output=0, estimated=True)
        self._told = usage

    def flush(self) -> Chunk:
        """Give what is new since the last time; an empty chunk if nothing is."""
        chunk = Chunk(
            text="".join(self._text),
            reasoning="".join(self._thought),
            usage=self._told,
            progress=self._progress,
        )
        self._text.clear()
        self._thought.clear()
        self._told = None
        self._progress = False
        return chunk

    def end(self, *, streamed: bool) -> Chunk:
        """Give the last piece: tool calls, what has to go back verbatim, and why it ended.

        `streamed` tells whether a missing end means that the answer was cut.

        Raises:
            ModelError: there was no whole answer.
        """
        cut = streamed and not self.finished and not self.closed
        require_answer(cut=cut, begun=self._begun)
        reason = finish_of(self._reason or "end_turn")
        calls = self._blocks.calls(cut=reason == "length")
        finish = finish_told(reason, calls, spoke=self._spoke)
        sealed = tuple(Sealed(label=self._label, data=data) for data in self._blocks.kept())
        return Chunk(tool_calls=calls, sealed=sealed, finish=finish)
