"""Single messages of ours in chats, apart from a turn's delivery: best effort, and never twice.

Decides how long that is tried. What is said, whoever calls decides.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from core.crashpoints import crashpoint
from core.errors import ChatAway, ChatError, ChatUnknown
from core.frames import Frame, Notice, Part
from core.storage.changes import SAID
from core.types import Added, Deleted, Edited, Moved
from gateway.delivery.asides import SECONDS
from gateway.delivery.info import delivery_id, doubtful
from gateway.delivery.pacing import once_free

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Mapping

    from core.ports import ChatAdapter
    from core.records import Accepted, Posted, StoredTurn
    from core.types import Press
    from gateway.patience import PatientStore

T = TypeVar("T")

AGAIN: Final = 2.0
"""Seconds after which a platform that is away is asked again to take a message out."""


async def tell_why(
    keep: PatientStore, chats: Mapping[str, ChatAdapter], to: Accepted, text: str
) -> None:
    """Say why a question gets no answer, once for as long as it is in the inbox."""
    frame = Frame(key="notice", content=Notice(text=text), final=True)
    await once(keep, chats, to, frame, name=f"{SAID}{to.seq}")


async def drop_told(keep: PatientStore, seqs: Collection[int], reason: str) -> None:
    """Let questions wait no more that get no answer, and only then forget that they were told."""
    for seq in seqs:
        await keep.drop(seq, reason)
        await keep.unpost(f"{SAID}{seq}")


async def once(
    keep: PatientStore, chats: Mapping[str, ChatAdapter], to: Accepted, frame: Frame, *, name: str
) -> bool:
    """Put a message of the program's own into a chat, once over all of its runs.

    It is noted in the outbox under `name` before it is posted, and its id after; whoever needs it
    no more takes that out. What was perhaps posted is looked for, and not posted again where the
    platform cannot tell.

    Returns:
        Whether nothing is left to do. If there is, a later run may try again.
    """
    chat, address = chats[to.incoming.address.platform], to.incoming.address
    reply_to, mark = _reply_to(to), delivery_id(name, frame.key)

    async def noted() -> str:
        await keep.attempting(name, frame.key)
        try:
            return await chat.post(address, frame, delivery_id=mark, reply_to=reply_to)
        except ChatUnknown:
            raise
        except ChatError:  # a busy chat's, too: whoever waits for that may wait for too long
            await keep.unposted(name, frame.key, "failed")
            raise

    try:
        async with asyncio.timeout(SECONDS):
            if await _may_stand(keep, chat, to, name, mark):
                return True
            message_id = await once_free(noted)
    except (ChatError, TimeoutError):
        return False
    crashpoint("notice.posted", address.platform)
    await keep.posted(name, frame.key, message_id)
    return True


async def _may_stand(
    keep: PatientStore, chat: ChatAdapter, to: Accepted, name: str, mark: str
) -> bool:
    """Tell whether it stands in the chat, or may and nobody can tell.

    Raises:
        ChatUnknown: nobody can tell just now.
    """
    noted = await keep.store.away_note(name)
    if noted is None or noted.state == "failed":
        return False
    if noted.message_id:
        return True
    said = to.incoming
    try:
        found = await chat.find(said.address, mark, since=said.at, reply_to=_reply_to(to))
    except ChatUnknown:
        return True
    except ChatError as error:  # not now; if it were called failed, it would be posted again
        raise ChatUnknown(f"the chat cannot be asked: {error}") from error
    return found is not None


def _reply_to(to: Accepted) -> str | None:
    said = to.incoming
    return None if isinstance(said, Moved | Edited | Deleted | Added) else said.reply_to


async def taken(chats: Mapping[str, ChatAdapter], press: Press) -> None:
    """Take a message of ours out of its chat that is of no use any more, but for this press."""
    if press.message_id is not None:
        delete = chats[press.address.platform].delete
        with suppress(ChatError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await once_free(partial(delete, press.address, press.message_id))


async def unpost(chats: Mapping[str, ChatAdapter], turn: StoredTurn) -> None:
    """Take the messages of a turn out of its chat; what was perhaps posted is looked for."""
    chat, address = chats[turn.start.place.platform], turn.start.place
    for posted in turn.outbox:
        with suppress(ChatError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                message_id = posted.message_id or await _found(chat, turn, posted)
                if message_id is not None:
                    await _once_there(partial(chat.delete, address, message_id))


async def _found(chat: ChatAdapter, turn: StoredTurn, posted: Posted) -> str | None:
    """Give the message of a turn that was cut while it posted it, if it stands there."""
    if not doubtful(posted):
        return None
    start, mark = turn.start, delivery_id(posted.turn_id, posted.key)
    answer = Part(turn_id=posted.turn_id, index=0, text="")
    shows = Frame(key=posted.key, content=answer) if posted.state == "piece" else None
    look = partial(chat.find, start.place, mark, since=start.started, frame=shows)
    found = await _once_there(look, away=(ChatAway,))
    return None if found in {each.message_id for each in turn.outbox} else found


async def _once_there(
    send: Callable[[], Awaitable[T]],
    *,
    away: tuple[type[ChatError], ...] = (ChatAway, ChatUnknown),
) -> T:
    """Do what may be done twice as soon as the platform is there; whoever calls limits that."""
    while True:
        try:
            return await once_free(send)
        except away:
            await asyncio.sleep(AGAIN)
