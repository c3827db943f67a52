"""A conversation as a whole, for a page that is loaded or has missed something.

What runs is shown as it is live; what has ended, as the store knows it. It decides nothing else.
"""

from __future__ import annotations

import msgspec

from adapters.chat.web.adapter import WebChat
from adapters.chat.web.render import View, view
from adapters.chat.web.rooms import Room, Shown
from core.attached import clean_name
from core.records import Ending, StoredTurn
from core.texts.files import kept
from core.types import Address, Author, Message


class ShownView(msgspec.Struct, frozen=True, kw_only=True):
    """A message and its id. `version` 0: from the store, older than anything live."""

    id: str
    version: int
    frame: View
    after: str | None = None


class TurnView(msgspec.Struct, frozen=True, kw_only=True):
    """A question and what became of it. `ending` None: it runs; `at` is in ms."""

    turn_id: str
    question: str
    at: int
    preset: str
    ending: Ending | None
    shown: tuple[ShownView, ...]


class AskedView(msgspec.Struct, frozen=True, kw_only=True):
    """A question that is stored and waits for its turn."""

    event_id: str
    text: str


class ConversationView(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the page shows of a conversation."""

    id: str
    version: int
    preset: str
    turns: tuple[TurnView, ...]
    waiting: tuple[AskedView, ...]
    notices: tuple[ShownView, ...]


def shown_view(shown: Shown) -> ShownView:
    """Give the page's view of a live message."""
    after = shown.after if shown.turn_id is None else None
    return ShownView(id=shown.message_id, version=shown.version, frame=shown.view, after=after)


async def conversation(chat: WebChat, address: Address, author: Author) -> ConversationView:
    """Put a conversation together.

    The version is read first: what changes while the store answers is told again afterwards.
    """
    version = chat.rooms.look(address.session).version
    parts = chat.parts
    waiting = await parts.records.waiting()
    turns = await parts.records.turns(address.session)
    preset = await parts.preset_of(address, author)
    room = chat.rooms.look(address.session)
    return ConversationView(
        id=address.thread or "",
        version=version,
        preset=preset,
        turns=tuple(_turn(chat, room, turn) for turn in turns),
        waiting=tuple(
            AskedView(event_id=asked.message_id or "", text=_asked(asked))
            for asked in (each.incoming for each in waiting)
            if isinstance(asked, Message) and asked.address == address
        ),
        notices=tuple(shown_view(each) for each in room.notices),
    )


def _asked(message: Message) -> str:
    """Give a question that waits with the names of its files, as its turn will show it."""
    files = "\n".join(kept(clean_name(each.name, each.kind), "") for each in message.attachments)
    return "\n\n".join(part for part in (message.text, files) if part)


def _turn(chat: WebChat, room: Room, turn: StoredTurn) -> TurnView:
    start = turn.start
    live = room.of_turn(start.turn_id)
    if turn.end is not None or not live:
        shown = tuple(
            ShownView(id=f"{start.turn_id}/{frame.key}", version=0, frame=view(frame))
            for frame in chat.parts.frames_of(turn)
        )
    else:
        shown = tuple(shown_view(each) for each in live)
    return TurnView(
        turn_id=start.turn_id,
        question=start.question.text,
        at=start.started,
        preset=start.preset.name,
        ending=None if turn.end is None else turn.end.ending,
        shown=shown,
    )
