"""What the core needs of the world, as protocols, and the values that pass through them.

An implementation raises only errors of `core.errors`. Nothing here is ever imported from an
adapter; whoever fulfils a protocol need not inherit from it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal, Protocol, TypeAlias

from core.calls import Chunk, ModelCall
from core.errors import ChatUnknown
from core.events import Note, Tell
from core.frames import Frame
from core.outcomes import Advice, CallReport
from core.presets import Slot
from core.records import ToolRound, ToolStep
from core.types import Address, Command, Incoming, Message, Press, Tool, ToolCall, Usage


class Clock(Protocol):
    """Time, as an argument."""

    def monotonic(self) -> float:
        """Give seconds that never go back; for deadlines."""
        ...

    def now(self) -> datetime:
        """Give the wall time, with a zone; for people and days."""
        ...


# --- models ---------------------------------------------------------------------------------


class Model(Protocol):
    """Anything that answers."""

    def stream(self, call: ModelCall) -> AsyncGenerator[Chunk, None]:
        """Yield the answer in pieces; closing the generator closes the connection at once.

        Raises:
            ModelError: the call failed; nothing else ever leaves a model.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A configured provider. `missing` says why it cannot be used ("no key"), if it cannot.

    `max_parallel`: how many of its calls may be in flight at once, None for any number.
    `local`: runs on this machine and costs nothing. `small`: its models are lost in long
    instructions and get the short ones.
    """

    name: str
    model: Model
    missing: str = ""
    max_parallel: int | None = None
    local: bool = False
    small: bool = False


Providers: TypeAlias = Mapping[str, Provider]
AskNow: TypeAlias = Callable[[Tell, Note], Awaitable[tuple[Advice, ...]]]
"""Asks the references now, telling how it goes and noting each outcome once, for whoever pays."""

Pricer: TypeAlias = Callable[[Slot, Usage], Decimal | None]
"""Dollars of a call at its slot's price; None where nobody knows (MOA-28)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What a tool answered; an error is data for the model. `ran`: whether it was run at all."""

    text: str
    failed: bool = False
    ran: bool = True


Pause: TypeAlias = Callable[[], AbstractContextManager[None]]
"""Holds a deadline for as long as what it gives is entered."""


class Toolbox(Protocol):
    """The tools that the aggregator may call."""

    async def ready(self) -> None:
        """Return once it is known which there are; before the first call, and never two at once."""
        ...

    def tools(self) -> Sequence[Tool]:
        """List them; the same list for a whole turn."""
        ...

    async def begin(self, round_: ToolRound, calls: Sequence[CallReport]) -> None:
        """Keep an answer that calls tools, and what the aggregator took up to it (P4)."""
        ...

    async def call(self, step: ToolStep, pause: Pause) -> ToolResult:
        """Run one, if it may be; a failure is a result, not an exception.

        The turn's deadline is held by `pause` while somebody is asked.

        Raises:
            StoreError: it could not be noted before it ran, or its result not after it.
        """
        ...


class ToolServer(Protocol):
    """Somebody else's tools. Who may call which, and when a person is asked, is not its matter."""

    @property
    def name(self) -> str:
        """What the configuration calls it."""
        ...

    @property
    def problem(self) -> str:
        """Why none of its tools can be used now, for people; "" if they can."""
        ...

    async def ready(self) -> None:
        """Start it if it is not at work and hear what it offers; `problem` says how that went."""
        ...

    def tools(self) -> Sequence[Tool]:
        """Give what it offers now; nothing while it is of no use. Each name is unique."""
        ...

    async def call(self, call: ToolCall) -> ToolResult:
        """Run one of its tools, by the name that `tools` gives it.

        Whatever goes wrong is a result that a model can read. Cancelling it cancels the call.
        """
        ...


class AdviceCache(Protocol):
    """Advice that may be used again, and fan-outs that several turns may share (MOA-24)."""

    async def advise(
        self, key: str, ask: AskNow, tell: Tell, note: Note, *, fresh: bool
    ) -> tuple[Advice, ...]:
        """Give the advice under `key`, asking only if it is not there; `fresh` asks anyway.

        Advice that is used again makes no call, no event, no cost. What is noted goes to the one
        who has waited longest of those who still wait, up to the last call's end (MOA-29).
        """
        ...


# --- chats ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a platform can do, as data.

    `limit` counts in `unit` per message. `pace` is the least time in seconds between two
    intermediate edits in one chat. `opening` is how many characters the message that rings starts
    with, unless the whole answer is shorter. `repeatable`: posting with the same delivery id
    twice is posting once, so what may have been posted may be posted again.

    `rate` is how many messages and edits a second the whole account may send, None for any
    number. `preview` is the least time in seconds between two previews, None where there are
    none. `panel`: whether it is a message of its own or stands inside the answer's. `stream`:
    whether a streaming text may be replaced, or only grows. `advice`: whether the panel itself
    holds the advisors' whole texts, or buttons bring them. `files`: whether it takes files.
    `paced`: whether all threads of a chat share its pace, or each thread has its own.
    """

    limit: int
    unit: Literal["characters", "utf16"] = "characters"
    pace: float = 1.0
    opening: int = 80
    repeatable: bool = False
    rate: float | None = None
    preview: float | None = None
    panel: Literal["own", "inside"] = "own"
    stream: Literal["replace", "append"] = "replace"
    advice: Literal["shown", "buttons"] = "shown"
    files: bool = False
    paced: Literal["chat", "thread"] = "chat"


class Intake(Protocol):
    """Where an adapter puts what came in."""

    async def __call__(self, incoming: Incoming) -> bool:
        """Store it, then return: only then may it be acknowledged. False if it was a repeat.

        What does not concern the bot is neither stored nor kept; then this is False, too.

        Raises:
            StoreError: it is not stored; do not acknowledge it.
            UserError: it is refused, and whoever sent it should read the text.
        """
        ...

    async def admitted(self, incoming: Incoming) -> Incoming | None:
        """Say what it would be taken in as, None if not at all. Nothing is stored.

        For what an adapter does before it can hand something over, and shall not do in vain.

        Raises:
            StoreError, UserError: as above.
        """
        ...


class ChatAdapter(Protocol):
    """One platform. Renders frames; knows nothing of policy, sessions or mixtures."""

    @property
    def platform(self) -> str:
        """The account's key in `platforms:`."""
        ...

    def capabilities(self, address: Address) -> Capabilities:
        """What this platform can do there."""
        ...

    async def run(self, intake: Intake) -> None:
        """Receive until cancelled; reconnects by itself.

        Raises:
            ChatRefused: it is not let in; nothing is received until the operator acts.
        """
        ...

    async def acknowledge(self, message: Message) -> None:
        """Show that the question was seen; best effort."""
        ...

    async def post(
        self, address: Address, frame: Frame, *, delivery_id: str, reply_to: str | None = None
    ) -> str:
        """Post a message and give its id. `delivery_id` is the same in every attempt.

        `reply_to` is that of the message it answers.

        Raises:
            ChatBusy: not posted, wait. ChatUnknown: perhaps posted. ChatClosed: not posted, and
                nothing else will be. ChatError: not posted. ChatSpent: not posted, but a final
                would be.
        """
        ...

    async def preview(self, address: Address, frame: Frame, *, delivery_id: str) -> bool:
        """Show a streaming part without posting it; it passes by itself.

        Returns:
            False if there is no preview in this chat: the part is posted and edited instead.

        Raises:
            ChatBusy: wait. ChatError: it was not shown.
        """
        return False

    async def find(self, address: Address, delivery_id: str, *, since: int) -> str | None:
        """Look for a message that was perhaps posted after `since` (ms): its id, or None.

        Raises:
            ChatUnknown: this platform cannot tell.
            ChatError: it cannot tell now.
        """
        raise ChatUnknown("this platform cannot tell what was posted")

    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        """Answer a command or a press, to this person alone where the platform can.

        Raises:
            ChatError: it did not work.
        """
        ...

    async def edit(self, address: Address, message_id: str, frame: Frame) -> None:
        """Replace a message; doing it twice is doing it once.

        Raises:
            ChatBusy: wait. MessageGone: it was deleted. ChatClosed: nothing can be written
                there. ChatError: it did not work.
        """
        ...

    async def delete(self, address: Address, message_id: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""
        ...
