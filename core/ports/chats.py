"""Chat platforms, as protocols: what comes in, what is shown, and what each of them can do."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from core.errors import ChatError, ChatUnknown
from core.frames import Frame
from core.shelf import FileSource
from core.types import Added, Address, Command, Incoming, Message, Press, Said


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
    `paced`: whether all threads of a chat share its pace, or each thread has its own. `whispers`:
    whether what is said to one person is seen by them alone. `lasting`: whether what was posted
    stands there, and as it was, when the program starts anew.
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
    whispers: bool = False
    lasting: bool = False


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


class ChatAdapter(FileSource, Protocol):
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

    async def find(
        self,
        address: Address,
        delivery_id: str,
        *,
        since: int,
        reply_to: str | None = None,
        frame: Frame | None = None,
    ) -> str | None:
        """Look for a message that was perhaps posted after `since` (ms): its id, or None.

        `reply_to` is what it was posted with, and `frame` what it shows now: what bears no mark is
        told by what it says. All is looked at that was posted there since, up to many pages.

        Raises:
            ChatUnknown: this platform cannot tell.
            ChatError: it cannot tell now.
        """
        raise ChatUnknown("this platform cannot tell what was posted")

    async def earlier(self, message: Message, *, after: str | None) -> Sequence[Said]:
        """Read what was said in a message's thread before it, oldest first.

        `after` is the message behind which to begin, None for the thread's root. Of a long thread
        it is at least the newest 40 messages; those of the bot are marked as its own.

        Raises:
            ChatUnknown: this platform does not let bots read it.
            ChatError: it cannot be read now.
        """
        raise ChatUnknown("this platform does not let bots read what was said")

    async def whisper(self, to: Command | Press, frame: Frame) -> None:
        """Answer a command or a press, to this person alone where the platform can.

        Raises:
            ChatError: it did not work.
        """
        ...

    async def hand(self, to: Command | Press, frame: Frame) -> bool:
        """Give this person a file that nobody else may see: privately, wherever that is.

        Returns:
            Whether they have to be told that it is elsewhere than where they asked.

        Raises:
            ChatError: it did not work, and nobody has it.
        """
        await self.whisper(to, frame)
        return False

    async def edit(
        self, address: Address, message_id: str, frame: Frame, *, delivery_id: str = ""
    ) -> None:
        """Replace a message; doing it twice is doing it once.

        `delivery_id` is that of its post: what can bear a mark has one from then on, so that
        `find` takes it for no other's.

        Raises:
            ChatBusy: wait. MessageGone: it was deleted. ChatClosed: nothing can be written
                there. ChatError: it did not work.
        """
        ...

    async def present(self, added: Added, people: Collection[str]) -> bool:
        """Say whether one of these people is where the bot was brought, as far as one can tell.

        Raises:
            ChatError: it cannot be told now.
        """
        return False

    async def leave(self, added: Added) -> None:
        """Leave where the bot was brought; to be gone already is no error.

        Raises:
            ChatError: it did not work.
        """
        raise ChatError("nobody brings the bot anywhere on this platform")

    async def delete(self, address: Address, message_id: str) -> None:
        """Delete a message of ours; one that is gone already is no error."""
        ...
