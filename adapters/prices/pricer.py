"""What a call costs: the operator's own prices, else the tables of genai-prices (MOA-28).

Decides whose table applies. It never goes online (the library's updates stay off), and a model
that no table knows has no price: None, never $0.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit

import msgspec

from adapters.children import interpreter
from adapters.prices.schedule import MILLION, Schedule, Wanted, price
from core.ports import Clock
from core.presets import Slot
from core.types import Usage

TABLES = "adapters.prices.tables"
# Names that people give their providers → the tables' ids. Used where an address is not known
# to the tables, such as a proxy's: what is called "openai" is billed like OpenAI.
IDS = {
    "anthropic": "anthropic",
    "aws": "aws",
    "azure": "azure",
    "bedrock": "aws",
    "cerebras": "cerebras",
    "cohere": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks",
    "gemini": "google",
    "google": "google",
    "groq": "groq",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "moonshotai": "moonshotai",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together",
    "vertex": "google",
    "x-ai": "x-ai",
    "xai": "x-ai",
    "zai": "zai",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars per million tokens. A cache price that is left out is the input's."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None

    def of(self, usage: Usage) -> Decimal:
        """Price a call; what was read from or written to a cache is no ordinary input."""
        fresh = max(0, usage.input - usage.cache_read - usage.cache_write)
        read = self.input if self.cache_read is None else self.cache_read
        write = self.input if self.cache_write is None else self.cache_write
        cached = usage.cache_read * read + usage.cache_write * write
        return (fresh * self.input + cached + usage.output * self.output) / MILLION


class Prices:
    """A `core.ports.Pricer`."""

    def __init__(
        self,
        own: Mapping[str, Price] | None = None,
        *,
        urls: Mapping[str, str] | None = None,
        clock: Clock,
    ) -> None:
        """Take the operator's prices by `provider:model`, and the providers' base URLs by name."""
        self._own = own or {}
        self._urls = urls or {}
        self.clock = clock
        self._schedules: dict[str, Schedule | None] = {}
        self._learned = asyncio.Event()
        self._learned.set()

    def take(self, other: Prices) -> None:
        """Know from now on what another one knows, and nothing else."""
        self._own, self._urls, self._schedules = other._own, other._urls, other._schedules

    def __call__(self, slot: Slot, usage: Usage) -> Decimal | None:
        """Price a call at its slot's price; None where nobody knows it."""
        own = self._own.get(slot.label)
        if own is not None:
            return own.of(usage)
        wanted = self._wanted(slot)
        if wanted.url is None and wanted.vendor is None:
            return None
        if slot.label not in self._schedules:
            self._schedules[slot.label] = _look_up(wanted)
        schedule = self._schedules[slot.label]
        return None if schedule is None else price(schedule, usage, self.clock.now())

    async def learn(self, slots: Iterable[Slot]) -> None:
        """Look the prices of these slots up, in a process that takes the tables with it.

        Whatever prevents it is no failure: a price that is not known yet is looked up here.
        """
        wanted = {slot.label: self._wanted(slot) for slot in slots if slot.label not in self._own}
        if not any(each.url or each.vendor for each in wanted.values()):
            return
        self._learned.clear()
        try:
            found = await _ask_tables(list(wanted.values()))
            self._schedules.update({label: found.get(label) for label in wanted})
        except (OSError, msgspec.DecodeError):
            pass
        finally:
            self._learned.set()

    async def ready(self) -> None:
        """Wait while prices are learned: to look one up here would hold everything up."""
        await self._learned.wait()

    def _wanted(self, slot: Slot) -> Wanted:
        return Wanted(
            label=slot.label,
            model=slot.model,
            url=_listed_at(self._urls.get(slot.provider)),
            vendor=IDS.get(slot.provider.lower()),
        )


def _listed_at(url: str | None) -> str | None:
    """Leave out addresses without a domain, which no table can list: machines of one's own."""
    host = urlsplit(url or "").hostname or ""
    return str(url) if "." in host and not host.replace(".", "").isdigit() else None


async def _ask_tables(wanted: Sequence[Wanted]) -> dict[str, Schedule]:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", TABLES),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # Killed while it reads, or broken: the prices are looked up here, which says why not.
        stderr=asyncio.subprocess.DEVNULL,
        env=interpreter(),
    )
    try:
        answer, _ = await child.communicate(msgspec.json.encode(wanted))
    finally:
        if child.returncode is None:
            child.kill()
    return msgspec.json.decode(answer, type=dict[str, Schedule])


def _look_up(wanted: Wanted) -> Schedule | None:
    from adapters.prices.tables import schedule_of  # noqa: PLC0415 - 25 MB and half a second

    return schedule_of(wanted)
