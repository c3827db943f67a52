"""The addresses that the page talks to. Who may use them is decided where they are mounted.

A conversation lies in its author's channel, so nobody can name another person's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import web

from adapters.chat.web.adapter import WebChat
from adapters.chat.web.body import answer, read
from adapters.chat.web.events import stream
from adapters.chat.web.markdown import load
from adapters.chat.web.normalise import Chose, Envelope, Pressed, Said, chose, pressed, said
from adapters.chat.web.state import conversation
from core.errors import UsageError
from core.texts import intake as texts
from core.types import Address, Author, Message

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")

Who = Callable[[web.Request], Author]
"""Tells who sent a request; it was let in already."""


class ConversationItem(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation in the list; `updated` in ms."""

    id: str
    title: str
    updated: int


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What a browser sent is stored. `kind` tells a question from a command."""

    kind: str
    event_id: str
    repeated: bool


@dataclass(frozen=True, slots=True)
class Routes:
    """The handlers, bound to a chat and to a way to tell who asks."""

    chat: WebChat
    who: Who

    async def list_conversations(self, request: web.Request) -> web.Response:
        """GET /api/conversations."""
        found = await self.chat.parts.records.conversations(
            self.chat.platform, owner=self.who(request).id
        )
        items = []
        for each in found:
            thread = Address.of(each.session).thread
            if thread is not None:
                item = ConversationItem(id=thread, title=each.title, updated=each.updated)
                items.append(item)
        return answer({"conversations": items})

    async def new_conversation(self, request: web.Request) -> web.Response:
        """POST /api/conversations: an id; nothing is kept before the first question."""
        return answer({"id": secrets.token_urlsafe(12)}, status=201)

    async def show_conversation(self, request: web.Request) -> web.Response:
        """GET /api/conversations/{id}."""
        envelope = self._envelope(request)
        await load()
        return answer(await conversation(self.chat, envelope.address, envelope.author))

    async def say(self, request: web.Request) -> web.Response:
        """POST /api/conversations/{id}/messages: 202 means that it is stored."""
        envelope = self._envelope(request)
        body = await read(request, Said)
        files = self.chat.uploads.named(body.files, envelope.author.id)
        incoming = said(body, envelope, self.chat.parts.commands, files)
        new = await self.chat.take_in(incoming)
        is_message = isinstance(incoming, Message)
        if isinstance(incoming, Message):
            await self.chat.acknowledge(incoming)
        else:
            self.chat.rooms.hint(envelope.address.session, "changed")
        kind = "message" if is_message else "command"
        return answer(Taken(kind=kind, event_id=body.event_id, repeated=not new), status=202)

    async def upload(self, request: web.Request) -> web.Response:
        """POST /api/conversations/{id}/files: the bytes of one, to go along with a message."""
        envelope = self._envelope(request)
        return answer(await self.chat.uploads.take(request, envelope.author.id), status=201)

    async def press(self, request: web.Request) -> web.Response:
        """POST /api/conversations/{id}/press."""
        body = await read(request, Pressed)
        new = await self.chat.take_in(pressed(body, self._envelope(request)))
        return answer(Taken(kind="press", event_id=body.event_id, repeated=not new), status=202)

    async def choose(self, request: web.Request) -> web.Response:
        """POST /api/conversations/{id}/preset."""
        envelope = self._envelope(request)
        body = await read(request, Chose)
        new = await self.chat.take_in(chose(body, envelope))
        self.chat.rooms.hint(envelope.address.session, "changed")
        return answer(Taken(kind="command", event_id=body.event_id, repeated=not new), status=202)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """GET /api/conversations/{id}/events?after=VERSION."""
        await load()
        return await stream(request, self.chat.rooms, self._envelope(request).address.session)

    async def status(self, request: web.Request) -> web.Response:
        """GET /api/status."""
        return answer(self.chat.parts.status())

    def mount(self, router: web.UrlDispatcher) -> None:
        """Add every address."""
        one = "/api/conversations/{id}"
        router.add_get("/api/status", self.status)
        router.add_get("/api/conversations", self.list_conversations)
        router.add_post("/api/conversations", self.new_conversation)
        router.add_get(one, self.show_conversation)
        router.add_post(f"{one}/messages", self.say)
        router.add_post(f"{one}/files", self.upload)
        router.add_post(f"{one}/press", self.press)
        router.add_post(f"{one}/preset", self.choose)
        router.add_get(f"{one}/events", self.events, allow_head=False)

    def _envelope(self, request: web.Request) -> Envelope:
        id_ = request.match_info["id"]
        if _ID.fullmatch(id_) is None:
            raise UsageError(texts.NO_CONVERSATION)
        author = self.who(request)
        return Envelope(
            address=Address(platform=self.chat.platform, channel=author.id, thread=id_),
            author=author,
            at=int(self.chat.parts.clock.now().timestamp() * 1000),
        )
