"""What arrives from Slack, on whatever way → the intake. Stored first; the caller acknowledges.

Decides which reader a payload is given to, and that an event whose author Slack cannot name now
comes again. Whether anything is answered is not decided here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from adapters.chat.slack import changes, normalise
from adapters.chat.slack.arrivals import added as arrived
from adapters.chat.slack.arrivals import is_arrival
from adapters.chat.slack.deeds import Deeds
from adapters.chat.slack.taking import REFUSED, Surroundings, Taker
from adapters.chat.slack.wire import Callback, Event, Interaction, Me, Person, Slash
from core.errors import UserError
from core.recent import Recent
from core.types import Edited, Message

_Shape = TypeVar("_Shape")
EVENTS: Final = frozenset(
    {"message", "app_mention", "app_home_opened", "agent_session_stopped", "member_joined_channel"}
)
CHANGES: Final = frozenset({"message_changed", "message_deleted"})
LANES: Final = 32
"""What is said in one channel is taken in one after the other: to ask for a name takes a while."""

TWIN: Final = 10.0
"""Seconds within which a second event of an arrival comes."""

log = logging.getLogger(__name__)


class _Kind(msgspec.Struct):
    type: str = ""


class _Typed(msgspec.Struct):
    event: _Kind = msgspec.field(default_factory=_Kind)


@dataclass(frozen=True, slots=True)
class _Given:
    """An event, where we are, and how often Slack has sent it before."""

    callback: Callback
    me: Me
    again: int

    @property
    def event(self) -> Event:
        return self.callback.event


class Receiver:
    """Takes in what one account receives."""

    def __init__(self, platform: str, me: Me, can: Surroundings) -> None:
        """Take in for `platform`, where we are `me`."""
        self._platform = platform
        self._me = me
        self._can = can
        self._lanes = [asyncio.Lock() for _ in range(LANES)]
        self._taker = Taker(platform, can)
        self._deeds = Deeds(platform, me, can, self._taker)
        self._arrivals = Recent[str, float](REFUSED)

    async def __call__(self, kind: str, payload: object, again: int = 0) -> None:
        """Take in one payload; once this returns it may be acknowledged.

        `again` is how often Slack has sent it before.

        Raises:
            StoreError: it is not stored. ChatAway: Slack cannot say now who wrote it.
        """
        try:
            match kind:
                case "events_api":
                    await self._event(payload, again)
                case "interactive":
                    await self._deeds.interaction(_read(payload, Interaction))
                case "slash_commands":
                    await self._deeds.slash(_read(payload, Slash))
                case _:
                    log.debug("nothing is done about %s", kind)
        except msgspec.ValidationError as error:
            log.warning("%s: Slack sent what cannot be read (%s): %s", self._platform, kind, error)

    async def _event(self, payload: object, again: int) -> None:
        if _read(payload, _Typed).event.type not in EVENTS:
            return
        callback = _read(payload, Callback)
        event, me = callback.event, self._me.at(callback.team_id)
        given = _Given(callback, me, again)
        if event.type == "app_home_opened":
            if event.tab == "home" and event.user:
                self._can.aside(self._can.home(event.user))
        elif event.type == "agent_session_stopped":
            await self._stopped(given)
        elif (take := self._reader(event, me)) is not None:
            async with self._lanes[hash(event.channel) % LANES]:
                await take(given)

    def _reader(self, event: Event, me: Me) -> Callable[[_Given], Awaitable[None]] | None:
        """Say who takes in what happened in a channel; None if nobody does."""
        if is_arrival(event, me):
            return self._arrived
        if event.subtype in CHANGES:
            return self._changed
        return self._said if normalise.is_message(event, me) else None

    async def _stopped(self, given: _Given) -> None:
        event, me = given.event, given.me
        for ts in event.streaming_message_ts or ():
            self._can.streams.settle(event.channel, ts)
        people = await self._can.people.of([event.user or ""])
        named = self._insist(given, event.user, given.callback.event_id)
        turn = self._can.turn_in(event.channel, normalise.root_of(event) or "")
        stop = normalise.stopped(self._platform, given.callback, me, people, turn)
        await self._taker.take(stop, named=named)

    async def _arrived(self, given: _Given) -> None:
        """Take in that the bot came into a channel; of the two events that say so, the first."""
        channel, inviter = given.event.channel, given.event.inviter
        now = self._can.clock.monotonic()
        if now - (self._arrivals.get(channel) or -TWIN) < TWIN:
            return
        people = await self._can.people.of([inviter] if inviter else [])
        added = arrived(self._platform, given.callback, given.me, people)
        self._insist(given, inviter, added.event_id)
        await self._taker.take(added)
        self._arrivals[channel] = now

    async def _said(self, given: _Given) -> None:
        """Take in a message; who it is by is only asked where it may be answered."""
        message = self._message(given, {given.event.user or "": Person()})
        if not message.addressed and not await self._concerns(message):
            return
        people = await self._can.people.of(normalise.people_of(given.event, given.me))
        named = self._insist(given, given.event.user, message.event_id)
        await self._taker.take(self._message(given, people), named=named)

    async def _changed(self, given: _Given) -> None:
        """Take in what became of a message after it was said."""
        gone = changes.deleted(self._platform, given.callback, given.me)
        now = changes.rewritten(given.callback, given.me)
        if gone is not None:
            await self._taker.take(gone)
        elif now is not None:
            then = _Given(now, given.me, given.again)
            message = self._message(then, {now.event.user or "": Person()})
            if not await self._concerns(changes.edited(message, given.event)):
                return
            people = await self._can.people.of(normalise.people_of(now.event, given.me))
            version = f"{message.event_id}/{message.text}"
            named = self._insist(given, now.event.user, version)
            edited = changes.edited(self._message(then, people), given.event)
            await self._taker.take(edited, named=named)

    def _message(self, given: _Given, people: Mapping[str, Person]) -> Message:
        return normalise.message(self._platform, given.callback, given.me, people)

    def _insist(self, given: _Given, user: str | None, what: str) -> bool:
        """Have it sent again while Slack cannot say who did it; False if that was the last time."""
        event = f"{given.event.type}/{what}"
        return self._can.people.insist(user, event, given.again, self._can.aside)

    async def _concerns(self, incoming: Message | Edited) -> bool:
        try:
            return await self._can.intake.admitted(incoming) is not None
        except UserError:
            return True


def _read(payload: object, shape: type[_Shape]) -> _Shape:
    # Half a character where a number may stand, and what is too deep, have not that shape either.
    try:
        return msgspec.convert(_given(payload), shape, strict=False)
    except (UnicodeEncodeError, RecursionError) as error:
        raise msgspec.ValidationError(str(error)) from error


def _given(value: object) -> object:
    """Leave out each null, which Slack writes where it has nothing to say."""
    if isinstance(value, dict):
        return {key: _given(each) for key, each in value.items() if each is not None}
    if isinstance(value, list):
        return [_given(each) for each in value if each is not None]
    return value


__all__ = ["Receiver", "Surroundings"]
