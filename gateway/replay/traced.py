"""Reads a turn back out of a trace: what was asked, and what it came to.

Decides which line of a file is meant and what of it is asked again. It asks nobody.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec import Struct

from core.advice import as_words
from core.errors import UsageError
from core.trace import SCHEMA
from core.types import Image, Line, Role, ToolCall

GO_ON = "Go on from what the tools have given."
"""Ends a transcript that ended in the results of tools: in a replay nobody can call any."""


class _Call(Struct):
    name: str
    arguments: str = ""
    id: str = ""


class _Url(Struct):
    url: str


class _Part(Struct):
    text: str = ""
    image_url: _Url | None = None


class _Line(Struct):
    role: Role
    content: str | list[_Part] = ""
    tool_calls: list[_Call] = []
    tool_call_id: str | None = None
    trailing: bool = False


class _Asked(Struct):
    label: str
    input: list[_Line] = []
    tool_calls: list[_Call] = []


class _Reference(Struct):
    label: str
    outcome: str


class _Iteration(Struct):
    references: list[_Reference] | None = None
    aggregator: list[_Asked] = []


class _Usage(Struct):
    input: int = 0
    output: int = 0


class Traced(Struct):
    """One line of a trace, as far as a replay needs it."""

    schema: int
    turn_id: str
    preset: str
    ending: str
    started: int
    answer: str
    dollars: Decimal
    priced: bool
    seconds: float
    usage: _Usage
    error: str | None = None
    iterations: list[_Iteration] = []

    @property
    def calls(self) -> list[_Asked]:
        """The aggregator's calls, in order."""
        return [call for each in self.iterations for call in each.aggregator]

    @property
    def references(self) -> list[_Reference]:
        """What became of the references of the newest fan-out."""
        asked = [each.references for each in self.iterations if each.references]
        return asked[-1] if asked else []

    @property
    def tools(self) -> int:
        """How many calls of tools there were."""
        return sum(len(call.tool_calls) for call in self.calls)

    def transcript(self) -> tuple[Line, ...]:
        """Give what the turn was asked with, tools as text, without any block.

        Raises:
            UsageError: nobody was asked, so there is nothing to ask again.
        """
        if not self.calls or not self.calls[0].input:
            raise UsageError(f"In the turn {self.turn_id} no aggregator was asked.")
        lines = tuple(_line(each) for each in self.calls[0].input if not each.trailing)
        if not any(line.role == "tool" or line.tool_calls for line in lines):
            return lines
        head = [line for line in lines if line.role in {"system", "developer"}]
        said = as_words(lines)
        tail = (Line.of("user", GO_ON),) if lines[-1].role == "tool" else ()
        return (*head, *said, *tail)


def find(trace: str, turn_id: str | None = None) -> Traced:
    """Find a turn: `trace` is FILE or FILE:TURN; without a turn it is the file's last one.

    Raises:
        UsageError: there is no such file or turn, or it is no trace.
    """
    path, _, named = (trace, "", "") if Path(trace).is_file() else trace.rpartition(":")
    wanted, file = turn_id or named, Path(path or trace)
    for text in _newest_first(file, wanted.encode()):
        traced = _read(text, file)
        if wanted in {"", traced.turn_id}:
            return traced
    told = f"no turn {wanted}" if wanted else "nothing"
    raise UsageError(f"{file}: there is {told} in it.")


def _newest_first(file: Path, wanted: bytes) -> list[bytes]:
    """Give the lines of a file that may be meant: those with the turn's name in them."""
    try:
        with file.open("rb") as opened:
            return [line for line in opened if line.strip() and wanted in line][::-1]
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror or error}") from error


def _read(text: bytes, file: Path) -> Traced:
    try:
        traced = msgspec.json.decode(text, type=Traced)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: is no trace of a turn: {error}") from error
    if traced.schema != SCHEMA:
        raise UsageError(
            f"{file}: was written in the form {traced.schema}; this version reads {SCHEMA}."
        )
    return traced


def _line(line: _Line) -> Line:
    return Line(
        role=line.role,
        parts=_parts(line.content),
        tool_calls=tuple(
            ToolCall(id=each.id, name=each.name, arguments=each.arguments)
            for each in line.tool_calls
        ),
        tool_call_id=line.tool_call_id,
    )


def _parts(content: str | list[_Part]) -> tuple[str | Image, ...]:
    if isinstance(content, str):
        return (content,) if content else ()
    return tuple(
        each.text if each.image_url is None else Image(url=each.image_url.url) for each in content
    )
