"""Server-sent events out of bytes, as they come.

Decides where one event ends and the next begins; never what an event means. However the bytes
are cut, the events are the same.
"""

from __future__ import annotations

import codecs
from dataclasses import dataclass

LARGEST_EVENT = 16 * 1024 * 1024
"""Characters; a server that never ends its line must not fill the memory (P5)."""
LINE = 64
"""What a line takes beyond its characters: one without any is not free."""


class EventTooLarge(ValueError):
    """A single event grew beyond `LARGEST_EVENT`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event: its name ("" where none was given) and its data lines, joined."""

    data: str
    name: str = ""


class EventStream:
    """Takes bytes in any pieces, gives whole events.

    Follows the WHATWG grammar: a byte order mark is dropped, lines end in CR, LF or CRLF,
    comments and unknown fields are passed over, bytes that are no UTF-8 become U+FFFD.
    """

    def __init__(self) -> None:
        """Begin at the first byte of a body."""
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._after_cr = False
        self._partial: list[str] = []
        self._name = ""
        self._data: list[str] = []
        self._held = 0

    def feed(self, data: bytes) -> list[Event]:
        """Take the next bytes; give the events that they complete.

        Raises:
            EventTooLarge: a single event outgrew the memory it may have.
        """
        return self._take(self._decoder.decode(data))

    def end(self) -> list[Event]:
        """Give what the body ended in, even if its last line was never closed.

        The grammar would drop it; servers that forget the last blank line are common.
        """
        return self._take(self._decoder.decode(b"", final=True) + "\n\n")

    def _take(self, text: str) -> list[Event]:
        if self._after_cr and text:
            text = text.removeprefix("\n")
            self._after_cr = False
        if text.endswith("\r"):
            self._after_cr = True
        *whole, rest = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if whole and self._partial:
            whole[0] = "".join((*self._partial, whole[0]))
            self._partial.clear()
        events = []
        for line in whole:
            event = self._line(line)
            if event is not None:
                events.append(event)
        self._hold(rest)
        return events

    def _hold(self, rest: str) -> None:
        if rest:
            self._partial.append(rest)
        self._held += len(rest)
        if self._held > LARGEST_EVENT:
            raise EventTooLarge

    def _line(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._held += len(value) + LINE
        elif field == "event":
            self._name = value
        return None

    def _dispatch(self) -> Event | None:
        event = Event(data="\n".join(self._data), name=self._name)
        self._data.clear()
        self._name = ""
        self._held = 0
        return event if event.data else None
