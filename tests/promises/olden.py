"""A day of the whole program on three messengers, kept: its database, and what the chats show.

`olden_day.py` lives it with the program of a commit; tests put it back with `put_back`, as if that
program had ended a moment ago.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
)
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from typing_extensions import override

from tests.gateway.harness import Process, process_gateway
from tests.promises.olden_worlds import WORLDS
from tests.simulators.provider import Dialect, ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, SIMULATORS

BANK = Path("tests/chaos/bank.py")
FIXTURES = Path("tests/fixtures/databases")
SECONDS = 60.0
ANSWER = "Go by train. " * 60 + "The end."
PEOPLE = ("Ann", "Cut", "Dropped", "Hanging", "Letter", "Piece", "Refused", "Reset", "Unshown")
CALL = {
    "id": "call_1",
    "type": "function",
    "function": {"name": "bank__pay", "arguments": '{"text": "bill"}'},
}


class Models(ProviderSimulator):
    """Two that advise and one that answers. `halts`: what it is asked about Cut never ends."""

    def __init__(self) -> None:
        super().__init__(
            {"a": Reply(text="Take the train."), "b": Reply(text="Walk."), "big": Reply()}
        )
        self.halts = True

    @override
    async def _play(
        self, dialect: Dialect, request: web.Request, body: dict[str, Any]
    ) -> web.StreamResponse:
        lines = [
            str(each.get("content")) for each in body["messages"] if each["role"] != "assistant"
        ]
        said = "\n".join(lines)
        if body["model"] == "big":
            paid = any(each["role"] == "tool" for each in body["messages"])
            pays = said.rfind("Pay the bill") > said.rfind("What does it cost")
            if self.halts and "from Cut" in said:
                await asyncio.Event().wait()
            wants = Reply(text="Let me see.", tool_calls=(CALL,), finish="tool_calls")
            slow = 0.05 if self.halts and "from Piece" in said else 0.0
            self.replies["big"] = (
                wants if pays and not paid else Reply(text=ANSWER, size=20, between=slow)
            )
        return await super()._play(dialect, request, body)

    def about(self, words: str) -> Counter[str]:
        """Count the calls of each model that were about this."""
        bodies = [each.body for each in self.seen]
        return Counter(each["model"] for each in bodies if words in str(each["messages"]))


@dataclass(slots=True, kw_only=True)
class Day:
    """Platforms with their people, models, and the program's configuration."""

    sims: Mapping[str, Any]
    models: Models
    folder: Path
    text: str
    who: dict[tuple[str, str], Any] = field(default_factory=dict)
    where: dict[tuple[str, str], Any] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def started(self, **environ: str) -> AbstractAsyncContextManager[Process]:
        """Start the program on what is there."""
        return process_gateway(self.text, self.folder, environ=environ)

    def each(self) -> Sequence[tuple[str, Any]]:
        return tuple(self.sims.items())

    def shown(self, platform: str, name: str) -> Sequence[Any]:
        shown: Sequence[Any] = self.sims[platform].shown(self.where[platform, name])
        return shown

    async def say(self, platform: str, name: str, text: str, **more: Any) -> str:
        key = platform, name
        said: str = await self.sims[platform].say(self.where[key], self.who[key], text, **more)
        return said

    async def command(self, platform: str, name: str, words: str, **options: str) -> None:
        """Give a command as people do there: Discord has fields, and Slack knows only /moa."""
        key, args = (platform, name), " ".join(options.values())
        given: tuple[str, Any] = (words, options if platform == "discord" else args)
        if platform == "slack" and words != "moa":
            given = ("moa", f"{words} {args}".strip())
        await self.sims[platform].command(self.where[key], self.who[key], *given)

    async def until(self, true: Callable[[str, str], object], *names: str) -> None:
        """Wait until something is so for these people on each platform."""
        for platform, sim in self.each():
            for name in names:
                try:
                    await sim.until(lambda p=platform, n=name: true(p, n), seconds=SECONDS)
                except TimeoutError:
                    shown = [each.text for each in self.shown(platform, name)]
                    raise AssertionError(f"{platform} shows {name} {shown}") from None

    def listening(self) -> bool:
        return bool(
            self.sims["telegram"].requests.of("getUpdates")
            and self.sims["discord"].gateway.connected
            and self.sims["slack"].sockets.links
        )


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Day]:
    """Open platforms where nobody is yet, and models."""
    async with AsyncExitStack() as stack:
        sims = {each: await stack.enter_async_context(SIMULATORS[each]()) for each in MESSENGERS}
        models = await stack.enter_async_context(Models())
        yield Day(sims=sims, models=models, folder=folder, text=_text(sims, models, folder))


def _text(sims: Mapping[str, Any], models: Models, folder: Path) -> str:
    slots = [{"provider": "p", "model": name} for name in ("a", "b")]
    blocks: dict[str, Any] = {}
    for each in sims.values():
        blocks |= yaml.safe_load(each.config())
    preset = {"reference_models": slots, "aggregator": {"provider": "p", "model": "big"}}
    bank = [sys.executable, "-I", "-S", str(BANK.absolute()), str(folder / "paid.txt")]
    whole = {
        "platforms": {**blocks, "web": {"enabled": True}},
        "providers": {"p": {"api": "chat_completions", "base_url": models.base_url}},
        "moa": {
            "default_preset": "review",
            "presets": {"review": {**preset, "fanout": "user_turn"}, "alone": {**preset}},
        },
        "access": {"public": True, "admins": ["telegram:555000115"]},  # Letter
        "budgets": {"total": {"daily": 9}, "unpriced": 1},
        "tools": {"servers": {"bank": {"command": bank, "approve": "always"}}},
    }
    text: str = yaml.safe_dump(whole, allow_unicode=True, sort_keys=False)
    return text


def put_back(day: Day, version: int) -> None:
    """Let everything be as the program of that version left it, a moment ago.

    Times, and ids that are times (Discord's, Slack's), are moved by as much as has passed since.
    """
    kept = (FIXTURES / f"{version}.json").read_text(encoding="utf-8")
    chats = json.loads(kept)["discord"]["chats"]
    people = {each["who"]["id"] for each in chats}  # what is allowed is allowed to them
    passed = int(time.time()) - int(json.loads(kept)["ended"])  # noqa: TID251 - the machine's
    whole = json.loads(moved(kept, passed, people))
    day.data.mkdir(mode=0o700)
    text = moved((FIXTURES / f"{version}.sql").read_text(encoding="utf-8"), passed, people)
    with closing(sqlite3.connect(day.data / "moa-gateway.db")) as connection:
        connection.executescript(text)
    for name, content in whole["files"].items():
        (day.data / "files").mkdir(mode=0o700, exist_ok=True)
        (day.data / "files" / name).write_bytes(base64.b64decode(content))
    for platform, sim in day.each():
        for name, (who, where) in WORLDS[platform].restore(sim, whole[platform]).items():
            day.who[platform, name], day.where[platform, name] = who, where


def moved(text: str, seconds: int, but: Collection[str]) -> str:
    """Move all times, and all ids that are times, by so much; but for these."""

    def by(unit: int) -> Callable[[re.Match[str]], str]:
        def one(found: re.Match[str]) -> str:
            return found[0] if found[0] in but else str(int(found[0]) + seconds * unit)

        return one

    text = re.sub(r"(?<![\w.])1[78]\d{8}(?=\.\d{6}(?!\d))", by(1), text)
    text = re.sub(r"(?<![\w.])1[78]\d{11}(?![\w.])", by(1000), text)
    return re.sub(r"(?<![\w.])1[45]\d{17}(?![\w.])", by(1000 << 22), text)
