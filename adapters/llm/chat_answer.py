"""Gathers an answer of the Chat Completions format: its documents in, pieces of the answer out.

Decides what was said, and whether the answer came to its end (MOA-41). It is fed: no I/O. What
a failure leads to is not its business.
"""

from __future__ import annotations

from decimal import Decimal

import msgspec

from adapters.llm import failures
from adapters.llm.chat_seal import Thoughts
from adapters.llm.chat_tools import ToolCalls
from adapters.llm.chat_wire import Answered, Choice, Words, finish_of, spent_of
from adapters.llm.encoding import decode
from adapters.llm.ended import finish_told, require_answer
from core.calls import Chunk
from core.errors import ModelBroken
from core.types import Sealed, Usage


class ChatAnswer:
    """One answer as it comes: `take` its documents, `flush` what is new, `end` it."""

    def __init__(self, secrets: tuple[str, ...] = (), *, label: str = "") -> None:
        """Begin an answer of the slot `label`; `secrets` are taken out of quoted errors."""
        self._secrets = secrets
        self._label = label
        self._thoughts = Thoughts()
        self._calls = ToolCalls()
        self._text: list[str] = []
        self._thought: list[str] = []
        self._usage: Usage | None = None
        self._dollars: Decimal | None = None
        self._progress = False
        self._reason: str | None = None
        self._chosen = False
        self._spoke = self._refused = False
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the end was announced ("[DONE]"), or this was a whole answer."""
        return self._closed

    @property
    def finished(self) -> bool:
        """Whether the model has said why it ended; only usage may still come."""
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
            answered = decode(document, Answered)
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise ModelBroken("The provider's answer cannot be read") from error
        self._complain(answered)
        if answered.x_groq is not None:
            self._spend(answered.x_groq.usage)
        self._spend(answered.usage)
        for choice in answered.choices or ():
            if choice.index in {0, "0", None}:
                self._choose(choice)

    def _complain(self, answered: Answered) -> None:
        """Raise the error that a 200 carries, if it carries one."""
        errors = [answered.error, *(choice.error for choice in answered.choices or ())]
        if answered.choices is None:
            errors += [answered.message, answered.detail]
        for error in filter(None, errors):
            raise failures.failure(failures.listen(error), None, secrets=self._secrets)

    def _choose(self, choice: Choice) -> None:
        # At the end of a stream some servers say the whole answer once more, as a message.
        repeated = choice.message is not None and (self._spoke or self._calls.begun)
        words = Words() if repeated else choice.words
        self._spoke |= bool(words.text)
        self._refused |= words.refuses
        self._text.append(words.text)
        self._thought.append(words.thought)
        self._progress |= bool(words.tool_calls or words.reasoning_details)
        self._calls.take(words.tool_calls or ())
        self._thoughts.take(words)
        self._spend(choice.usage)
        self._reason = str(choice.finish_reason or "") or self._reason
        self._chosen = True
        self._closed |= choice.message is not None

    def _spend(self, raw: msgspec.Raw) -> None:
        usage, dollars = spent_of(raw)
        self._usage = usage or self._usage
        self._dollars = self._dollars if dollars is None else dollars

    def flush(self) -> Chunk:
        """Give what is new since the last time; an empty chunk if nothing is."""
        chunk = Chunk(
            text="".join(self._text),
            reasoning="".join(self._thought),
            usage=self._usage,
            dollars=self._dollars,
            progress=self._progress,
        )
        self._text.clear()
        self._thought.clear()
        self._usage = self._dollars = None
        self._progress = False
        return chunk

    def end(self, *, streamed: bool) -> Chunk:
        """Give the last piece: tool calls and why it ended.

        `streamed` tells whether a missing end means that the answer was cut.

        Raises:
            ModelError: there was no whole answer.
        """
        cut = streamed and not self.finished and not self._closed
        require_answer(cut=cut, begun=self._chosen)
        reason = finish_of(self._reason or "stop")
        calls = self._calls.whole(cut=reason == "length")
        finish = finish_told(reason, calls, spoke=self._spoke, refused=self._refused)
        if self._reason == "error":
            raise ModelBroken("The provider broke off with an error")
        return Chunk(tool_calls=calls, sealed=self._sealed(len(calls)), finish=finish)

    def _sealed(self, calls: int) -> tuple[Sealed, ...]:
        """Keep what the model wants back with its calls; nothing, if some of them were cut."""
        beside = self._calls.beside()
        whole = 0 < calls == len(beside)
        return self._thoughts.sealed(self._label, beside) if whole else ()
