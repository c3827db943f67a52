"""Values that cross a layer. No I/O, no decision, no behaviour beyond derivation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias
from urllib.parse import quote, unquote

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"

Role: TypeAlias = Literal["system", "developer", "user", "assistant", "tool"]
Finish: TypeAlias = Literal["stop", "length", "tool_calls", "content_filter"]


# --- where and who ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a conversation happens. `platform` is the account's key in `platforms:`."""

    platform: str
    channel: str
    thread: str | None = None

    @property
    def session(self) -> str:
        """The session's key: reversible text, the same for ever."""
        parts = [self.platform, self.channel]
        if self.thread is not None:
            parts.append(self.thread)
        return "/".join(quote(part, safe=":@+-") for part in parts)

    @classmethod
    def of(cls, session: str) -> Address:
        """Read a session's key back."""
        platform, channel, *thread = (unquote(part) for part in session.split("/"))
        return cls(platform=platform, channel=channel, thread=thread[0] if thread else None)

    def moved(self, old: Address, new: Address) -> Address:
        """Give the address after the chat `old`, with every thread in it, became `new`."""
        if (self.platform, self.channel) != (old.platform, old.channel):
            return self
        return Address(platform=new.platform, channel=new.channel, thread=self.thread)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """Who wrote it. `id` never changes; `name` is only ever displayed.

    `circles` are what else `access` may name to let this person in, in its words behind the
    platform: "guild:42", "role:7", "chat:-100123", "T0123". `is_guest`: from another
    organisation, or a guest of this one. `is_admin`: administers the chat that this came from.
    `is_self`: it is the bot, under another name (what its own webhook posted).
    """

    id: str
    name: str
    is_bot: bool = False
    circles: tuple[str, ...] = ()
    is_guest: bool = False
    is_admin: bool = False
    is_self: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that came with a message. `size` is in bytes, None where nobody said.

    `ref` is the platform's own handle for it, good for its adapter alone.
    """

    kind: Literal["image", "document", "audio", "video", "sticker", "other"]
    name: str
    size: int | None = None
    media_type: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Somebody said something. `event_id` is unique within the platform; `at` is in ms.

    `text` is without the mention of the bot. `reply_to` is what an answer is hung on, in the
    platform's words, None where it just follows. `direct`: nobody else reads here. `addressed`:
    it mentions the bot, replies to it or commands it. `to_others`: it mentions or replies to
    somebody else. `preset` is the one asked for this turn alone.
    """

    event_id: str
    address: Address
    author: Author
    text: str
    at: int
    message_id: str | None = None
    reply_to: str | None = None
    direct: bool = True
    addressed: bool = True
    to_others: bool = False
    attachments: tuple[Attachment, ...] = ()
    preset: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Somebody gave a command: its name without the slash, and what followed.

    `handle` is what its adapter needs to answer this person alone, whatever that is.
    """

    event_id: str
    address: Address
    author: Author
    name: str
    args: str
    at: int
    message_id: str | None = None
    reply_to: str | None = None
    direct: bool = True
    handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """Somebody pressed a button of the turn `turn_id`.

    A native Stop has no turn: a blank `turn_id` means whatever runs in this conversation.
    `value` is the button's. `message_id` is the message it stands under.
    """

    event_id: str
    address: Address
    author: Author
    action: str
    turn_id: str
    at: int
    value: str = ""
    message_id: str | None = None
    reply_to: str | None = None
    direct: bool = True
    handle: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """A chat goes on under another id: `old` and every thread in it are `new` from now on."""

    event_id: str
    address: Address
    author: Author
    new: Address
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """Somebody changed a message: `message` is the whole of it as it stands now.

    The message's `event_id` is the one it came with; `event_id` is that of the change.
    """

    event_id: str
    address: Address
    author: Author
    message: Message
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    """A message was deleted; `of` is the event with which it came. By whom, not all platforms say.

    The address is that of the chat: where in it the message stood, is not always told.
    """

    event_id: str
    address: Address
    author: Author
    of: str
    at: int


Incoming: TypeAlias = Message | Command | Press | Moved | Edited | Deleted


# --- what models see and say --------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A picture in a message: an http(s) address or a data URI."""

    url: str
    detail: str | None = None


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
    request alone, as a reference block is.
    """

    role: Role
    parts: tuple[str | Image, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None
    sealed: tuple[Sealed, ...] = ()
    failed: bool = False
    trailing: bool = field(default=False, compare=False)

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


# --- what it took ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of model calls; adds up (MOA-27).

    `input` includes what was read from and written to a cache; `output` includes reasoning.
    `estimated` means that at least a part is our guess, to be marked with "~".
    """

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    estimated: bool = False

    def __add__(self, other: Usage) -> Usage:
        """Add every figure; an estimate makes the sum an estimate."""
        return Usage(
            input=self.input + other.input,
            cache_read=self.cache_read + other.cache_read,
            cache_write=self.cache_write + other.cache_write,
            output=self.output + other.output,
            reasoning=self.reasoning + other.reasoning,
            estimated=self.estimated or other.estimated,
        )
