"""The web page as its server sees it: says, presses, listens, looks again. For tests.

async with Page.of(process) as page:
    await page.say("How do I get there?")
    await page.until(answered(1))
"""

from __future__ import annotations

import asyncio
import io
import json
import re
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from itertools import count
from pathlib import Path
from typing import Any, Protocol, Self

import aiohttp

from tests.patience import PATIENCE

CONVERSATION = "conversation-1"
View = dict[str, Any]
Wish = Callable[[View], bool]

_PAGES = count(1)
"""No two pages say something under the same number: the second one would be taken for the first."""


class Served(Protocol):
    """A gateway that listens, as the harness gives it."""

    @property
    def url(self) -> str: ...

    @property
    def headers(self) -> dict[str, str]: ...


class Page:
    """One conversation of the owner."""

    def __init__(self, http: aiohttp.ClientSession, conversation: str) -> None:
        self.http = http
        self.path = f"/api/conversations/{conversation}"
        self._numbers = count(1)
        self._run = next(_PAGES)

    @classmethod
    @asynccontextmanager
    async def of(cls, served: Served, conversation: str = CONVERSATION) -> AsyncIterator[Self]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=PATIENCE)
        async with aiohttp.ClientSession(
            served.url, headers=served.headers, timeout=timeout
        ) as http:
            yield cls(http, conversation)

    async def say(
        self,
        text: str,
        *,
        event_id: str | None = None,
        files: Sequence[tuple[str, bytes]] = (),
    ) -> tuple[int, View]:
        body: View = {"event_id": event_id or self._event(), "text": text}
        sent = []
        for name, data in files:
            status, arrived = await self.upload(data)
            if status != 201:
                return status, arrived
            sent.append({"id": arrived["id"], "name": name})
        return await self.post("messages", body | ({"files": sent} if sent else {}))

    async def upload(self, data: bytes) -> tuple[int, View]:
        async with self.http.post(f"{self.path}/files", data=io.BytesIO(data)) as response:
            return response.status, await response.json()

    async def press(self, action: str, turn_id: str, value: str = "") -> tuple[int, View]:
        body = {"event_id": self._event(), "action": action, "turn_id": turn_id, "value": value}
        return await self.post("press", body)

    async def choose(self, preset: str) -> tuple[int, View]:
        return await self.post("preset", {"event_id": self._event(), "preset": preset})

    async def post(self, where: str, body: View) -> tuple[int, View]:
        data = io.BytesIO(json.dumps(body).encode())
        kind = {"Content-Type": "application/json"}
        async with self.http.post(f"{self.path}/{where}", data=data, headers=kind) as response:
            return response.status, await response.json()

    async def look(self) -> View:
        async with self.http.get(self.path) as response:
            assert response.status == 200, await response.text()
            found: View = await response.json()
            return found

    async def until(self, wish: Wish, *, seconds: float = PATIENCE) -> View:
        """Listen, and give the conversation as soon as it is as wished."""
        view: View = {}
        try:
            async with asyncio.timeout(seconds), self.http.get(f"{self.path}/events") as events:
                view = await self.look()
                while not wish(view):
                    await self._event_of(events)
                    view = await self.look()
        except TimeoutError:
            raise AssertionError(f"never came: {json.dumps(view, indent=1)[:3000]}") from None
        return view

    async def news(self, number: int, *, seconds: float = PATIENCE) -> None:
        """Return when so many events have come, or the server has gone."""
        with suppress(aiohttp.ClientError):
            async with asyncio.timeout(seconds), self.http.get(f"{self.path}/events") as events:
                for _ in range(number):
                    await self._event_of(events)

    @staticmethod
    async def _event_of(events: aiohttp.ClientResponse) -> None:
        while line := await events.content.readline():
            if line.startswith(b"data:"):
                return

    def _event(self) -> str:
        return f"event-{self._run}-{next(self._numbers)}"


# --- what a conversation shows --------------------------------------------------------------


def answers(view: View) -> list[str]:
    """The text of each ended turn, panel and notices left out."""
    return [said(turn) for turn in view["turns"] if turn["ending"] is not None]


def said(turn: View) -> str:
    parts = [each["frame"] for each in turn["shown"] if each["frame"]["kind"] == "part"]
    return "\n".join(each for part in parts for each in (part["text"], part["error"]) if each)


def written(turn: View) -> str:
    """What stands on the page of an answer that is still being written."""
    parts = [each["frame"] for each in turn["shown"] if each["frame"]["kind"] == "part"]
    return re.sub(r"<[^>]+>", "", "".join(block for part in parts for block in part["blocks"]))


def notices(view: View) -> list[str]:
    shown = [each["frame"] for each in view["notices"]]
    return [re.sub(r"<[^>]+>", "", "".join(each["blocks"])) for each in shown]


def answered(number: int) -> Wish:
    return lambda view: len(answers(view)) >= number and not view["waiting"]


def writing(view: View) -> bool:
    return any(turn["ending"] is None and written(turn) for turn in view["turns"])


def row_is(position: int, state: str) -> Wish:
    """An advisor's row of the turn that runs is in some state."""

    def wish(view: View) -> bool:
        shown = [each["frame"] for turn in view["turns"] for each in turn["shown"]]
        panels = [each for each in shown if each["kind"] == "panel"]
        return bool(panels) and panels[-1]["rows"][position - 1]["state"] == state

    return wish


# --- what the file holds --------------------------------------------------------------------


async def stored(folder: Path, query: str, *, seconds: float = PATIENCE) -> list[Any]:
    """Give what a query finds in the data file, as soon as it finds something."""
    address = f"{(folder / 'data' / 'moa-gateway.db').as_uri()}?mode=ro"
    async with asyncio.timeout(seconds):
        while not (rows := await asyncio.to_thread(_rows, address, query)):  # noqa: ASYNC110
            await asyncio.sleep(0.005)
    return rows


async def questions_stored(folder: Path, number: int) -> None:
    """Wait until so many messages were taken in; that it was brought into a group is none."""
    query = f"SELECT 1 WHERE (SELECT count(*) FROM inbox WHERE kind = 'message') >= {number}"
    await stored(folder, query)


def _rows(address: str, query: str) -> list[Any]:
    with closing(sqlite3.connect(address, uri=True)) as connection:
        return connection.execute(query).fetchall()
