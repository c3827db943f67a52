"""Draws what the bot shows, for somebody who reads it in a terminal or in a file."""

from __future__ import annotations

import asyncio
import shutil
import sys
import textwrap
from collections.abc import Iterator
from typing import TypeAlias

from tests.simulators.telegram.crowd import Crowd
from tests.simulators.telegram.shown import Shown
from tests.simulators.telegram.state import Chat
from tests.simulators.telegram.texts import units

Key: TypeAlias = tuple[str, str]
CALM = 0.4
THINKING = "Thinking…"


def quoted(shown: Shown) -> str:
    """Give the text with a bar before each line that stands in a quote."""
    quotes = [each for each in shown.entities if str(each["type"]).endswith("blockquote")]
    lines, at = [], 0
    for line in shown.text.split("\n"):
        inside = any(0 <= at - each["offset"] < each["length"] for each in quotes)
        lines.append(f"│ {line}" if inside else line)
        at += units(line) + 1
    return "\n".join(lines)


class Screen:
    """The bot's messages as lines. What changes is drawn again once it stands still a little."""

    def __init__(self, crowd: Crowd, *, terminal: bool) -> None:
        self._crowd = crowd
        self._terminal = terminal
        self._drawn: dict[Key, str] = {}
        self._last: Key | None = None
        self._height = 0

    async def run(self) -> None:
        """Draw until cancelled."""
        while True:
            await self._crowd.changes.until(self._changed, seconds=86_400)
            if not self._terminal:
                # Where nothing can be redrawn, a text that streams is printed now and then.
                await asyncio.sleep(CALM)
            self._draw()

    def tell(self, words: str) -> None:
        self._write(words + "\n")
        self._last = None

    def typed(self) -> None:
        """Know that a line stands below what was drawn."""
        self._last = None

    def _changed(self) -> bool:
        return self._now() != self._drawn

    def _draw(self) -> None:
        now = self._now()
        for key in self._drawn.keys() - now.keys():
            self._gone(key)
        for key, text in now.items():
            if self._drawn.get(key) != text:
                self._put(key, text)
        self._drawn = now

    def _gone(self, key: Key) -> None:
        """Wipe what is gone, or say so where it cannot be wiped; a draft just passes."""
        if self._terminal and key == self._last:
            self._write(f"\x1b[{self._height}F\x1b[J")
            self._last = None
        elif key[1].isdecimal():
            self.tell("(a message was deleted)")

    def _put(self, key: Key, text: str) -> None:
        if self._terminal and key == self._last:
            self._write(f"\x1b[{self._height}F\x1b[J")
        self._write(text + "\n")
        self._last = key
        width = shutil.get_terminal_size().columns
        self._height = sum(max(1, -(-len(line) // width)) for line in text.split("\n"))

    def _write(self, text: str) -> None:
        sys.stdout.write(text)
        sys.stdout.flush()

    def _now(self) -> dict[Key, str]:
        chats = list(self._crowd.world.chats.values())
        return {key: text for chat in chats for key, text in self._chat(chat)}

    def _chat(self, chat: Chat) -> Iterator[tuple[Key, str]]:
        place = chat.place
        where = "" if chat.private else f" #{chat.title}"
        for each in self._crowd.shown(place):
            body = [quoted(each), *(f"[file {name}]" for name in each.files)]
            buttons = "  ".join(f"[{label}]" for label in each.buttons)
            edited = " (edited)" if each.edits else ""
            text = "\n".join(line for line in [*body, buttons] if line)
            yield (place.id, each.id), f"MoA{where}{edited}\n{textwrap.indent(text, '  ')}"
        for number, sent in chat.messages.items():
            if sent.reactions:
                yield (place.id, f"reaction {number}"), f"MoA{where} {''.join(sent.reactions)}"
        for draft in self._crowd.drafts(place):
            stop = "\n[■ Stop]" if draft.can_stop and not draft.stopped else ""
            text = textwrap.indent(f"{draft.text or THINKING}{stop}", "  ")
            yield (place.id, f"draft {draft.id}"), f"MoA{where} (draft)\n{text}"
