"""One stand for each wire format: a simulated provider that says `TEXT`, and a model of ours.

A new format joins with a row in `STANDS`; the tests of outages over the chaos proxy then hold for
it. The simulator streams the text in at least four pieces, each word whole.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

import aiohttp

from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.messages import Messages
from adapters.llm.responses import Responses
from adapters.llm.wire import Endpoint
from core.ports import Model
from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.provider import ProviderSimulator, Reply

TEXT = "alpha bravo chase delta eagle "
SIZE = 6
"""Characters of a piece: one word."""


class Simulator(Protocol):
    """A provider on loopback."""

    @property
    def base_url(self) -> str:
        """Where it is asked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A wire format: what says `TEXT` (seconds between two words), and what asks it."""

    simulator: Callable[[float], AbstractAsyncContextManager[Simulator]]
    model: Callable[[aiohttp.ClientSession, Endpoint], Model]


def replies(between: float) -> dict[str, Reply]:
    """Say `TEXT` to whoever asks, with so many seconds between two words."""
    return {"*": Reply(text=TEXT, size=SIZE, between=between)}


STANDS = {
    "chat_completions": Stand(
        simulator=lambda between: ProviderSimulator(replies(between)), model=ChatCompletions
    ),
    "responses": Stand(
        simulator=lambda between: ProviderSimulator(replies(between)), model=Responses
    ),
    "messages": Stand(
        simulator=lambda between: AnthropicSimulator(replies(between)), model=Messages
    ),
}
