"""Who said what, where several people write: speakers, and what comes along with a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from core.types.places import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who said something, by the name of that day: only the id tells who it is."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What somebody said, not to the bot. `own`: the bot said it itself.

    `files` came with it: they are read with the question that brings it along, and not kept here.
    """

    speaker: Speaker
    text: str
    message_id: str | None = None
    own: bool = False
    files: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What came along with a question, oldest first: what it replies to, or its thread so far.

    `left_out` is how many messages before these were too many.
    """

    kind: Literal["reply", "thread"]
    said: tuple[Said, ...]
    left_out: int = 0
