"""Notes of places in line that were perhaps posted when the last run ended (ADR 0038).

Decides how long a platform is asked about them: again and again, ever more seldom, as long as it
is away. One platform after another's notes is nobody's business but its own: no start waits for
it, and no other platform.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from core.errors import ChatClosed, ChatError, ChatRefused, ChatUnknown
from core.storage.changes import NOTE
from core.types import Message
from gateway.delivery import delivery_id

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence

    from core.ports import ChatAdapter
    from core.records import Accepted, Posted
    from core.storage import Store

SECONDS: Final = 30.0
"""How long one look may take."""
FIRST_PAUSE: Final = 5.0
LONGEST_PAUSE: Final = 300.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Leftover:
    """A note of the last run, and what it is about. Without an id it may stand in its chat."""

    work: Accepted
    posted: Posted

    @property
    def doubtful(self) -> bool:
        """Whether only its platform knows if it stands there."""
        return not self.posted.message_id


async def leftovers(
    store: Store, chats: Mapping[str, ChatAdapter]
) -> tuple[Sequence[Leftover], Mapping[str, Sequence[Leftover]]]:
    """Give the notes that stand in chats, and those of which that is in doubt, by platform."""
    known, doubtful = [], defaultdict[str, list[Leftover]](list)
    for posted in await store.line_notes():
        work = await store.accepted(int(posted.turn_id.removeprefix(NOTE)))
        if work is None or work.incoming.address.platform not in chats:
            continue
        left = Leftover(work, posted)
        if left.doubtful:
            doubtful[work.incoming.address.platform].append(left)
        else:
            known.append(left)
    return known, doubtful


async def searched(
    chat: ChatAdapter, several: Iterable[Leftover]
) -> AsyncGenerator[tuple[Leftover, str | ChatError | None], None]:
    """Give each note with its id once its platform tells of it, None if it stands nowhere.

    An error says that nobody can tell, now or later. One of which the platform cannot tell now
    lets all others go first.
    """
    waiting, pause = deque(several), FIRST_PAUSE
    while waiting:
        left = waiting.popleft()
        try:
            async with asyncio.timeout(SECONDS):
                there = await found(chat, left.work, left.posted.turn_id, left.posted.key)
        except (ChatUnknown, ChatClosed, ChatRefused) as error:
            yield left, error
        except (ChatError, TimeoutError) as error:
            why = str(error) or "it took long"
            log.info("note_not_found_yet", seq=left.work.seq, error=why, again_in=pause)
            waiting.append(left)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
        else:
            pause = FIRST_PAUSE
            yield left, there


async def found(chat: ChatAdapter, work: Accepted, name: str, key: str) -> str | None:
    """Look once for a note that was perhaps posted.

    Raises:
        ChatError: nobody can tell.
    """
    said = work.incoming
    reply_to = said.reply_to if isinstance(said, Message) else None
    once = delivery_id(name, key)
    return await chat.find(said.address, once, since=said.at, reply_to=reply_to)
