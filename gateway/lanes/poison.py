"""Messages that broke the program off each time it worked on them: put aside after three (P8).

Decides which attempts are counted, before they are made, and what is said of what was put aside.
What an attempt of a turn is that has begun, `gateway.turn.exchange` counts.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import structlog

from core.crashpoints import crashpoint
from core.frames import Button, Frame, Notice
from core.storage.changes import LETTER
from core.texts import backlog as said
from core.types import Command, Message, Press
from core.wording import LABELS
from gateway.delivery.posts import once
from gateway.lanes.quarantine import ATTEMPTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.ports import ChatAdapter
    from core.records import Accepted
    from core.storage import Store
    from gateway.patience import PatientStore

KEY: Final = "notice"

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """What is put aside, and told in `chats`; `telling` are the numbers of what is told just now.

    That it is owed is in the outbox before it is put aside, until it is told.
    """

    keep: PatientStore
    chats: Mapping[str, ChatAdapter]
    telling: set[int] = field(default_factory=set)

    async def fatal(self, accepted: Accepted) -> bool:
        """Count an attempt that is about to be made; True if there were too many: it is told.

        What has just come in costs nothing: nobody has tried it before.
        """
        if not accepted.attempts:
            return False
        if accepted.attempts < ATTEMPTS:
            await self.keep.tried([accepted.seq])
            return False
        name = f"{LETTER}{accepted.seq}"
        self.telling.add(accepted.seq)
        try:
            await self.keep.unposted(name, KEY, "failed")  # it is owed from here on
            await self.keep.put_aside(accepted.seq, "broke")
            crashpoint("letter.kept", accepted.incoming.address.platform)
            log.error("dead_letter", seq=accepted.seq, attempts=accepted.attempts)
            await self._tell(accepted)
        finally:
            self.telling.discard(accepted.seq)
        return True

    async def recall(self) -> None:
        """Tell what the last run had put aside and could not tell."""
        for each in await self.keep.store.aside("broke"):
            known = each.incoming.address.platform in self.chats and each.seq not in self.telling
            if known and await self.keep.store.away_note(f"{LETTER}{each.seq}"):
                await self._tell(each)

    async def _tell(self, accepted: Accepted) -> None:
        number, name = str(accepted.seq), f"{LETTER}{accepted.seq}"
        again = Button(action="again", label=LABELS["again"], turn_id="", value=number)
        text = said.BROKE.format(attempts=accepted.attempts, number=number)
        frame = Frame(key=KEY, content=Notice(text=text), buttons=(again,), final=True)
        if await once(self.keep, self.chats, accepted, frame, name=name):
            crashpoint("letter.told", accepted.incoming.address.platform)
            await self.keep.unpost(name)


async def counted(
    store: Store, waiting: Sequence[Accepted], busy: Collection[str]
) -> Sequence[Accepted]:
    """Count what the last run may have been at when it ended; give what waits, with its attempts.

    That is what came first in its lane, where no turn of it runs (`busy` names those lanes), and
    what is done beside the lanes.
    """
    begun = [each for each in _firsts(waiting, busy) if not each.attempts]
    await store.tried([each.seq for each in begun])
    known = {each.seq for each in begun}
    return [replace(each, attempts=1) if each.seq in known else each for each in waiting]


async def survived(store: Store, accepted: Accepted) -> bool:
    """Count an attempt while the program starts; False if there were too many: it is put aside."""
    if accepted.attempts >= ATTEMPTS:
        await store.put_aside(accepted.seq, "broke")
        log.error("dead_letter", seq=accepted.seq, attempts=accepted.attempts)
        return False
    await store.tried([accepted.seq])
    return True


def _firsts(waiting: Sequence[Accepted], busy: Collection[str]) -> Iterator[Accepted]:
    lanes = set(busy)
    for each in waiting:
        if not _in_line(each):
            yield each
        elif each.session not in lanes:
            lanes.add(each.session)
            yield each


def _in_line(accepted: Accepted) -> bool:
    """Tell whether it waits for what came before it in its lane."""
    match accepted.incoming:
        case Message() | Press(action="retry" | "advise" | "back"):
            return True
        case Command(name="new" | "compact" | "undo"):
            return True
        case _:
            return False
