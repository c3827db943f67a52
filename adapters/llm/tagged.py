"""Thoughts that a server leaves in the words of an answer: `<think>…</think>` at its beginning.

Ollama, vLLM and llama.cpp do so where nobody has set up a parser for the model's reasoning. Decides
which words are thoughts: those of a tag that is the very first thing said, however the pieces cut
it, up to its end or the answer's. Words that speak of such a tag further on stay words.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final, Literal, TypeAlias

from core.calls import Chunk

OPEN: Final = "<think>"
CLOSE: Final = "</think>"
LONGEST_LEAD: Final = 200
"""Characters that may stand before it, all of them white space: what is held back is read again."""

Stage: TypeAlias = Literal["before", "thinking", "after", "answer"]


class Tagged:
    """The words of one answer as they come, with the thoughts taken out of them."""

    def __init__(self) -> None:
        """Begin before the first word."""
        self._stage: Stage = "before"
        self._held = ""
        self._thought = False

    def take(self, chunk: Chunk) -> Chunk:
        """Give a piece with its thoughts apart; what may still become a tag is held back."""
        if self._stage == "answer" or not chunk.text:
            return chunk
        self._held += chunk.text
        if self._stage == "before":
            self._open()
        thought = self._think() if self._stage == "thinking" else ""
        said = self._say() if self._stage in {"after", "answer"} else ""
        return replace(chunk, text=said, reasoning=chunk.reasoning + thought, progress=True)

    def last(self, chunk: Chunk) -> Chunk:
        """Give the last piece of an answer, with what was held back: nothing can follow it."""
        held, self._held = self._held, ""
        if self._stage == "thinking":
            return replace(chunk, reasoning=held + chunk.reasoning)
        return replace(chunk, text=held + chunk.text)

    def _open(self) -> None:
        bare = self._held.lstrip()
        if bare.startswith(OPEN):
            self._stage, self._held = "thinking", bare.removeprefix(OPEN)
        elif not OPEN.startswith(bare) or len(self._held) > LONGEST_LEAD:
            self._stage = "answer"

    def _think(self) -> str:
        """Give what is thought so far, without the white space before it."""
        thought, closed, rest = self._held.partition(CLOSE)
        if closed:
            self._stage, self._held = "after", rest
        else:
            whole = len(thought) - _begun(thought)
            thought, self._held = thought[:whole], thought[whole:]
        if not self._thought:
            thought = thought.lstrip()
            self._thought = bool(thought)
        return thought

    def _say(self) -> str:
        """Give what is said so far; of what follows the thoughts, without the white space."""
        said = self._held.lstrip() if self._stage == "after" else self._held
        self._held = ""
        if said:
            self._stage = "answer"
        return said


def _begun(text: str) -> int:
    """Tell how many characters at the end of a text may be the beginning of the closing tag."""
    lengths = range(len(CLOSE) - 1, 0, -1)
    return next((length for length in lengths if text.endswith(CLOSE[:length])), 0)
