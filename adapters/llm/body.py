"""The body of an answer: an event stream, or one whole JSON document to the same question.

Decides by the first byte which one it is: what a server says about its body in a header is not
to be relied on, and some answer whole to a request for a stream (MOA-41).
"""

from __future__ import annotations

from adapters.llm.sse import Event, EventStream, EventTooLarge

LARGEST_DOCUMENT = 64 * 1024 * 1024
LARGEST_STREAM = 2 * LARGEST_DOCUMENT
"""Bytes; the longest answers of today's models, an event for each token, take half of it."""


class Body:
    """Takes bytes, gives events; a whole document is one event, given at its end."""

    def __init__(self) -> None:
        """Begin at the first byte."""
        self._events = EventStream()
        self._document: bytearray | None = None
        self._begun = False
        self._events_seen = False
        self._size = 0

    @property
    def streamed(self) -> bool:
        """Whether this may be a stream: nothing came at all, or events did."""
        return not self._begun or self._events_seen

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; b"" is the end.

        Raises:
            EventTooLarge: it outgrew the memory that it may have.
        """
        if not self._begun and data.strip():
            self._begun = True
            # No line of an event stream begins so.
            self._document = bytearray() if data.lstrip().startswith(b"{") else None
        self._weigh(data)
        if self._document is None:
            events = self._events.feed(data) if data else self._events.end()
            self._events_seen = self._events_seen or bool(events)
            return events
        self._document += data
        return [] if data else [Event(data=self._document.decode(errors="replace"))]

    def _weigh(self, data: bytes) -> None:
        self._size += len(data)
        if self._size > (LARGEST_STREAM if self._document is None else LARGEST_DOCUMENT):
            raise EventTooLarge
