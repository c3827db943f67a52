"""A channel with a question in it and a bare HTTP client: how tests ask without any library."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.simulators.slack.model import Json, Person, Place
from tests.simulators.slack.simulator import SlackSimulator


class Room:
    """One channel. Answers carry the HTTP `status`, and `after` from Retry-After."""

    def __init__(self, slack: SlackSimulator, session: aiohttp.ClientSession) -> None:
        self.slack, self.session = slack, session
        self.ann: Person = slack.person("ann")
        self.place: Place = slack.group("room", self.ann)
        self.asked = ""

    async def call(self, method: str, *, token: str | None = None, **arguments: Any) -> Json:
        """Call a method with JSON arguments."""
        token = self.slack.bot_token if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"{self.slack.api_base}{method}"
        async with self.session.post(url, json=arguments, headers=headers) as response:
            body: Json = await response.json()
            return body | {"status": response.status, "after": response.headers.get("Retry-After")}

    async def post(self, **arguments: Any) -> Json:
        """Post a message."""
        return await self.call("chat.postMessage", channel=self.place.id, **arguments)

    async def start(self, **arguments: Any) -> Json:
        """Start a stream that answers the question."""
        given: Json = {
            "channel": self.place.id,
            "thread_ts": self.asked,
            "recipient_user_id": self.ann.id,
            "recipient_team_id": self.ann.team,
        }
        return await self.call("chat.startStream", **(given | arguments))

    async def error(self, method: str, **arguments: Any) -> str:
        """Call a method, and give the error of its status 200, blank if none."""
        answer = await self.call(method, **arguments)
        assert answer["status"] == 200
        return str(answer.get("error", ""))


@asynccontextmanager
async def opened(slack: SlackSimulator) -> AsyncIterator[Room]:
    """Open a room in a workspace."""
    async with aiohttp.ClientSession() as session:
        room = Room(slack, session)
        room.asked = await slack.say(room.place, room.ann, "question")
        yield room
