"""What a call costs: the operator's own prices, else the tables of genai-prices (MOA-28).

Decides whose table applies. It never goes online (the library's updates stay off), and a model
that no table knows has no price: None, never $0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from core.presets import Slot
from core.types import Usage

MILLION = 1_000_000

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
        self, own: Mapping[str, Price] | None = None, *, urls: Mapping[str, str] | None = None
    ) -> None:
        """Take the operator's prices by `provider:model`, and the providers' base URLs by name."""
        self._own = own or {}
        self._urls = urls or {}

    def __call__(self, slot: Slot, usage: Usage) -> Decimal | None:
        """Price a call at its slot's price; None where nobody knows it."""
        own = self._own.get(slot.label)
        if own is not None:
            return own.of(usage)
        url = self._urls.get(slot.provider)
        by_url = None if url is None else _listed(slot.model, usage, url=url)
        if by_url is not None:
            return by_url
        known = IDS.get(slot.provider.lower())
        return None if known is None else _listed(slot.model, usage, provider=known)

    def warm(self) -> None:
        """Read the tables in, which takes half a second: to be run in a thread at start."""
        _listed("gpt-4o", Usage(input=1, output=1), provider="openai")


def _listed(
    model: str, usage: Usage, *, url: str | None = None, provider: str | None = None
) -> Decimal | None:
    import genai_prices  # noqa: PLC0415 - half a second and 28 MB, for those who pay for models

    cached = usage.cache_read + usage.cache_write
    counted = genai_prices.Usage(
        input_tokens=max(usage.input, cached),
        cache_read_tokens=usage.cache_read,
        cache_write_tokens=usage.cache_write,
        output_tokens=usage.output,
    )
    try:
        if url is None:
            priced = genai_prices.calc_price(counted, model, provider_id=provider)
        else:
            priced = genai_prices.calc_price(counted, model, provider_api_url=url)
    except (LookupError, ValueError):
        return None
    dollars: Decimal = priced.total_price
    return dollars
