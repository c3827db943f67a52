"""Reads what a scripted model is to say: the file or the block in the configuration.

Decides what a script may hold; refuses the rest, naming the place. It never plays anything.
`scripted.py` describes the format.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import yaml
from msgspec import Meta, Struct

from core.errors import ConfigError, FailureKind
from core.types import Finish

Seconds = Annotated[float, Meta(ge=0)]
Tokens = Annotated[int, Meta(ge=0)]


class ScriptedCall(Struct, frozen=True, forbid_unknown_fields=True):
    """A tool call; arguments as text are passed on as they are, JSON or not."""

    name: str
    arguments: dict[str, object] | str = "{}"
    id: str | None = None


class ScriptedUsage(Struct, frozen=True, forbid_unknown_fields=True):
    """The tokens that the call is said to have taken."""

    input: Tokens = 0
    cache_read: Tokens = 0
    cache_write: Tokens = 0
    output: Tokens = 0
    reasoning: Tokens = 0


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """One answer: what is said, how fast, and how it ends. Delays are in seconds."""

    text: str = ""
    reasoning: str = ""
    tool_calls: tuple[ScriptedCall, ...] = ()
    chunk: Annotated[int, Meta(ge=1)] = 16
    first: Seconds = 0.0
    between: Seconds = 0.0
    usage: ScriptedUsage | None = None
    dollars: Decimal | None = None
    finish: Finish | None = None
    error: FailureKind | None = None
    message: str = ""
    retry_after: Seconds | None = None
    stall: bool = False


class _Plan(Struct, frozen=True, forbid_unknown_fields=True):
    answers: list[Answer | str]
    then: Literal["cycle", "last"] = "cycle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The answers of one model, in order. After the last one: from the beginning, or it again."""

    answers: tuple[Answer, ...]
    then: Literal["cycle", "last"] = "cycle"

    def at(self, count: int) -> Answer:
        """Give the answer to the call number `count`, from 0."""
        if self.then == "last":
            return self.answers[min(count, len(self.answers) - 1)]
        return self.answers[count % len(self.answers)]


Script = Mapping[str, Plan]


def load(path: Path) -> Script:
    """Read a script from a YAML file.

    Raises:
        ConfigError: it cannot be read, or is no script; the text names the place.
    """
    try:
        data: object = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: is no YAML: {error}") from error
    return parse(data, where=str(path))


def parse(data: object, *, where: str) -> Script:
    """Read a script that is decoded already; `where` stands at the head of every complaint.

    Raises:
        ConfigError: it is no script; the text names the place.
    """
    if not isinstance(data, Mapping) or not data:
        raise ConfigError(f"{where}: expected model names, each with its answers")
    return {str(name): _plan(each, where=f"{where}: {name}") for name, each in data.items()}


def _plan(data: object, *, where: str) -> Plan:
    if isinstance(data, Mapping) and "answers" in data:
        given = data
    elif isinstance(data, list):
        given = {"answers": data}
    else:
        given = {"answers": [data]}
    try:
        plan = msgspec.convert(given, _Plan)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{where}{_place(str(error))}") from error
    if not plan.answers:
        raise ConfigError(f"{where}: expected at least one answer")
    answers = (Answer(text=each) if isinstance(each, str) else each for each in plan.answers)
    return Plan(answers=tuple(answers), then=plan.then)


def _place(complaint: str) -> str:
    """Turn "Expected `int` - at `$.answers[0].chunk`" into ".answers[0].chunk: Expected `int`"."""
    said, _, place = complaint.partition(" - at ")
    path = re.sub(r"^\$", "", place.strip("`"))
    return f"{path}: {said}"
