"""An answer while it is written: strip, split, make safe, close. Keeps what is done.

Costs nothing for each piece of text: work is done when somebody asks for the texts.
"""

from __future__ import annotations

from core.markup.close import Closer
from core.markup.hold import settled
from core.markup.sanitise import neutralise, strip
from core.markup.split import Measure, Splitter


class Streamed:
    """The answer while it is written: what can be shown of each part.

    With `append` the text of a part always begins with the text before it.
    """

    def __init__(self, limit: int, measure: Measure, *, append: bool = False) -> None:
        self._limit = limit
        self._measure = measure
        self._append = append
        self.was_reset = False
        self._begin()

    def _begin(self) -> None:
        self._source: list[str] = []
        self._new: list[str] = []
        self._splitter = Splitter(self._limit, self._measure)
        self._closer = Closer()
        self._shown: list[str] = []
        self._open = ""

    @property
    def source(self) -> str:
        """All that was streamed since the last reset."""
        return "".join((*self._source, *self._new))

    def add(self, text: str) -> None:
        """Keep it; nothing is looked at until somebody asks for the texts."""
        self._new.append(text)

    def reset(self) -> None:
        """Forget everything."""
        self._begin()
        self.was_reset = True

    def texts(self) -> list[str]:
        """Give the finished parts and what can be shown of the unfinished one."""
        if self._new:
            new = "".join(self._new)
            self._source.append(new)
            self._new.clear()
            self._splitter.add(strip(new))
            for text in self._splitter.frozen[len(self._shown) :]:
                self._shown.append(neutralise(text))
                self._closer = Closer()
                self._open = ""
            shown = self._unfinished()
            # Closing may need more room than there is: then it waits for the next cut.
            if self._measure(shown) <= self._limit:
                self._open = shown
        return [*self._shown, self._open] if self._open else list(self._shown)

    def _unfinished(self) -> str:
        tail = self._splitter.tail
        return settled(tail[: self._splitter.sure]) if self._append else self._closer.show(tail)
