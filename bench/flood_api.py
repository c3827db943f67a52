"""A Bot API into which a thousand people pour messages, while a few ask politely.

Decides when whom's message is there: those of the flood are made when the bot asks for updates,
so that it gets them as fast as it takes them and what others ask never stands behind more than one
batch. A polite person asks, reads the whole answer, thinks for a while, and asks again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import time

from typing_extensions import override

from bench.bot_api import BATCH, Account, Answer, _json, _now, serve
from bench.scene import QUESTION, WORD

MINUTE = 60.0


@dataclass(slots=True, kw_only=True)
class Wanted:
    """What is to be played. `polite` and `flooding` are chats; `pause` and `seconds` are seconds.

    It ends `seconds` after the last message of the flood was taken.
    """

    polite: list[int]
    flooding: list[int]
    messages: int
    words: int
    pause: float
    seconds: float


@dataclass(slots=True)
class Played:
    """What came of it: how long the polite waited, and what the bot sent to those who flood.

    `again` counts notices that somebody was told twice within a minute.
    """

    waited: list[float] = field(default_factory=list)
    notices: int = 0
    again: int = 0
    answers: int = 0
    calls: int = 0
    taken: float = 0.0


class Flooded(Account):
    """An account with limits, as Telegram's."""

    def __init__(self) -> None:
        super().__init__(limited=True)
        self._wanted: Wanted | None = None
        self._played = Played()
        self._sent = 0
        self._told: dict[int, float] = {}
        self._asks: dict[int, float] = {}
        self._began = 0.0
        self._over = False
        self._director: Answer | None = None

    @override
    def call(self, method: str, body: bytes, answer: Answer) -> None:
        self._played.calls += 1
        if method == "flood":
            self._play(Wanted(**json.loads(body)), answer)
        else:
            super().call(method, body, answer)

    def _play(self, wanted: Wanted, answer: Answer) -> None:
        self._wanted, self._director, self._began = wanted, answer, _now()
        self._played, self._sent, self._over = Played(), 0, False
        self._told.clear()
        self._asks.clear()
        self._words = wanted.words
        step = wanted.pause / len(wanted.polite)
        for place, chat in enumerate(wanted.polite):
            asyncio.get_running_loop().call_later(place * step, self._politely, chat)
        if not wanted.messages:
            self._taken_all()
        self._deliver()

    def _politely(self, chat: int) -> None:
        if not self._over:
            self._asks[chat] = _now()
            self._say(chat, QUESTION)
            self._deliver()

    def _say(self, chat: int, text: str) -> None:
        self._number += 1
        person = {"id": chat, "first_name": f"P{chat}", "is_bot": False}
        message = {
            "message_id": self._number,
            "from": person,
            "chat": {"id": chat, "type": "private", "first_name": f"P{chat}"},
            "date": int(time()),
            "text": f"{self._number}: {text}",
        }
        self._updates.append({"update_id": self._number, "message": message})

    @override
    def _deliver(self) -> None:
        wanted = self._wanted
        if wanted is not None and self._poll is not None and self._sent < wanted.messages:
            for _ in range(min(BATCH - len(self._updates), wanted.messages - self._sent)):
                self._say(wanted.flooding[self._sent % len(wanted.flooding)], "And again?")
                self._sent += 1
            if self._sent == wanted.messages:
                self._taken_all()
        super()._deliver()

    def _taken_all(self) -> None:
        assert self._wanted is not None
        self._played.taken = _now() - self._began
        asyncio.get_running_loop().call_later(self._wanted.seconds, self._end)

    def _end(self) -> None:
        self._over = True
        if self._director is not None:
            answer, self._director = self._director, None
            played = self._played
            told = {name: getattr(played, name) for name in Played.__slots__}
            answer("200 OK", _json(told))

    # --- what the bot sends ------------------------------------------------------------------

    @override
    def _take(self, method: str, values: Mapping[str, str], answer: Answer) -> None:
        refused = self.refused
        super()._take(method, values, answer)
        if self.refused == refused and self._wanted is not None:
            self._heard(method, int(values["chat_id"]), values)

    def _heard(self, method: str, chat: int, values: Mapping[str, str]) -> None:
        text, whole = values["text"], "stop:" not in values.get("reply_markup", "")
        answers = text.startswith(WORD.strip())
        asked = self._asks.get(chat)
        if answers and whole and asked is not None:
            del self._asks[chat]
            self._played.waited.append(_now() - asked)
            assert self._wanted is not None
            asyncio.get_running_loop().call_later(self._wanted.pause, self._politely, chat)
        elif answers:
            self._played.answers += whole and asked is None
        elif method == "sendMessage" and asked is None and "not taken in" in text:
            now, last = _now(), self._told.get(chat)
            self._played.again += last is not None and now - last < MINUTE
            self._played.notices += 1
            self._told[chat] = now


if __name__ == "__main__":
    asyncio.run(serve(Flooded()))
