"""Finds code fences and blocks in Markdown, line by line. Changes nothing.

A fence may stand behind spaces, quote marks and one list marker, as models write them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# An opening line that is longer than this is no fence but a text with backticks in it.
_LONGEST_INFO = 120

_LINE = re.compile(
    r"^(?P<lead>[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)?)"
    r"(?P<marker>`{3,}|~{3,})(?P<info>[^\n]*)$"
    r"|^[ \t]*$",
    re.MULTILINE,
)
_ANY_FENCE = re.compile(r"[ \t>]*(?:`{3,}[^`]*|~{3,}.*)\Z")


@dataclass(frozen=True, slots=True)
class Fence:
    """An open fence: its opening line begins at `start`, its first line of code at `body`."""

    start: int
    body: int
    lead: str
    marker: str
    info: str

    @property
    def closer(self) -> str:
        """The line that closes it."""
        return re.sub(r"[^ \t>]", " ", self.lead) + self.marker

    @property
    def reopener(self) -> str:
        """The line that opens it again at the top of another message."""
        quotes = "".join(mark for mark in self.lead if mark == ">")
        return f"{quotes}{' ' if quotes else ''}{self.marker}{self.info}"

    def closed_by(self, line: str) -> bool:
        """Say whether this whole line ends the fence."""
        bare = line.strip(" \t>")
        return len(bare) >= len(self.marker) and not bare.strip(self.marker[0])


class Scan:
    """Reads a text that only grows at its end, every line once.

    `fence` is what is open after the last whole line, `block` where the unfinished block
    begins: behind the last blank line or closed fence, or at the open fence's own line.
    """

    def __init__(self) -> None:
        self.fence: Fence | None = None
        self.block = 0
        self._read = 0

    @classmethod
    def of(cls, text: str) -> Scan:
        """Read all the whole lines of a text."""
        scan = cls()
        scan.read(text)
        return scan

    def read(self, text: str, end: int | None = None) -> None:
        """Take in the whole lines of `text` before `end`; what was read is not read again."""
        stop = text.rfind("\n", self._read, end) + 1
        if stop <= self._read:
            return
        for found in _LINE.finditer(text, self._read, stop):
            if found.start() < stop:
                self._line(found)
        self._read = stop

    def _line(self, found: re.Match[str]) -> None:
        after = found.end() + 1
        if self.fence is not None:
            if found["marker"] and self.fence.closed_by(found[0]):
                self.fence, self.block = None, after
        elif not found["marker"]:
            self.block = after
        elif len(found["info"]) <= _LONGEST_INFO and (
            found["marker"][0] == "~" or "`" not in found["info"]
        ):
            self.block = found.start()
            self.fence = Fence(
                start=found.start(),
                body=after,
                lead=found["lead"],
                marker=found["marker"],
                info=found["info"].rstrip(),
            )


def open_fence(text: str, end: int) -> Fence | None:
    """Give the fence that is open where the line that holds `end` begins."""
    scan = Scan()
    scan.read(text, end)
    return scan.fence


def only_fences(text: str) -> bool:
    """Say whether there is nothing here but lines that open or close a fence."""
    return all(_ANY_FENCE.match(line) for line in text.split("\n") if line.strip())


def segments(text: str) -> Iterator[tuple[bool, str]]:
    """Yield the text in order as (is it code, piece); fence lines belong to the code."""
    scan, at, code = Scan(), 0, False
    for line in _LINE.finditer(text):
        if not line["marker"]:
            continue
        scan._line(line)  # noqa: SLF001 - the same file
        if (scan.fence is not None) == code:
            continue
        edge = line.end() if code else line.start()
        yield code, text[at:edge]
        at, code = edge, not code
    yield code, text[at:]
