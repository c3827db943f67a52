"""The provider of a chaos run: what each call was about, what it cost, and whether it was whole.

A question names itself (`ask-17`), its answer does so in every paragraph (`told-17.3`), and the
same question is answered in the same words however often it is asked: so whoever reads a chat
sees what is missing and what is there twice, and whoever reads the bill sees what was paid twice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from aiohttp import web
from typing_extensions import override

from tests.simulators.provider import Dialect, ProviderSimulator, Reply

ASKED = re.compile(r"ask-(\d+)(?: (\w+))?")
LAST = re.compile(r"(?:ask-\d+(?: \w+)?\s*)+$")
"""The question itself: quotes stand before it."""
FILLER = "It goes on with a train that was late, and with another one that was later still. " * 4
PARAGRAPHS = {"long": 14, "huge": 40}
"""Of about 340 characters each, by what a question wants; 2 otherwise."""
CALL = 0.01
"""Dollars for a call."""


@dataclass(slots=True, kw_only=True)
class Billed:
    """One call. `asks` are the questions that it was about, `rounds` the results of tools so far.

    `life` counts the starts of the program, `whole` is whether the answer was sent to its end.
    """

    model: str
    asks: tuple[int, ...]
    rounds: int
    life: int
    whole: bool = False


class Provider(ProviderSimulator):
    """Models a, b (advisors) and big. `life` is set by whoever starts the program."""

    def __init__(self, random: Random, beat: Callable[[], None]) -> None:
        super().__init__({"*": Reply()})
        self._beat = beat
        self.bill: list[Billed] = []
        self.life = 0
        self.hurry = False
        self.between: float | None = None  # seconds between two words; None: as it happens
        self._random = random
        self._reply = Reply()

    @override
    async def __aexit__(self, kind: type[BaseException] | None, *more: object) -> None:
        self.conversations.broken.clear()  # people change and delete what was sent already
        await super().__aexit__(kind, *more)

    @override
    def _next(self, model: str) -> Reply:
        return self._reply

    @override
    async def _play(
        self, dialect: Dialect, request: web.Request, body: dict[str, Any]
    ) -> web.StreamResponse:
        self._beat()
        asks, rounds = subject(body["messages"])
        billed = Billed(
            model=body["model"], asks=tuple(n for n, _ in asks), rounds=rounds, life=self.life
        )
        self.bill.append(billed)
        self._reply = self._made(body["model"], asks, rounds)
        response = await super()._play(dialect, request, body)
        billed.whole = response.status == 200
        return response

    def _made(self, model: str, asks: Sequence[tuple[int, str]], rounds: int) -> Reply:
        first = 0.0 if self.hurry else self._random.choice((0.0, 0.02, 0.1, 0.4))
        if model != "big":
            return Reply(text=f"Ask model {model}.", first=first)
        pays = [number for number, wants in asks if wants in {"pay", "sign"}]
        if pays and not rounds:
            return Reply(text="", tool_calls=(called(asks),), finish="tool_calls", first=first)
        between = 0.0 if self.hurry else self._random.choice((0.0, 0.005, 0.02))
        if self.between is not None:
            between = self.between
        return Reply(text=told(asks), size=60, first=first, between=between)


def called(asks: Sequence[tuple[int, str]]) -> Mapping[str, Any]:
    """Call the tool for a question: by the server that needs a yes, if it is to be signed."""
    number, wants = next(each for each in asks if each[1] in {"pay", "sign"})
    name = "safe__pay" if wants == "sign" else "bank__pay"
    function = {"name": name, "arguments": json.dumps({"text": f"ask-{number}"})}
    return {"id": f"call_{number}", "type": "function", "function": function}


def subject(messages: Sequence[Mapping[str, Any]]) -> tuple[list[tuple[int, str]], int]:
    """Find what a call is about: the last line of a person, and the results behind it."""
    for at in range(len(messages) - 1, -1, -1):
        last = LAST.search(_text(messages[at])) if messages[at]["role"] == "user" else None
        if last is not None:
            found = ASKED.findall(last[0])
            rounds = sum(each["role"] == "tool" for each in messages[at:])
            return [(int(number), wants) for number, wants in found], rounds
    return [], 0


def told(asks: Sequence[tuple[int, str]]) -> str:
    """Answer."""
    lines = [
        f"told-{number}.{index} {FILLER}"
        for number, wants in asks
        for index in range(1, paragraphs(wants) + 1)
    ]
    return "\n\n".join([*lines, "The end."])


def paragraphs(wants: str) -> int:
    return PARAGRAPHS.get(wants, 2)


def _text(message: Mapping[str, Any]) -> str:
    content = message["content"]
    return content if isinstance(content, str) else json.dumps(content)
