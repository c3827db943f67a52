"""What a message in a chat should look like now, in no platform's words. Values only.

A frame is the whole desired state of one message, so the latest one wins and older ones may be
dropped. `core.reply` makes frames, `gateway.delivery` sends them, an adapter renders them.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from core.outcomes import Outcome
from core.types import Usage

RowState: TypeAlias = Literal["waiting", "writing"] | Outcome
Action: TypeAlias = Literal[
    "stop",
    "retry",
    "advise",
    "preset",
    "pick",
    "restore",
    "advisors",
    "info",
    "up",
    "down",
    "remove",
    "undo",
    "back",
    "approve",
    "refuse",
    "forget",
    "answer",
    "skip",
    "again",
]
Detail: TypeAlias = Literal["off", "line", "summary", "full"]
Cost: TypeAlias = Literal["footer", "private", "off"]
"""Where a turn's figures stand: under the answer, behind a button, nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One advisor in the panel. `gist` is the first sentence of `text`.

    `in_place_of` is the label of the slot's own model, where a fallback was asked.
    """

    position: int
    label: str
    state: RowState = "waiting"
    role: str = ""
    words: int = 0
    seconds: float | None = None
    dollars: Decimal | None = None
    reason: str = ""
    in_place_of: str = ""
    gist: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The reference panel: live rows until `settled`, the batched summary from then on."""

    turn_id: str
    preset: str
    rows: tuple[Row, ...]
    settled: bool = False
    round: int = 1
    detail: Detail = "summary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footer:
    """What stands under an answer. `priced` is False where a price is unknown.

    Without `figures` only the notes are shown: what people have to know wherever figures stand.
    """

    preset: str
    used: int
    asked: int
    usage: Usage
    dollars: Decimal
    priced: bool
    seconds: float
    notes: tuple[str, ...] = ()
    figures: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press under a message of the turn `turn_id`.

    `value` tells buttons of one action apart: an advisor's position, the key of a preset. It has
    at most 40 bytes, so that it fits into what platforms carry.
    """

    action: Action
    label: str
    turn_id: str
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message's share of the answer, as Markdown that is closed and safe to render.

    Where a platform only appends, the text of a streaming part begins with the one before it.
    `panel` stands in the first part where the platform shows both in one message.
    """

    turn_id: str
    index: int
    text: str
    streaming: bool = False
    footer: Footer | None = None
    error: str | None = None
    panel: Panel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the answer, such as code that is too long for a message."""

    turn_id: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A sentence of the program's own: a command's result, the place in line, an error.

    Plain text. A choice is a notice with `pick` buttons.
    """

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """What somebody is asked to allow, or what became of it. Plain text.

    `arguments` are JSON over several lines, nothing in them hidden. `below` says who decides.
    """

    turn_id: str
    title: str
    arguments: str
    below: str = ""

    @property
    def text(self) -> str:
        """All of it, for a platform that has nothing better."""
        return "\n".join(filter(None, (self.title, self.arguments, self.below)))


Content: TypeAlias = Panel | Part | File | Notice | Permission


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One message's desired state.

    `key` tells the messages of one turn apart ("panel", "answer/0", "file/0" …) and orders
    them. `final` frames are never dropped. `notify` only on the message that should ring.
    `mention` is the id of the one person whom this message may mention, at its end.
    """

    key: str
    content: Content
    buttons: tuple[Button, ...] = ()
    final: bool = False
    notify: bool = False
    mention: str | None = None
