"""Puts the messages of one turn into a chat, and keeps the outbox (P2).

A message is noted before it is posted and its id after; edits and previews are written down
nowhere. What may have been posted is looked for, and never posted again where nobody can tell.
Decides neither what is sent nor when.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from math import inf
from typing import TYPE_CHECKING, Final

from core.approvals import asks
from core.crashpoints import crashpoint
from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatUnknown, MessageGone
from core.frames import File, Frame, Part
from core.ports import ChatAdapter
from core.reply import is_gone
from core.storage import Outbox
from gateway.delivery.info import TurnInfo, delivery_id, doubtful
from gateway.delivery.shown import Shown
from gateway.delivery.trying import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

PAUSE: Final = 1.0
"""Seconds before a message that may have been posted is looked for."""

NOTE: Final = "note"
"""The message that says that an answer may be missing: said twice rather than not at all."""

HELD: Final = 10.0
"""Seconds for which a turn that was seen to be ours is taken for ours: whoever takes up turns of
a run that may live waits for longer (ADR 0044)."""

LOOKS: Final = (1.0, 2.0, 4.0)
"""Seconds between looks while the platform cannot tell now; after the last one nobody can."""

REMEMBERED: Final = 60.0
"""Seconds for which a platform that keeps messages knows surely that one was posted: Discord says
"the past few minutes" of a nonce. After that it is looked for before it is posted again."""

log = logging.getLogger(__name__)


class Sender:
    """One turn's messages in its chat.

    `ids` are those of the messages that stand there, by key; `lost` are the keys of those of
    which nobody can tell; `shown` tells which of them say what they should.
    """

    def __init__(
        self,
        turn: TurnInfo,
        adapter: ChatAdapter,
        outbox: Outbox,
        leave: Callable[[], Awaitable[None]],
    ) -> None:
        self._turn = turn
        self._leave = leave
        self._adapter = adapter
        self._outbox = outbox
        can = adapter.capabilities(turn.address)
        self._repeatable = can.repeatable
        self._previews = can.preview is not None
        unsure = [each for each in turn.posted if doubtful(each) and each.key != NOTE]
        self._doubtful = {each.key for each in unsure}
        self._pieces = {each.key for each in unsure if each.state == "piece"}
        self._forgets = can.repeatable and can.lasting
        self._stale: dict[str, float] = {}  # posted again, they may say what they said before
        self._asked: set[str] = set()  # once more, as nobody can tell whether they were
        self._copies: Counter[str] = Counter()
        self._held = -inf  # whoever made this may have stood still since the turn was taken up
        self.shown = Shown(turn.posted if can.lasting else ())
        self.ids = {each.key: each.message_id for each in turn.posted if each.message_id}
        self.lost: set[str] = set()

    @property
    def known(self) -> set[str]:
        """The keys of what stands in the chat, or may."""
        return {*self.ids, *self._doubtful, *self.lost}

    def previews(self, frame: Frame) -> bool:
        """Whether this frame is only previewed."""
        part = frame.content
        return (
            self._previews
            and isinstance(part, Part)
            and part.streaming
            and frame.key not in self.known
        )

    async def send(self, frame: Frame) -> bool:
        """Post, preview, edit or delete, whatever brings the frame about.

        Returns:
            False if it is not shown: it has to be sent another way, or nobody can tell.

        Raises:
            ChatError: it did not work.
            StoreError: the outbox cannot be written; nothing is posted without its row.
        """
        now = asyncio.get_running_loop().time()
        if self._forgets and now - self._stale.get(frame.key, now) > REMEMBERED:
            self._doubtful.add(frame.key)
        if frame.key in self._doubtful:
            await self._look(frame)
            self._owe(frame.key)
        if frame.key in self.lost:
            return False
        message_id = self.ids.get(frame.key)
        if message_id is not None:
            await self._change(message_id, frame)
        elif self.previews(frame):
            self._previews = await self._adapter.preview(
                self._turn.address, frame, delivery_id=self._delivery_id(frame.key)
            )
            crashpoint("preview.sent", self._turn.address.platform)
            return self._previews
        elif not is_gone(frame):
            return await self._post(frame)
        return True

    def forget(self, key: str) -> None:
        """Take note that this message stands there no more."""
        if self.ids.pop(key, None) is not None:
            self._copies[key] += 1

    async def _change(self, message_id: str, frame: Frame) -> None:
        await self._hold()
        if is_gone(frame):
            await self._adapter.delete(self._turn.address, message_id)
            self.forget(frame.key)
        elif not isinstance(frame.content, File):
            if self.shown.knows(frame.key):  # from here on it may say something else
                await self._posted(frame.key, message_id)
            await self._edit(message_id, frame)
            if self.shown.again and frame.final:  # who is cut over and over comes further each time
                await self._posted(frame.key, message_id, frame)

    async def _edit(self, message_id: str, frame: Frame) -> None:
        platform, final = self._turn.address.platform, frame.final
        crashpoint("edit.unsent", platform)
        if final:
            crashpoint("final.unsent", platform)
        once = self._delivery_id(frame.key)
        await self._adapter.edit(self._turn.address, message_id, frame, delivery_id=once)
        crashpoint("edit.sent", platform)
        if final:
            crashpoint("final.sent", platform)

    async def _hold(self) -> None:
        """Send nothing for a turn that others took up while this program stood still.

        The answer counts from when it was asked for: the program may have stood still meanwhile.
        """
        now = asyncio.get_running_loop().time
        while (asked := now()) - self._held > HELD:
            await self._outbox.hold(self._turn.turn_id)
            self._held = asked

    async def _post(self, frame: Frame) -> bool:
        turn, key = self._turn, frame.key
        crashpoint("post.unnoted", turn.address.platform)
        asked = asyncio.get_running_loop().time()
        piece = isinstance(frame.content, Part) and not frame.final
        await self._outbox.attempting(turn.turn_id, key, piece=piece)
        (self._pieces.add if piece else self._pieces.discard)(key)
        self._held = asked
        await self._hold()
        crashpoint("post.noted", turn.address.platform)
        await self._leave()
        try:
            message_id = await self._adapter.post(
                turn.address,
                frame,
                delivery_id=self._delivery_id(key),
                reply_to=turn.reply_to,
            )
        except ChatUnknown as error:
            if not piece:
                await self._outbox.unposted(turn.turn_id, key, "unknown")
            return await self._unsure(frame, error)
        except ChatError as error:
            await self._outbox.unposted(turn.turn_id, key, "failed")
            if isinstance(error, MessageGone):  # of a message that it needed: this one never stood
                raise ChatError(str(error)) from error
            raise
        crashpoint("post.accepted", turn.address.platform)
        await self._posted(key, message_id, None if key in self._stale else frame)
        crashpoint("post.kept", turn.address.platform)
        if key in self._stale:
            await self._change(message_id, frame)
            del self._stale[key]
        return True

    async def _unsure(self, frame: Frame, error: ChatUnknown) -> bool:
        """Find out whether a message was posted; raise if it was not, or if it was but a piece."""
        key = frame.key
        log.warning("turn %s: %s may or may not be posted: %s", self._turn.turn_id, key, error)
        if not self._repeatable:
            self._doubtful.add(key)
            await asyncio.sleep(PAUSE)
            await self._look(frame)
            self._owe(key)
            if key in self.lost or key in self.ids:
                return key in self.ids
        else:
            self._stale.setdefault(key, asyncio.get_running_loop().time())
        raise ChatAway("it was perhaps not posted") from error

    def _owe(self, key: str) -> None:
        """Raise where nobody can tell of a piece: the whole is owed, and is no second one."""
        if key in self.lost and key in self._pieces:
            self.lost.discard(key)
            raise MessageGone("a piece of it may stand there; only the whole comes again")

    async def _look(self, frame: Frame) -> None:
        """Find a message of which only the platform knows whether it was posted.

        One of an earlier run is looked for even where posting twice is posting once: the platform
        does not remember for ever what was posted.
        """
        key = frame.key
        try:
            found = await self._found(frame)
        except ChatUnknown:
            found = None
            if self._forgets or not self._repeatable:
                self._miss(key)
        if found in self.ids.values():
            found = None  # a platform may take for it what bears no mark, and is another of ours
        self._doubtful.discard(key)
        self._stale.pop(key, None)
        if found is not None:
            await self._posted(key, found)
        elif self._repeatable:
            self._stale[key] = asyncio.get_running_loop().time()

    def _miss(self, key: str) -> None:
        """Give up a message of which nobody can tell; whoever is to say yes is asked once more.

        Nobody presses a button that never came, and all else in the chat waits for that. Two of
        them decide nothing twice.
        """
        if asks(key) and key not in self._asked:
            self._asked.add(key)
        else:
            self.lost.add(key)

    async def _found(self, frame: Frame) -> str | None:
        """Ask the platform for a message, more than once if need be.

        Raises:
            ChatUnknown: nobody can tell. ChatClosed: nothing is to be had there any more.
        """
        turn, now = self._turn, asyncio.get_running_loop().time
        looks, late = iter(LOOKS), now() + PATIENCE
        while True:
            try:
                return await self._adapter.find(
                    turn.address,
                    self._delivery_id(frame.key),
                    since=turn.since,
                    reply_to=turn.reply_to,
                    frame=frame,
                )
            except (ChatUnknown, ChatClosed):
                raise
            except ChatError as error:
                log.info("turn %s: looking for %s failed: %s", turn.turn_id, frame.key, error)
                pause = _pause(error, looks)
            if pause is None or now() >= late:
                raise ChatUnknown("the platform could not tell, however often it was asked")
            await asyncio.sleep(pause)

    async def _posted(self, key: str, message_id: str, frame: Frame | None = None) -> None:
        self.ids[key] = message_id
        shown = self.shown.note(key, frame)
        await self._outbox.posted(self._turn.turn_id, key, message_id, shown=shown)

    def _delivery_id(self, key: str) -> str:
        return delivery_id(self._turn.turn_id, key, self._copies[key])


def _pause(error: ChatError, looks: Iterator[float]) -> float | None:
    """Say when a platform that could not tell now is asked again; None if that makes no sense."""
    if isinstance(error, ChatBusy):  # it says when it can tell
        return max(PAUSE, error.retry_after)
    return next(looks, LOOKS[-1] if isinstance(error, ChatAway) else None)
