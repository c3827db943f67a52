"""What is said to one person and not to the chat, and the sign that a question was seen.

Best effort, beside everything else: nothing waits for it, and what fails is a line in the log.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from core.errors import ChatAway, ChatBusy, ChatError, ChatUnknown
from core.limits import Rate, filled, full, taken
from core.turnstile import crowded
from core.types import Command

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from core.frames import Frame
    from core.limits import Bucket
    from core.ports import ChatAdapter
    from core.types import Edited, Message, Press

SECONDS = 60.0
"""What a platform has to take one, flood control included."""

SEEN: Final = Rate(number=200, seconds=10.0)
"""Questions of one account that are shown to be seen: each sign costs as much as a message, and a
flood that was told so of every one had no time left for answers (P5)."""
SPARED: Final = 100
"""What is left of those for people of whom nothing waits yet."""

PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before another try where the platform is away."""

T = TypeVar("T")

log = structlog.get_logger()


async def insistently(send: Callable[[], Awaitable[T]]) -> T:
    """Say something as soon as the platform takes it; whoever calls limits for how long.

    What was perhaps said is said once more: twice is better than not at all.

    Raises:
        ChatError: it is not taken, however often it is tried.
    """
    pauses, again = iter(PAUSES), iter(PAUSES[:1])
    while True:
        try:
            return await send()
        except (ChatBusy, ChatAway, ChatUnknown) as error:
            pause = _pause(error, again if isinstance(error, ChatUnknown) else pauses)
            if pause is None:
                raise
        await asyncio.sleep(pause)


def _pause(error: ChatError, pauses: Iterator[float]) -> float | None:
    return error.retry_after if isinstance(error, ChatBusy) else next(pauses, None)


def at_question(edited: Edited, said: Message) -> Command:
    """Give what can be answered where a question stands that somebody has changed."""
    return Command(
        event_id=edited.event_id,
        address=said.address,
        author=edited.author,
        name="",
        args="",
        at=edited.at,
        reply_to=said.reply_to,
        direct=said.direct,
    )


class Asides:
    """Whispers and acknowledgements; their tasks are born in `group`."""

    def __init__(
        self,
        group: asyncio.TaskGroup,
        chats: Mapping[str, ChatAdapter],
        late: Callable[[], bool] = crowded,
    ) -> None:
        """Speak through `chats`, by platform. `late`: there is too much to do already."""
        self._group = group
        self._late = late
        self._chats = chats
        self._tasks: set[asyncio.Task[None]] = set()
        self._signs: dict[str, Bucket] = {}
        self._closed = False

    def close(self) -> None:
        """Say nothing more: the program stops and waits for nobody."""
        self._closed = True
        for task in self._tasks:
            task.cancel()

    def whisper(self, to: Command | Press, frames: Sequence[Frame]) -> None:
        """Answer a command or a press."""
        adapter = self._chats[to.address.platform]

        async def all_of_them() -> None:
            for frame in frames:
                await insistently(partial(adapter.whisper, to, frame))

        self.begin("whisper", all_of_them)

    def post(self, to: Command | Press, frame: Frame) -> None:
        """Say something to everybody where a command or a press came from."""
        post = self._chats[to.address.platform].post

        async def posted() -> None:
            await post(to.address, frame, delivery_id=to.event_id, reply_to=to.reply_to)

        self.begin("post", partial(insistently, posted))

    def hand(self, to: Command | Press, frame: Frame, *, sent: Frame, closed: Frame) -> None:
        """Give somebody a file in private, and say `sent` or `closed` where they asked."""
        adapter = self._chats[to.address.platform]

        async def handed() -> None:
            try:
                elsewhere = await insistently(partial(adapter.hand, to, frame))
            except ChatError as error:
                log.info("file_not_handed", error=str(error))
                await insistently(partial(adapter.whisper, to, closed))
            else:
                if elsewhere:
                    await insistently(partial(adapter.whisper, to, sent))

        self.begin("hand", handed)

    def acknowledge(self, message: Message, *, more: bool) -> None:
        """Show that a question was seen, unless very many are, or the loop is late.

        `more`: one of theirs waits.
        """
        platform = message.address.platform
        if not self._late() and self._has_sign(platform, SPARED if more else 0):
            self.begin("acknowledge", lambda: self._chats[platform].acknowledge(message))

    def _has_sign(self, platform: str, spared: int) -> bool:
        now = asyncio.get_running_loop().time()
        signs = filled(self._signs.get(platform) or full(SEEN, now), SEEN, now)
        left = taken(signs, SEEN, now) if signs.left > spared else None
        self._signs[platform] = left or signs
        return left is not None

    def begin(self, what: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do something of this kind beside everything else; `what` names it in the log."""
        if self._closed:
            return
        task = self._group.create_task(_guarded(what, work), name=what)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _guarded(what: str, work: Callable[[], Awaitable[None]]) -> None:
    try:
        async with asyncio.timeout(SECONDS):
            await work()
    except (ChatError, TimeoutError) as error:
        log.info("aside_failed", what=what, error=str(error) or "it took too long")
    except Exception:
        log.exception("aside_failed", what=what)
