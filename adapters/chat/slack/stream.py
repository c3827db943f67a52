"""Writes answers as Slack's streams: started, appended to, stopped. Keeps what each shows.

Decides when a stream must end before Slack ends it, and what of it is certain. Whatever cannot
be streamed any more is left to an ordinary edit, so a message always ends in one whole text.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Final

from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.chunks import Picture, chunks, extends, merged, picture, weight
from adapters.chat.slack.client import Api, ApiRefused, ts_of
from adapters.chat.slack.manner import BLOCKS_REFUSED
from adapters.chat.slack.render import Block
from adapters.chat.slack.wire import Place
from core.errors import ChatBusy, ChatSpent, MessageGone
from core.frames import Part
from core.ports import Clock
from core.recent import Recent
from core.types import Json

LIFETIME: Final = 220.0
"""Seconds after which a stream is stopped: Slack ends it after five minutes, come what may."""
HEAVIEST: Final = 9_500
"""What a stream may weigh: Slack refuses more somewhere between 10,600 and 12,000 bytes."""
_REMEMBERED: Final = 5_000

LASTING: Final = frozenset(
    {
        "unknown_method",
        "http_404",
        "method_deprecated",
        "deprecated_endpoint",
        "feature_not_enabled",
        "enterprise_is_restricted",
        "not_supported",
    }
)
"""Refusals that say that this workspace does not have a method at all."""

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class Stream:
    """A message that is being streamed. `sure`: all that was sent is known to have arrived.

    `passing`: something stands in it that must not stay, so that it ends in an edit. `works`: its
    session is in processing, and has to be told when it is not any more.
    """

    channel: str
    ts: str
    thread: str
    delivery_id: str
    began: float
    shown: Picture = field(default_factory=Picture)
    sure: bool = True
    passing: bool = False
    works: bool = False

    def status(self, *, ended: bool) -> str:
        """Say what becomes of the session with this stream's end: a turn may go on elsewhere."""
        return "processing" if self.works and not ended else "active"


class Streams:
    """All streams of one workspace, and which messages are known to be none any more."""

    def __init__(self, api: Api, budgets: Budgets, clock: Clock) -> None:
        """Begin without any; every message is then unknown."""
        self._api = api
        self._budgets = budgets
        self._clock = clock
        self._live = Recent[tuple[str, str], Stream](_REMEMBERED)
        self._plain = Recent[tuple[str, str], str](_REMEMBERED)
        self._off = False

    def of(self, channel: str, ts: str) -> Stream | None:
        """Give the stream of a message, if it is one."""
        return self._live.get((channel, ts))

    def thread_of(self, channel: str, ts: str) -> str:
        """Give the thread of a message that is no stream, blank where it is not known."""
        return self._plain.get((channel, ts)) or ""

    def knows(self, channel: str, ts: str) -> bool:
        """Say whether anything is known of a message."""
        return (channel, ts) in self._live or (channel, ts) in self._plain

    def settle(self, channel: str, ts: str, thread: str = "") -> None:
        """Note that a message is none, or none any more."""
        stream = self._live.pop((channel, ts))
        self._budgets.stops.waive(ts)
        self._plain[channel, ts] = thread or (stream.thread if stream else "")

    async def start(
        self,
        channel: str,
        place: Place,
        part: Part,
        delivery_id: str,
        *,
        passing: list[Block],
        works: bool,
    ) -> str | None:
        """Begin a stream and give its message's id; None if there can be none now.

        `passing` are blocks that stand in it while it is written, and not longer; `works` says
        whether its session is in processing.

        Raises:
            ChatUnknown, ChatClosed, ChatRefused: as `Api.ask` says.
        """
        first = picture(part)
        if self._off or not (place.thread and place.user and place.team):
            return None
        if self._full() or weight(first) > HEAVIEST:
            return None
        made = chunks(Picture(), first, delivery_id)
        if passing:
            made.append({"type": "blocks", "blocks": list[Json](passing)})
        stops, edits = self._budgets.stops, self._budgets.edits
        with stops.held(delivery_id), edits.held(delivery_id):
            ts = await self._started(channel, place, made)
        if ts is None:
            return None
        stops.owe(ts)
        edits.owe(ts)  # for the edit that shows what could not be streamed
        self._live[channel, ts] = Stream(
            channel=channel,
            ts=ts,
            thread=place.thread,
            delivery_id=delivery_id,
            began=self._clock.monotonic(),
            shown=first,
            passing=bool(passing),
            works=works,
        )
        return ts

    def _full(self) -> bool:
        budgets = self._budgets
        return any(each.wait() for each in (budgets.start, budgets.stops, budgets.edits))

    async def _started(self, channel: str, place: Place, made: list[Block]) -> str | None:
        self._budgets.start.take()
        try:
            answer = await self._api.ask(
                self._api.web.chat_startStream(
                    channel=channel,
                    thread_ts=place.thread,
                    recipient_user_id=place.user,
                    recipient_team_id=place.team,
                    task_display_mode="plan",
                    chunks=made or None,
                ),
                once=True,
            )
        except ChatBusy as busy:
            self._budgets.start.block(busy.retry_after)
            return None
        except (ApiRefused, MessageGone) as refused:
            self._off = isinstance(refused, ApiRefused) and refused.code in LASTING
            log.info("no stream in %s: %s", channel, refused)
            return None
        return ts_of(answer)

    async def show(self, stream: Stream, part: Part) -> bool:
        """Append what is new; False if the stream is over and an edit has to show it.

        Raises:
            ChatSpent: the workspace has written enough for now. ChatBusy, ChatError: it was not
                shown.
        """
        new = picture(part)
        if self._lost(stream, new, streaming=True):
            await self.stop(stream.channel, stream.ts)
            return False
        if self._clock.monotonic() - stream.began > LIFETIME:
            return await self.finish(stream, part)
        changes = chunks(stream.shown, new, stream.delivery_id)
        if not changes:
            return True
        if wait := self._budgets.append.wait():
            raise ChatSpent(
                "the workspace's streams are written as fast as may be", retry_after=wait
            )
        self._budgets.append.take()
        stream.sure = False
        try:
            await self._api.ask(
                self._api.web.chat_appendStream(
                    channel=stream.channel, ts=stream.ts, chunks=changes
                )
            )
        except ChatBusy as busy:
            stream.sure = True
            self._budgets.append.block(busy.retry_after)
            raise
        except (ApiRefused, MessageGone):
            await self.stop(stream.channel, stream.ts)
            return False
        stream.sure = True
        stream.shown = merged(stream.shown, new)
        return True

    async def finish(
        self, stream: Stream, part: Part, *, blocks: list[Block] | None = None, ended: bool = False
    ) -> bool:
        """Stop a stream with the rest of its text; False if an edit has to show the whole.

        `ended`: the turn is over, so the session waits for people again.

        Raises:
            ApiRefused: Slack does not take the blocks. ChatBusy, ChatError: it is not stopped,
                or nobody knows.
        """
        new = picture(part)
        if stream.passing or self._lost(stream, new, streaming=part.streaming):
            await self.stop(stream.channel, stream.ts, ended=ended)
            return False
        stream.sure = False
        self._budgets.stops.make(stream.ts)
        try:
            await self._api.ask(
                self._api.web.chat_stopStream(
                    channel=stream.channel,
                    ts=stream.ts,
                    chunks=chunks(stream.shown, new, stream.delivery_id) or None,
                    blocks=blocks or None,
                    metadata=metadata(stream.delivery_id),
                    session_status=stream.status(ended=ended),
                )
            )
        except ChatBusy:
            stream.sure = True
            raise
        except ApiRefused as refused:
            if refused.code in BLOCKS_REFUSED:
                stream.sure = True
                raise
            await self.stop(stream.channel, stream.ts, ended=ended)
            return False
        self.settle(stream.channel, stream.ts)
        if not part.streaming:
            self._budgets.edits.waive(stream.ts)
        return True

    def _lost(self, stream: Stream, new: Picture, *, streaming: bool) -> bool:
        """Say whether a stream cannot come to show this."""
        return (
            not stream.sure
            or weight(merged(stream.shown, new)) > HEAVIEST
            or not extends(stream.shown, new, streaming=streaming)
        )

    async def stop(self, channel: str, ts: str, thread: str = "", *, ended: bool = False) -> None:
        """End whatever streaming a message may still be in; an ordinary message stays as it is.

        The session goes on if the stream is of this run and its turn has not `ended`.

        Raises:
            ChatBusy, ChatError: it may still be streaming.
        """
        stream = self.of(channel, ts)
        status = stream.status(ended=ended) if stream else "active"
        self._budgets.stops.make(ts)
        try:
            await self._api.ask(
                self._api.web.chat_stopStream(channel=channel, ts=ts, session_status=status)
            )
        except (ApiRefused, MessageGone) as refused:
            log.debug("%s is no stream: %s", ts, refused)
        self.settle(channel, ts, thread)


def metadata(delivery_id: str) -> dict[str, object]:
    """Give what a message of ours is found by."""
    return {"event_type": "moa_gateway_message", "event_payload": {"delivery_id": delivery_id}}


def is_ours(found: object, delivery_id: str) -> bool:
    """Say whether a message's metadata names this delivery."""
    payload = found.get("event_payload") if isinstance(found, dict) else None
    return isinstance(payload, dict) and payload.get("delivery_id") == delivery_id
