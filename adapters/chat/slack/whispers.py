"""Brings frames to one person alone: in the thread they are in, or in a direct conversation.

Decides on which way, and what a file comes to there, which cannot be shown to one person alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from adapters.chat.slack.client import Api
from adapters.chat.slack.manner import Manners
from adapters.chat.slack.render import Body, whole
from adapters.chat.slack.wire import Handle
from core.errors import ChatError
from core.frames import File, Frame, Notice


class Whispers:
    """Whispers in one workspace."""

    def __init__(self, api: Api, manners: Manners) -> None:
        """Write in one of `manners`."""
        self._api = api
        self._manners = manners

    async def tell(self, handle: Handle, frame: Frame) -> None:
        """Tell one person something, in the thread if there is one."""
        usual = replace(self._manners.usual, bare=False)  # a choice needs its menu
        body = whole(_unfiled(frame), usual)
        if handle.thread or not handle.response_url:
            try:
                await self._ephemeral(handle, body)
            except ChatError:
                if not handle.response_url:
                    raise
            else:
                return
        try:
            await self._respond(handle, body)
        except ChatError:
            if handle.thread:
                raise
            await self._ephemeral(handle, body)

    async def private(self, user: str) -> str:
        """Give the direct conversation with somebody.

        Raises:
            ChatError: there is none.
        """
        answer = await self._api.ask(self._api.web.conversations_open(users=user))
        channel = answer.get("channel")
        return str(channel.get("id") or "") if isinstance(channel, Mapping) else ""

    async def _ephemeral(self, handle: Handle, body: Body) -> None:
        await self._api.ask(
            self._api.web.chat_postEphemeral(
                channel=handle.channel,
                user=handle.user,
                thread_ts=handle.thread or None,
                text=body.text or None,
                markdown_text=body.markdown or None,
                blocks=body.blocks or None,
                unfurl_links=False,
                unfurl_media=False,
            )
        )

    async def _respond(self, handle: Handle, body: Body) -> None:
        await self._api.respond(
            handle.response_url,
            {
                "response_type": "ephemeral",
                "replace_original": False,
                "text": body.text or body.markdown,
                "blocks": body.blocks,
                "unfurl_links": False,
                "unfurl_media": False,
            },
        )


def _unfiled(frame: Frame) -> Frame:
    """A file cannot be shown to one person alone; its text can."""
    if isinstance(frame.content, File):
        return replace(frame, content=Notice(text=f"{frame.content.name}\n\n{frame.content.text}"))
    return frame
