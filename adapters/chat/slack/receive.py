"""What arrives from Slack, on whatever way → the intake. Stored first; the caller acknowledges.

Decides which reader a payload is given to, and who is told that something was refused. Whether
anything is answered is not decided here.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import msgspec

from adapters.chat.slack import actions, changes, normalise
from adapters.chat.slack.arrivals import added as arrived
from adapters.chat.slack.arrivals import is_arrival
from adapters.chat.slack.people import People
from adapters.chat.slack.stream import Streams
from adapters.chat.slack.wire import Callback, Event, Handle, Interaction, Me, Person, Slash
from core.errors import ChatClosed, ChatError, UserError
from core.frames import Frame, Notice
from core.ports import Clock, Intake
from core.recent import Recent
from core.texts import intake as said
from core.types import Command, Edited, Incoming, Message, Press

_Shape = TypeVar("_Shape")
EVENTS: Final = frozenset(
    {"message", "app_mention", "app_home_opened", "agent_session_stopped", "member_joined_channel"}
)
CHANGES: Final = frozenset({"message_changed", "message_deleted"})
LANES: Final = 32
"""What is said in one channel is taken in one after the other: to ask for a name takes a while."""

REFUSED: Final = 200
"""How many refusals, and how many arrivals, are remembered."""
TWIN: Final = 10.0
"""Seconds within which a second event of an arrival comes."""

log = logging.getLogger(__name__)


class _Kind(msgspec.Struct):
    type: str = ""


class _Typed(msgspec.Struct):
    event: _Kind = msgspec.field(default_factory=_Kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a receiver works with.

    `turn_in` gives the turn that is shown in a thread of a channel, blank if none is known;
    `quote` posts the question of `/moa ask` and gives its id, `unquote` takes it back; `home`
    shows somebody's App Home; `whisper` tells one person something; `aside` does something beside
    what is to be acknowledged.
    """

    intake: Intake
    people: People
    streams: Streams
    turn_in: Callable[[str, str], str]
    clock: Clock
    quote: Callable[[Command], Awaitable[str]]
    unquote: Callable[[Message], Coroutine[None, None, None]]
    home: Callable[[str], Coroutine[None, None, None]]
    whisper: Callable[[Command | Press, Frame], Awaitable[None]]
    aside: Callable[[Coroutine[None, None, None]], object]


class Receiver:
    """Takes in what one account receives."""

    def __init__(self, platform: str, me: Me, can: Surroundings) -> None:
        """Take in for `platform`, where we are `me`."""
        self._platform = platform
        self._me = me
        self._can = can
        self._lanes = [asyncio.Lock() for _ in range(LANES)]
        self._refused: deque[str] = deque(maxlen=REFUSED)
        self._arrivals = Recent[str, float](REFUSED)

    async def __call__(self, kind: str, payload: object) -> None:
        """Take in one payload; once this returns it may be acknowledged.

        Raises:
            StoreError: it is not stored. ChatAway: Slack cannot say now who wrote it.
        """
        try:
            match kind:
                case "events_api":
                    await self._event(payload)
                case "interactive":
                    await self._interaction(_read(payload, Interaction))
                case "slash_commands":
                    await self._slash(_read(payload, Slash))
                case _:
                    log.debug("nothing is done about %s", kind)
        except msgspec.ValidationError as error:
            log.warning("%s: Slack sent what cannot be read (%s): %s", self._platform, kind, error)

    # --- events ------------------------------------------------------------------------------

    async def _event(self, payload: object) -> None:
        if _read(payload, _Typed).event.type not in EVENTS:
            return
        callback = _read(payload, Callback)
        event, me = callback.event, self._me.at(callback.team_id)
        if event.type == "app_home_opened":
            if event.tab == "home" and event.user:
                self._can.aside(self._can.home(event.user))
        elif event.type == "agent_session_stopped":
            await self._stopped(callback, me)
        elif (take := self._reader(event, me)) is not None:
            async with self._lanes[hash(event.channel) % LANES]:
                await take(callback, me)

    def _reader(self, event: Event, me: Me) -> Callable[[Callback, Me], Awaitable[None]] | None:
        """Say who takes in what happened in a channel; None if nobody does."""
        if is_arrival(event, me):
            return self._arrived
        if event.subtype in CHANGES:
            return self._changed
        return self._said if normalise.is_message(event, me) else None

    async def _stopped(self, callback: Callback, me: Me) -> None:
        event = callback.event
        for ts in event.streaming_message_ts or ():
            self._can.streams.settle(event.channel, ts)
        people = await self._can.people.of([event.user or ""])
        self._can.people.insist(event.user, f"{event.type}/{callback.event_id}", self._can.aside)
        turn = self._can.turn_in(event.channel, normalise.root_of(event) or "")
        await self._take_now(normalise.stopped(self._platform, callback, me, people, turn))

    async def _arrived(self, callback: Callback, me: Me) -> None:
        """Take in that the bot came into a channel; of the two events that say so, the first."""
        channel, inviter = callback.event.channel, callback.event.inviter
        now = self._can.clock.monotonic()
        if now - (self._arrivals.get(channel) or -TWIN) < TWIN:
            return
        people = await self._can.people.of([inviter] if inviter else [])
        added = arrived(self._platform, callback, me, people)
        await self._can.intake(added if added.at else replace(added, at=self._now()))
        self._arrivals[channel] = now

    async def _said(self, callback: Callback, me: Me) -> None:
        """Take in a message; who it is by is only asked where it may be answered."""
        event = callback.event
        anybody = {event.user or "": Person()}
        message = normalise.message(self._platform, callback, me, anybody)
        if not message.addressed and not await self._concerns(message):
            return
        people = await self._can.people.of(normalise.people_of(event, me))
        self._can.people.insist(event.user, f"{event.type}/{message.event_id}", self._can.aside)
        await self._take(normalise.message(self._platform, callback, me, people))

    async def _changed(self, callback: Callback, me: Me) -> None:
        """Take in what became of a message after it was said."""
        gone = changes.deleted(self._platform, callback, me)
        now = changes.rewritten(callback, me)
        if gone is not None:
            await self._take(gone if gone.at else replace(gone, at=self._now()))
        elif now is not None:
            anybody = {now.event.user or "": Person()}
            message = normalise.message(self._platform, now, me, anybody)
            if not await self._concerns(changes.edited(message, callback.event)):
                return
            people = await self._can.people.of(normalise.people_of(now.event, me))
            version = f"{message.event_id}/{message.text}"
            self._can.people.insist(now.event.user, version, self._can.aside)
            message = normalise.message(self._platform, now, me, people)
            await self._take(changes.edited(message, callback.event))

    async def _concerns(self, incoming: Message | Edited) -> bool:
        try:
            return await self._can.intake.admitted(incoming) is not None
        except UserError:
            return True

    # --- presses and commands ------------------------------------------------------------------

    async def _interaction(self, interaction: Interaction) -> None:
        if interaction.type != "block_actions":
            return
        person = (await self._can.people.of([interaction.user.id])).get(interaction.user.id)
        me = self._me.at(interaction.team.id if interaction.team else "")
        for acted in interaction.actions:
            incoming: Command | Press | None
            if acted.action_id == actions.HOME_PRESET:
                incoming = actions.chosen_at_home(self._platform, interaction, acted, me, person)
            else:
                incoming = actions.press(self._platform, interaction, acted, me, person)
            if incoming is not None:
                await self._take_now(incoming)

    async def _slash(self, slash: Slash) -> None:
        person = (await self._can.people.of([slash.user_id])).get(slash.user_id)
        me = self._me.at(slash.team_id)
        command = actions.command(self._platform, slash, me, person, self._now())
        if command.name == "ask":
            await self._ask(command, slash)
        else:
            await self._take(command)

    async def _ask(self, command: Command, slash: Slash) -> None:
        """Take in `/moa ask`: it is quoted for all to see, if whoever asks is let in."""
        try:
            if not isinstance(await self._can.intake.admitted(command), Message):
                await self._take(command)  # which says why it cannot be asked
                return
            ts = await self._can.quote(command)
        except UserError as error:
            self._tell(command, str(error))
            return
        except ChatError as error:
            log.info("%s: a question was not quoted: %s", self._platform, error)
            self._tell(command, said.UNINVITED if isinstance(error, ChatClosed) else said.UNTAKEN)
            return
        message = actions.asked(command, slash, ts)
        try:
            taken = await self._can.intake(message)
        except UserError as error:
            taken = False
            self._tell(command, str(error))
        if not taken:
            self._can.aside(self._can.unquote(message))

    def _now(self) -> int:
        return int(self._can.clock.now().timestamp() * 1000)

    async def _take_now(self, incoming: Command | Press) -> None:
        """Take in what does not say readably when it was done."""
        await self._take(incoming if incoming.at else replace(incoming, at=self._now()))

    async def _take(self, incoming: Incoming) -> None:
        if incoming.event_id in self._refused:
            return  # the twin of a mention, which nobody should be told of twice
        try:
            await self._can.intake(incoming)
        except UserError as error:
            incoming = incoming.message if isinstance(incoming, Edited) else incoming
            self._refused.append(incoming.event_id)
            to = incoming if isinstance(incoming, Command | Press) else _asker(incoming)
            self._tell(to, str(error))

    def _tell(self, to: Command | Press, text: str) -> None:
        """Tell somebody why something was refused; that does not hold up what is acknowledged."""
        self._can.aside(self._told(to, text))

    async def _told(self, to: Command | Press, text: str) -> None:
        try:
            await self._can.whisper(to, Frame(key="refused", content=Notice(text=text)))
        except ChatError as error:
            log.info("%s: nobody was told %r: %s", self._platform, text, error)


def _asker(incoming: Incoming) -> Command:
    """Make a message something that can be answered to its author alone."""
    thread = ""
    if isinstance(incoming, Message):
        thread = (incoming.reply_to or "").partition("/")[0]
        if thread == incoming.message_id:
            thread = ""  # in a thread that nobody has opened yet, a whisper is not seen
    return Command(
        event_id=incoming.event_id,
        address=incoming.address,
        author=incoming.author,
        name="",
        args="",
        at=incoming.at,
        handle=Handle(
            channel=incoming.address.channel, user=incoming.author.id, thread=thread
        ).write(),
    )


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


__all__: Sequence[str] = ["Receiver", "Surroundings"]
