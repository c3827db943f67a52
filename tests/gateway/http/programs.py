"""What the tests of /v1 share: mixtures whose models say what is asked of them, and the client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from openai import AsyncOpenAI

from tests.gateway.harness import Running
from tests.patience import PATIENCE

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

    from core.events import TurnEvent

ANSWERS = """
    wise: "Take the train."
    bold: "Take the plane."
    big: {text: "Go by train.", usage: {input: 900, cache_read: 512, output: 40, reasoning: 8}}
"""


def mixture(answers: str = ANSWERS, preset: str = "fanout: user_turn", more: str = "") -> str:
    """Write a configuration: preset `review` of `wise`, `bold` and `big`, and a lonely `solo`."""
    return f"""
providers:
  fake:
    api: scripted
    answers:
{_indented(answers, 6)}
moa:
  presets:
    review:
      reference_models: [{{provider: fake, model: wise}}, {{provider: fake, model: bold}}]
      aggregator: {{provider: fake, model: big}}
{_indented(preset, 6)}
    solo:
      enabled: false
      reference_models: [{{provider: fake, model: wise}}]
      aggregator: {{provider: fake, model: big}}
{more}
"""


def wired(base_url: str) -> str:
    """Write the same mixtures over a real connection."""
    plain = mixture()
    wire = f'{{api: chat_completions, base_url: "{base_url}", api_key: k}}'
    return f"providers:\n  fake: {wire}\n{plain[plain.index('moa:') :]}"


def _indented(text: str, by: int) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    least = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join(" " * by + line[least:] for line in lines)


def client(gateway: Running, key: str | None = None) -> AsyncOpenAI:
    """Give the official client, unmodified; a retry of its own would hide a failure."""
    return AsyncOpenAI(
        base_url=f"{gateway.url}/v1", api_key=key or gateway.token, max_retries=0, timeout=PATIENCE
    )


def asked(text: str = "How do I get there?") -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


CLOCK: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "clock",
        "description": "Tell the time.",
        "parameters": {"type": "object", "properties": {"zone": {"type": "string"}}},
    },
}


def moa(usage: Any) -> dict[str, Any]:
    """Give our part of a usage."""
    found: dict[str, Any] = usage.model_extra["moa"]
    return found


class Heard:
    """Waits for events of some kinds; ends of turns are told after they are stored."""

    def __init__(self, gateway: Running, *kinds: type[TurnEvent]) -> None:
        self._kinds = kinds
        self._events: asyncio.Queue[TurnEvent] = asyncio.Queue()
        gateway.gateway.listeners.append(self._hear)

    def _hear(self, event: TurnEvent) -> None:
        if isinstance(event, self._kinds):
            self._events.put_nowait(event)

    async def next(self) -> TurnEvent:
        async with asyncio.timeout(PATIENCE):
            return await self._events.get()
