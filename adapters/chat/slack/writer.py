"""Brings frames into threads: as streams, messages, edits or files.

Decides on which way; keeps to what a workspace may write in a minute, without ever waiting.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Final

from adapters.chat.slack.budget import Budgets
from adapters.chat.slack.client import Api, ApiRefused, ts_of
from adapters.chat.slack.manner import Manner, Manners
from adapters.chat.slack.render import Body, below, buttons_of, whole
from adapters.chat.slack.search import root_of
from adapters.chat.slack.status import Sessions
from adapters.chat.slack.stream import Stream, Streams, metadata
from adapters.chat.slack.text import neutralise
from adapters.chat.slack.wire import Place
from core.errors import ChatBusy, ChatSpent, MessageGone
from core.frames import File, Frame, Notice, Part
from core.types import Address

FILE: Final = "file/"
"""What the id of a file begins with, which has no message of its own that could be named."""
_SPARE: Final = 6
"""Edits in a minute that are left for answers which are only beginning."""
_STILL: Final = frozenset({"streaming_state_conflict", "cant_update_message"})

log = logging.getLogger(__name__)


class Writer:
    """Writes in one workspace."""

    def __init__(
        self,
        api: Api,
        streams: Streams,
        sessions: Sessions,
        budgets: Budgets,
        manners: Manners,
    ) -> None:
        """Write in one of `manners`."""
        self._api = api
        self._streams = streams
        self._sessions = sessions
        self._budgets = budgets
        self._manners = manners

    async def post(self, channel: str, place: Place, frame: Frame, delivery_id: str) -> str:
        """Post a message, as a stream if it is still being written; give its id."""
        content = frame.content
        if isinstance(content, File):
            return await self._upload(channel, place, content)
        if isinstance(content, Part):
            self._sessions.answered_by(channel, place.thread, content.turn_id)
        if isinstance(content, Part) and content.streaming:
            stoppable = await self._sessions.begin(channel, place.thread, place.user)
            passing = [] if stoppable else buttons_of(frame.buttons, rich=False)
            works = self._sessions.works(channel, place.thread)
            ts = await self._streams.start(
                channel, place, content, delivery_id, passing=passing, works=works
            )
            return ts or await self._begin(channel, place.thread, frame, delivery_id)
        ts = await self.say(channel, place.thread, frame, delivery_id)
        if _ends(frame):
            if isinstance(content, Part):
                self._sessions.presume(channel, place.thread)
            await self._sessions.end(channel, place.thread)
        return ts

    async def _begin(self, channel: str, thread: str, frame: Frame, delivery_id: str) -> str:
        """Post a message that will be edited, if there is room for the edit that makes it whole."""
        self._admit("more is written here than can be edited")
        with self._budgets.edits.held(delivery_id):
            ts = await self.say(channel, thread, frame, delivery_id)
        self._budgets.edits.owe(ts)
        return ts

    def _admit(self, why: str, *, spare: int = 0) -> None:
        """Take what one edit takes, of what may be spread over a minute.

        Raises:
            ChatSpent: there is nothing left of it now.
        """
        budgets = self._budgets
        if wait := max(budgets.update.wait(), budgets.edits.wait(spare=spare)):
            raise ChatSpent(why, retry_after=wait)
        budgets.update.take()

    async def say(self, channel: str, thread: str, frame: Frame, delivery_id: str) -> str:
        """Post an ordinary message."""

        async def write(manner: Manner) -> Mapping[str, object]:
            return await self.send(channel, thread, whole(frame, manner), delivery_id)

        ts = ts_of(await self._manners.within(write))
        self._streams.settle(channel, ts, thread)
        return ts

    async def send(
        self, channel: str, thread: str, body: Body, delivery_id: str
    ) -> Mapping[str, object]:
        """Post blocks, once."""
        return await self._api.ask(
            self._api.web.chat_postMessage(
                channel=channel,
                thread_ts=thread or None,
                text=body.text or None,
                markdown_text=body.markdown or None,
                blocks=body.blocks or None,
                metadata=metadata(delivery_id),
                unfurl_links=False,
                unfurl_media=False,
            ),
            once=True,
        )

    async def edit(self, address: Address, ts: str, frame: Frame, delivery_id: str) -> None:
        """Make a message what the frame says, and mark it: a stream that was cut bears no mark."""
        channel, thread = address.channel, address.thread or ""
        if ts.startswith(FILE):
            return
        stream = self._streams.of(channel, ts)
        if not self._streams.knows(channel, ts):
            await self._resume(channel, ts, thread, frame)
        elif stream is not None and await self._stream(stream, frame):
            return
        await self._update(channel, ts, frame, delivery_id)
        if _ends(frame):
            await self._sessions.end(channel, self._streams.thread_of(channel, ts))

    async def _resume(self, channel: str, ts: str, thread: str, frame: Frame) -> None:
        """Take up a message of an earlier run, which may be in a stream and a session."""
        root = thread or await root_of(self._api, channel, ts)
        self._sessions.presume(channel, root)
        if isinstance(frame.content, Part):
            self._sessions.answered_by(channel, root, frame.content.turn_id)
        await self._streams.stop(channel, ts, root)

    async def delete(self, channel: str, ts: str) -> None:
        """Delete a message or a file of ours."""
        if ts.startswith(FILE):
            call = self._api.web.files_delete(file=ts.removeprefix(FILE))
        else:
            if self._streams.of(channel, ts) is not None:
                await self._streams.stop(channel, ts)
            self._budgets.edits.waive(ts)
            call = self._api.web.chat_delete(channel=channel, ts=ts)
        try:
            await self._api.ask(call)
        except MessageGone:
            return

    # --- ways --------------------------------------------------------------------------------

    async def _stream(self, stream: Stream, frame: Frame) -> bool:
        """Go on with a stream; False if an edit has to show the frame."""
        part = frame.content
        if not isinstance(part, Part):
            await self._streams.stop(stream.channel, stream.ts, ended=_ends(frame))
            return False
        if part.streaming:
            return await self._streams.show(stream, part)

        async def write(manner: Manner) -> bool:
            blocks = [] if manner.bare else below(part, frame, manner)
            return await self._streams.finish(stream, part, blocks=blocks, ended=_ends(frame))

        try:
            done = await self._manners.within(write)
        except ApiRefused as refused:
            log.info("a stream does not take its end: %s", refused)
            await self._streams.stop(stream.channel, stream.ts, ended=_ends(frame))
            done = False
        if done and _ends(frame):
            self._sessions.ended(stream.channel, stream.thread)
        return done

    async def _update(self, channel: str, ts: str, frame: Frame, delivery_id: str) -> None:
        if not frame.final:
            self._admit("the workspace edits as fast as it may", spare=_SPARE)

        async def write(manner: Manner) -> None:
            body = whole(frame, manner)
            self._budgets.edits.make(ts if frame.final else "")
            await self._api.ask(
                self._api.web.chat_update(
                    channel=channel,
                    ts=ts,
                    text=body.text or None,
                    markdown_text=body.markdown or None,
                    blocks=None if body.markdown else body.blocks,
                    metadata=metadata(delivery_id) if delivery_id else None,
                    unfurl_links=False,
                    unfurl_media=False,
                )
            )

        try:
            await self._manners.within(write)
        except ChatBusy as busy:
            self._budgets.update.block(busy.retry_after)
            raise
        except ApiRefused as refused:
            if refused.code not in _STILL:
                raise
            await self._streams.stop(channel, ts, ended=_ends(frame))
            await self._manners.within(write)

    async def _upload(self, channel: str, place: Place, file: File) -> str:
        content = file.text.encode("utf-8", "replace") or b"\n"
        name = neutralise(file.name)
        answer = await self._api.ask(
            self._api.web.files_getUploadURLExternal(filename=name, length=len(content))
        )
        file_id = str(answer.get("file_id") or "")
        await self._api.upload(str(answer.get("upload_url") or ""), content)
        await self._api.ask(
            self._api.web.files_completeUploadExternal(
                files=[{"id": file_id, "title": name}],
                channel_id=channel,
                thread_ts=place.thread or None,
            ),
            once=True,
        )
        return f"{FILE}{file_id}"


def _ends(frame: Frame) -> bool:
    """Say whether a turn is over with this message."""
    match frame.content:
        case Part() as part:
            ended = part.footer is not None or part.error is not None or bool(frame.buttons)
            return ended and not part.streaming
        case Notice():
            return frame.final
        case _:
            return False
