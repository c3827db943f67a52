"""What the tests of the embedded model share: the real one, running, and its own account of itself.

It is fetched once into a folder that all checkouts share; MOA_GATEWAY_MODELS names another.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import aiohttp

from adapters.llm.chat_request import fields_of
from adapters.llm.embedded import Embedded, EmbeddedOptions
from core.calls import ModelCall
from core.presets import Slot
from core.types import Line, Usage

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
MODELS = Path(os.environ.get("MOA_GATEWAY_MODELS") or CACHE / "moa-gateway" / "models")
SLOT = Slot(provider="local", model="smollm2-135m")


@asynccontextmanager
async def kept_running(options: EmbeddedOptions):
    model = Embedded(options)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(model.run())
        try:
            yield model
        finally:
            task.cancel()


def asked(*texts: str, **fields) -> ModelCall:
    """Make a call of user and assistant lines in turn."""
    lines = tuple(Line.of("assistant" if i % 2 else "user", each) for i, each in enumerate(texts))
    return ModelCall(slot=SLOT, lines=lines, **fields)


async def answer(model: Embedded, call: ModelCall) -> tuple[str, Usage, str | None]:
    text, usage, finish = "", Usage(), None
    async with aclosing(model.stream(call)) as chunks:
        async for chunk in chunks:
            text += chunk.text
            usage = chunk.usage or usage
            finish = chunk.finish or finish
    return text, usage, finish


class Server:
    """The child's own account of itself."""

    def __init__(self, model: Embedded) -> None:
        serving = model._serving
        assert serving is not None
        self.child = serving.child

    async def ask(self, method: str, path: str, body: object = None):
        headers = {"Authorization": f"Bearer {self.child.key}", "Connection": "close"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, self.child.address + path, json=body) as response,
        ):
            return await response.json()

    async def tokens(self, lines: tuple[Line, ...]) -> list[int]:
        """Give the tokens that the model reads when it is asked with these lines."""
        fields = fields_of(ModelCall(slot=SLOT, lines=lines), {}, frozenset())
        prompt = await self.ask("POST", "/apply-template", {"messages": fields["messages"]})
        body = {"content": prompt["prompt"], "add_special": True}
        tokens: list[int] = (await self.ask("POST", "/tokenize", body))["tokens"]
        return tokens

    async def idle(self) -> bool:
        return not any(slot["is_processing"] for slot in await self.ask("GET", "/slots"))
