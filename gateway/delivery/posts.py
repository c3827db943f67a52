"""Single messages of ours in chats, apart from a turn's delivery: best effort, and never twice.

Decides how long that is tried. What is said, whoever calls decides.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from core.errors import ChatError
from core.frames import Frame, Notice
from core.types import Added, Deleted, Edited, Moved
from gateway.delivery.asides import SECONDS
from gateway.delivery.pacing import once_free

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.ports import ChatAdapter
    from core.records import StoredTurn
    from core.types import Incoming, Press


async def say(
    chats: Mapping[str, ChatAdapter], to: Incoming, text: str, *, delivery_id: str
) -> None:
    """Put a sentence of the program's own into a chat."""
    frame = Frame(key="notice", content=Notice(text=text), final=True)
    await put(chats, to, frame, delivery_id=delivery_id)


async def put(
    chats: Mapping[str, ChatAdapter], to: Incoming, frame: Frame, *, delivery_id: str
) -> None:
    """Put a message of the program's own into a chat."""
    reply_to = None if isinstance(to, Moved | Edited | Deleted | Added) else to.reply_to
    post = chats[to.address.platform].post
    with suppress(ChatError, TimeoutError):
        async with asyncio.timeout(SECONDS):
            await once_free(
                partial(post, to.address, frame, delivery_id=delivery_id, reply_to=reply_to)
            )


async def taken(chats: Mapping[str, ChatAdapter], press: Press) -> None:
    """Take a message of ours out of its chat that is of no use any more, but for this press."""
    if press.message_id is not None:
        delete = chats[press.address.platform].delete
        with suppress(ChatError, TimeoutError):
            async with asyncio.timeout(SECONDS):
                await once_free(partial(delete, press.address, press.message_id))


async def unpost(chats: Mapping[str, ChatAdapter], turn: StoredTurn) -> None:
    """Take the messages of a turn out of its chat."""
    address = turn.start.place
    delete = chats[address.platform].delete
    for posted in turn.outbox:
        if posted.message_id is not None:
            with suppress(ChatError, TimeoutError):
                async with asyncio.timeout(SECONDS):
                    await once_free(partial(delete, address, posted.message_id))
