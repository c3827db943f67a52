"""The one note of a chat about what was put aside: posted, changed, taken away (P13, ADR 0047).

Decides where it stands and that there is never a second. A row in the outbox before it is posted,
its id after it; what its buttons come to, `gateway.backlog.backlog` decides.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, TypeVar

from core.backlog import MOST_HELD
from core.errors import ChatBusy, ChatError, ChatUnknown, MessageGone
from core.frames import Button, Frame, Notice
from core.storage.aside import AWAY
from core.texts import backlog as said
from core.types import Address, Message
from core.wording import LABELS
from gateway.delivery import delivery_id
from gateway.delivery.pacing import STATUS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from core.records import Accepted, Posted
    from gateway.turn.exchange import Exchange

KEY: Final = "notice"
_DAY_MS: Final = 86_400_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Note:
    """Where the note of a chat stands; no id: it does not."""

    place: Address
    message_id: str


class AwayNotes:
    """The notes of one process; it remembers none, they are in the outbox."""

    def __init__(self, exchange: Exchange) -> None:
        """Write where `exchange` answers, inside the budgets of its chats."""
        self._keep = exchange.keep
        self._chats = exchange.chats
        self._budgets = exchange.budgets
        self._clock = exchange.clock

    async def missing(self, chat: Address) -> bool:
        """Tell whether none was posted in a chat, as far as is known."""
        posted = await self._keep.store.away_note(_name(chat))
        return posted is None or posted.message_id is None

    async def tell(self, chat: Address, held: Sequence[Accepted], undone: int) -> None:
        """Say how many commands were not carried out; what perhaps stands is not said again.

        Raises:
            ChatError: it could not be said.
        """
        with suppress(ChatUnknown):
            await self._say(_place(held, chat), said.undone(undone))

    async def show(self, chat: Address, held: Sequence[Accepted]) -> None:
        """Have the note say what was put aside.

        Raises:
            ChatError: it could not be shown. StoreError: or not be kept.
        """
        posted = await self._keep.store.away_note(_name(chat))
        note = None if posted is None else await self._stands(posted)
        if posted is not None and note is None:
            return  # nobody can tell whether it stands there: it is not said twice
        if not held:
            if note is not None and note.message_id:
                await self._slotted(note.place, partial(self._delete, note.place, note.message_id))
            await self._keep.unpost(_name(chat))
        elif note is None or not await self._changed(held, note):
            await self._ask(held, chat)

    async def _stands(self, posted: Posted) -> _Note | None:
        """Say where a note stands; without an id if it does not; None if nobody can tell."""
        seq, _, place = posted.key.partition(" ")
        address, once = Address.of(place), delivery_id(posted.turn_id, seq)
        if posted.message_id is not None:
            return _Note(address, posted.message_id)
        adapter = self._chats[address.platform]
        first = await self._keep.store.accepted(int(seq))
        since = self._now() - _DAY_MS if first is None else first.incoming.at
        try:
            return _Note(address, await adapter.find(address, once, since=since) or "")
        except ChatUnknown:
            return None

    async def _ask(self, held: Sequence[Accepted], chat: Address) -> None:
        place, name, newest = _place(held, chat), _name(chat), held[-1].incoming
        post = partial(
            self._chats[chat.platform].post,
            place,
            self._frame(held),
            delivery_id=delivery_id(name, str(held[0].seq)),
            reply_to=newest.reply_to if isinstance(newest, Message) and place.thread else None,
        )
        await self._keep.unpost(name)
        key = f"{held[0].seq} {place.session}"

        async def noted() -> str:  # not before its turn has come: it may be cut while it waits
            await self._keep.attempting(name, key)
            try:
                return await post()
            except ChatUnknown:
                raise
            except ChatError:
                await self._keep.unpost(name)
                raise

        await self._keep.posted(name, key, await self._slotted(place, noted))

    async def _changed(self, held: Sequence[Accepted], note: _Note) -> bool:
        """Let the note that stands there say it; False if it stands there no more."""
        edit = self._chats[note.place.platform].edit
        if not note.message_id:
            return False
        try:
            await self._slotted(
                note.place, partial(edit, note.place, note.message_id, self._frame(held))
            )
        except MessageGone:
            return False
        return True

    async def _delete(self, place: Address, message_id: str) -> None:
        with suppress(MessageGone):
            await self._chats[place.platform].delete(place, message_id)

    async def _say(self, place: Address, text: str) -> None:
        frame = Frame(key=KEY, content=Notice(text=text), final=True)
        once = delivery_id(_name(place), str(self._now()))
        post = self._chats[place.platform].post
        await self._slotted(place, partial(post, place, frame, delivery_id=once))

    async def _slotted(self, place: Address, send: Callable[[], Awaitable[T]]) -> T:
        """Send inside the budget of the chat."""
        budget = self._budgets.of(place, self._chats[place.platform].capabilities(place))
        while True:
            await budget.slot(lambda: STATUS)
            try:
                return await send()
            except ChatBusy as busy:
                budget.stall(busy.retry_after)

    def _frame(self, held: Sequence[Accepted]) -> Frame:
        oldest = self._now() - min(each.incoming.at for each in held)
        text = said.away(len(held), oldest, full=len(held) >= MOST_HELD)
        buttons = (
            Button(action="answer", label=LABELS["answer"], turn_id=""),
            Button(action="skip", label=LABELS["skip"], turn_id=""),
        )
        return Frame(key=KEY, content=Notice(text=text), buttons=buttons)

    def _now(self) -> int:
        return int(self._clock.now().timestamp() * 1000)


def _name(chat: Address) -> str:
    return f"{AWAY}{chat.session}"


def _place(held: Sequence[Accepted], chat: Address) -> Address:
    """Give the one place in which all of it was said, else the whole chat."""
    places = {each.incoming.address for each in held}
    return places.pop() if len(places) == 1 else chat
