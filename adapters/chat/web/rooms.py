"""What is live in each conversation, and the browsers that look at it.

Decides what a browser is told and what it misses: of one message only the latest frame waits for
it, so a slow browser costs as much memory as the messages it has not seen, and is let go when
even that is too much. It renders nothing before somebody looks, and stores nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias

from adapters.chat.web.render import View, turn_of, view
from core.errors import Overloaded
from core.frames import Frame
from core.texts import intake as said

MOST_WAITING = 256
"""Events that may wait for one browser before it is let go."""
MOST_LIVE = 64
"""Messages that one conversation keeps live, the oldest go first."""
MOST_ROOMS = 256
"""Conversations that are kept live though nobody looks at them."""
MOST_BROWSERS = 200
"""Event streams at once, in all."""


class Shown:
    """One message's latest frame. `version` grows over all conversations."""

    def __init__(self, message_id: str, version: int, frame: Frame, after: str | None) -> None:
        """Keep a frame; `after` is the turn under which a notice stands."""
        self.message_id = message_id
        self.version = version
        self.frame = frame
        self.after = after

    @cached_property
    def view(self) -> View:
        """What the page gets; made once, for however many browsers."""
        return view(self.frame)

    @property
    def turn_id(self) -> str | None:
        """The turn it belongs to; None for a notice."""
        return turn_of(self.frame)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """Something other than a frame: a question came in, a message went, look again."""

    kind: Literal["asked", "gone", "changed"]
    version: int
    id: str = ""


News: TypeAlias = Shown | Hint


class Browser:
    """What waits for one browser. The latest news of one message replaces the one before."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self._waiting: dict[str, News] = {}
        self._woken = asyncio.Event()
        self.closed = False

    def tell(self, news: News) -> None:
        """Take news; a browser that leaves too much lying is let go."""
        key = news.message_id if isinstance(news, Shown) else f"{news.kind} {news.id}"
        self._waiting.pop(key, None)
        self._waiting[key] = news
        if len(self._waiting) > MOST_WAITING:
            self.close()
        self._woken.set()

    def close(self) -> None:
        """Let it go: its stream ends."""
        self.closed = True
        self._waiting.clear()
        self._woken.set()

    async def next(self) -> list[News]:
        """Wait for news and take all of it, oldest first; empty when it was let go."""
        await self._woken.wait()
        self._woken.clear()
        taken = list(self._waiting.values())
        self._waiting.clear()
        return taken


@dataclass(slots=True, kw_only=True)
class Room:
    """One conversation's live part."""

    version: int
    shown: OrderedDict[str, Shown] = field(default_factory=OrderedDict)
    browsers: set[Browser] = field(default_factory=set)
    last_turn: str | None = None

    @property
    def idle(self) -> bool:
        """Nobody looks and nothing is being written."""
        return not self.browsers and all(each.frame.final for each in self.shown.values())

    def of_turn(self, turn_id: str) -> list[Shown]:
        """Give what is live of one turn."""
        return [each for each in self.shown.values() if each.turn_id == turn_id]

    @property
    def notices(self) -> list[Shown]:
        """Give the sentences that belong to no turn."""
        return [each for each in self.shown.values() if each.turn_id is None]


class Rooms:
    """The live part of every conversation, by session key."""

    def __init__(self, first_version: Callable[[], int]) -> None:
        """`first_version` must grow from one start of the program to the next."""
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._version = first_version()
        self._first = self._version

    def show(self, session: str, message_id: str, frame: Frame) -> None:
        """Replace a message, and tell everybody who looks."""
        room = self._room(session)
        before = room.shown.pop(message_id, None)
        turn = turn_of(frame)
        if turn is not None and turn != room.last_turn:
            self._forget_finals(room)
            room.last_turn = turn
        after = room.last_turn if before is None else before.after
        shown = Shown(message_id, self._next(room), frame, after)
        room.shown[message_id] = shown
        while len(room.shown) > MOST_LIVE:
            room.shown.popitem(last=False)
        self._tell(room, shown)

    def remove(self, session: str, message_id: str) -> None:
        """Take a message away; one that is gone already is no error."""
        room = self._room(session)
        room.shown.pop(message_id, None)
        self._tell(room, Hint(kind="gone", version=self._next(room), id=message_id))

    def hint(self, session: str, kind: Literal["asked", "changed"], id_: str = "") -> None:
        """Tell everybody who looks that there is something to look for."""
        room = self._room(session)
        self._tell(room, Hint(kind=kind, version=self._next(room), id=id_))

    def look(self, session: str) -> Room:
        """Give a conversation's live part as it is now; nothing is kept for looking."""
        return self._rooms.get(session) or Room(version=self._first)

    @contextmanager
    def listen(self, session: str, seen: int) -> Iterator[Browser]:
        """Take part. `seen` is the version that the browser has; if it is old, it is told.

        Raises:
            Overloaded: too many browsers listen already.
        """
        if sum(len(room.browsers) for room in self._rooms.values()) >= MOST_BROWSERS:
            raise Overloaded(said.TOO_MANY_PAGES)
        room = self._room(session)
        browser = Browser()
        room.browsers.add(browser)
        if seen != room.version:
            browser.tell(Hint(kind="changed", version=room.version))
        try:
            yield browser
        finally:
            room.browsers.discard(browser)

    def close(self) -> None:
        """End every stream."""
        for room in self._rooms.values():
            for browser in room.browsers:
                browser.close()

    @property
    def browsers(self) -> int:
        """How many pages are open."""
        return sum(len(room.browsers) for room in self._rooms.values())

    def _next(self, room: Room) -> int:
        self._version += 1
        room.version = self._version
        return self._version

    def _room(self, session: str) -> Room:
        room = self._rooms.get(session)
        if room is None:
            room = self._rooms[session] = Room(version=self._first)
        self._rooms.move_to_end(session)
        idle = [key for key, each in self._rooms.items() if each.idle and key != session]
        for key in idle[: max(0, len(self._rooms) - MOST_ROOMS)]:
            del self._rooms[key]
        return room

    @staticmethod
    def _forget_finals(room: Room) -> None:
        """What is final of an earlier turn stands in the store."""
        for key, each in list(room.shown.items()):
            if each.frame.final and each.turn_id is not None:
                del room.shown[key]

    @staticmethod
    def _tell(room: Room, news: News) -> None:
        for browser in room.browsers:
            browser.tell(news)
