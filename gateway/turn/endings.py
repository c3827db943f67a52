"""How a turn ends in its chat: shown as it is answered, or said to have failed or been stopped.

Decides what is shown of one that broke or was cut. It runs no turn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from core.crashpoints import crashpoint
from core.records import Accepted
from core.retell import retell
from core.storage.erasing import Texts
from core.texts.turns import BROKEN
from core.wording import error_text
from gateway.delivery import TurnInfo, deliver
from gateway.delivery.mailbox import Mailbox
from gateway.delivery.posts import drop_told, tell_why, unpost
from gateway.lanes.cancelling import foreign_is_a_failure
from gateway.turn.preparing import turn_info
from gateway.turn.turns import unanswered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.ports import ChatAdapter
    from core.records import Ending, StoredTurn
    from core.storage import Store
    from core.types import Incoming
    from gateway.access.places import Places
    from gateway.delivery import ChatBudgets
    from gateway.lanes.sessions import Answerable
    from gateway.lanes.withdrawals import Withdrawals
    from gateway.patience import PatientStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Endings:
    """What ending turns takes. Reads from `store`, writes with patience through `keep`."""

    store: Store
    keep: PatientStore
    chats: Mapping[str, ChatAdapter]
    places: Places
    budgets: ChatBudgets
    withdrawn: Withdrawals

    async def broken(self, work: Answerable, turn_id: str) -> None:
        """Let nothing wait for ever: end what broke, and say so; an end that it has is shown.

        Of what was taken back nothing is said: its question waits again, or is gone.
        """
        turn = await self.store.turn(turn_id)
        if turn is not None:
            await self._broken(turn)
        elif isinstance(work, Accepted) and turn_id not in self.withdrawn:
            await tell_why(self.keep, self.chats, work, error_text(BROKEN, turn_id))
            await drop_told(self.keep, [work.seq], f"failed: {turn_id}")

    async def _broken(self, turn: StoredTurn) -> None:
        if turn.removed:
            await self.close(turn, "stopped")
        elif turn.state == "running":
            await self.retell(await self.end(turn, "failed", BROKEN))
        elif turn.state == "answered":
            await self.retell(turn)

    async def end(self, turn: StoredTurn, ending: Ending, error: str | None = None) -> StoredTurn:
        """Store that it has ended without an answer; give it as it is then.

        The first end of a turn stands: one that was being stored as it broke may be this one's.
        """
        end = unanswered(turn, ending, error)
        await self.keep.finish(end)
        stored = await self.store.turn(end.turn_id)
        if stored is None or stored.end is None:  # its texts were taken out meanwhile
            return replace(turn, state="answered", end=end)
        return replace(stored, start=turn.start)

    async def close(self, turn: StoredTurn, ending: Ending) -> None:
        """End a turn of which nothing is to be seen."""
        await self.end(turn, ending)
        if turn.start.seq is None:  # it was taken back, and then cut
            await unpost(self.chats, turn)
        await self._over(turn.start.turn_id, withdrawn=turn.start.seq is None)

    async def retell(self, turn: StoredTurn) -> None:
        """Show a turn that has ended, as the store knows it."""
        mailbox = Mailbox(reasoning=False)
        for event in retell(turn):
            mailbox.tell(event)
        info = turn_info(self.places, turn.start, await self.asked(turn))
        await self.deliver(replace(info, posted=turn.outbox), mailbox)

    async def asked(self, turn: StoredTurn) -> Incoming | None:
        """Find what a turn of an earlier run answers."""
        seq = turn.start.seq
        accepted = None if seq is None else await self.store.accepted(seq)
        return accepted.incoming if accepted else None

    async def deliver(self, info: TurnInfo, mailbox: Mailbox) -> None:
        """Show what is told in a mailbox, to the end, and note that it is shown."""
        with foreign_is_a_failure():
            sent = await deliver(
                info,
                mailbox,
                adapter=self.chats[info.address.platform],
                outbox=self.keep,
                budgets=self.budgets,
            )
            if sent:
                crashpoint("turn.shown", info.address.platform)
            await self.withdrawn.end(info.turn_id, partial(self._shown, info.turn_id, sent=sent))

    async def _shown(self, turn_id: str, *, sent: bool) -> None:
        """Note it, unless something of it is still owed; nobody takes the turn back meanwhile."""
        withdrawn = turn_id in self.withdrawn
        if sent or withdrawn:
            await self._over(turn_id, withdrawn=withdrawn)

    async def _over(self, turn_id: str, *, withdrawn: bool) -> None:
        """Note that nothing is left to do; of one that was taken back no text is left by then.

        Both in one: no start looks at a turn again of which it is noted that it is over.
        """
        if withdrawn:
            await self.keep.erase(Texts(turns=(turn_id,)))
        else:
            await self.keep.delivered(turn_id)
