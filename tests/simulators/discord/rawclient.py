"""A bot without any library: what it sends is sent as it is."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.simulators.discord.seen import Person, Place
from tests.simulators.discord.simulator import DiscordSimulator


@dataclass
class Wire:
    """A bot without any library, and one person in one channel."""

    sim: DiscordSimulator
    session: aiohttp.ClientSession
    ann: Person
    place: Place
    agent: str = "DiscordBot (https://example.com, 1)"

    async def ask(self, method: str, path: str, *, auth: str | None = None, **kwargs: Any) -> Any:
        """Give (status, body, headers)."""
        token = f"Bot {self.sim.token}" if auth is None else auth
        headers = {"Authorization": token, "User-Agent": self.agent}
        url = self.sim.api_base + path
        async with self.session.request(method, url, headers=headers, **kwargs) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if raw else None, response.headers

    async def send(self, form: Any, *, place: Place | None = None) -> Any:
        path = f"/channels/{(place or self.place).id}/messages"
        status, body, _ = await self.ask("POST", path, json=form)
        return status, body

    async def edit(self, message: str, form: Any) -> Any:
        path = f"/channels/{self.place.id}/messages/{message}"
        status, body, _ = await self.ask("PATCH", path, json=form)
        return status, body
