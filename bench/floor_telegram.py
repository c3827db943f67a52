"""The floor of a Telegram bot: the least code that polls, asks models and shows their answers.

    python -m bench.floor_telegram <address of the Bot API> <of the provider> <model> [reference …]

It makes the calls that the program makes: it acknowledges, shows a draft every quarter of a second
and posts the whole; with references it posts what they said before. It keeps to 25 messages a
second. No failure is handled, nothing is kept.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any

import aiohttp

from bench.bot_api import TOKEN
from bench.floor import Message, ask

PACE = 0.25
RATE = 25
"""Messages a second, as many as the program sends: 30 are allowed, and some come in a bunch."""


class Bot:
    """One bot; `run` never ends."""

    def __init__(self, session: aiohttp.ClientSession, api: str, provider: str) -> None:
        self._session = session
        self._api = f"{api}/bot{TOKEN}"
        self._provider = f"{provider}/chat/completions"
        self._free = 0.0

    async def run(self, model: str, references: list[str]) -> None:
        """Answer everybody at once."""
        await self._call("getMe", {})
        offset = 0
        async with asyncio.TaskGroup() as group:
            while True:
                for update in await self._call("getUpdates", {"offset": offset, "timeout": 30}):
                    offset = update["update_id"] + 1
                    group.create_task(self._answer(update["message"], model, references))

    async def _answer(self, message: dict[str, Any], model: str, references: list[str]) -> None:
        chat, text = message["chat"]["id"], message["text"]
        seen = json.dumps([{"type": "emoji", "emoji": "👀"}])
        about = {"chat_id": chat, "message_id": message["message_id"], "reaction": seen}
        await self._call("setMessageReaction", about)
        await self._call("sendChatAction", {"chat_id": chat, "action": "typing"})
        said: list[Message] = [{"role": "user", "content": text}]
        if references:
            said.append({"role": "user", "content": await self._advise(chat, said, references)})
        await self._post(chat, await self._stream(chat, said, model))

    async def _advise(self, chat: int, said: list[Message], references: list[str]) -> str:
        async with asyncio.TaskGroup() as group:
            asked = [group.create_task(self._ask(each, said)) for each in references]
        advice = "\n\n".join(task.result() for task in asked)
        await self._post(chat, f"{len(references)} advisors\n{advice}")
        return advice

    async def _stream(self, chat: int, said: list[Message], model: str) -> str:
        pieces: list[str] = []
        heard = asyncio.Event()

        def hear(text: str) -> None:
            pieces.append(text)
            heard.set()

        async with asyncio.TaskGroup() as group:
            drafts = group.create_task(self._draft(chat, pieces, heard))
            await self._ask(model, said, hear)
            drafts.cancel()
        return "".join(pieces)

    async def _draft(self, chat: int, pieces: list[str], heard: asyncio.Event) -> None:
        while True:
            await heard.wait()
            heard.clear()
            draft = {"chat_id": chat, "draft_id": 1, "text": "".join(pieces)}
            await self._call("sendMessageDraft", draft)
            await asyncio.sleep(PACE)

    async def _ask(
        self, model: str, said: list[Message], heard: Callable[[str], None] | None = None
    ) -> str:
        return await ask(self._session, self._provider, model, said, heard)

    async def _post(self, chat: int, text: str) -> None:
        now = asyncio.get_running_loop().time()
        self._free = max(self._free + 1 / RATE, now)
        await asyncio.sleep(self._free - now)
        await self._call("sendMessage", {"chat_id": chat, "text": text})

    async def _call(self, method: str, values: dict[str, object]) -> Any:  # noqa: ANN401 - JSON
        async with self._session.post(f"{self._api}/{method}", data=values) as response:
            found = await response.json()
        assert found["ok"], found
        return found["result"]


async def main(api: str, provider: str, model: str, *references: str) -> None:
    """Run until it is ended."""
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        await Bot(session, api, provider).run(model, list(references))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
