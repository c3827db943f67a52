"""What models see and say: the lines of a conversation, and the tools that are offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from core.types.quotes import Quote, Speaker

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
Finish: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter", "refusal"]
"""Why an answer ended; with "refusal" its words say that the model will not answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture in a message: an http(s) address or a data URI.

    `attached`: somebody put it into a chat. It goes to slots with `vision` alone; what a program
    on /v1 sends goes to its aggregator as it came.
    """

    url: str
    detail: str | None = None
    attached: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file that came with a question and can be read; its bytes lie elsewhere, by their hash.

    `digest` is SHA-256 in hex. `most`: how many characters of a text are shown to models, `cut`:
    whether there are more. `about` is what people like to know of it: "3 pages".
    """

    kind: Literal["image", "text"]
    name: str
    digest: str
    size: int
    media_type: str = ""
    most: int = 0
    cut: bool = False
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCall:
    """What a model wants done. `arguments` is the model's own text, JSON or not."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool that the aggregator may call. `parameters` is a JSON Schema.

    `server` is whose tool it is, as the configuration calls it; "" where a program brought its
    own. `reads_only` is what its server claims of it: a hint, which decides no more than whether
    somebody is asked.
    """

    name: str
    description: str | None = None
    parameters: Mapping[str, Json] | None = None
    strict: bool | None = None
    server: str = ""
    reads_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What a provider wants back verbatim (a signed thinking block), as the JSON text it came in.

    `label` is that of the slot that made it: nobody else gets it; no reference, no trace.
    """

    label: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry of a conversation. Text and pictures keep their order in `parts`.

    `failed`: a tool's result that is no success. `trailing`: put behind the transcript for one
    request alone, as a reference block is. `pinned`: stands at the head, and stays there when a
    window is cut. `speaker` is whose line it is in a history that several people share, `quotes` is
    what came along with it: `core.speakers` writes both into what models read, and `text` is what
    was said alone. `files` came with it, and become parts before a model reads it: `core.attached`.
    """

    role: Role
    parts: tuple[str | Image, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    sealed: tuple[Sealed, ...] = ()
    failed: bool = False
    trailing: bool = field(default=False, compare=False)
    pinned: bool = field(default=False, compare=False)
    speaker: Speaker | None = None
    quotes: tuple[Quote, ...] = ()
    files: tuple[KeptFile, ...] = ()

    @classmethod
    def of(cls, role: Role, text: str) -> Line:
        """Make a line of plain text."""
        return cls(role=role, parts=(text,) if text else ())

    @property
    def text(self) -> str:
        """The words alone, parts joined by newlines."""
        return "\n".join([part for part in self.parts if isinstance(part, str)])

    @property
    def images(self) -> tuple[Image, ...]:
        """The pictures alone."""
        return tuple([part for part in self.parts if isinstance(part, Image)])
