"""Shows whose price a call has: the operator's, the tables', or nobody's (MOA-28)."""

from __future__ import annotations

import threading
from decimal import Decimal

import pytest
from genai_prices.data import providers

from adapters.prices import IDS, Price, Prices
from core.presets import Slot
from core.types import Usage

USAGE = Usage(input=1_200, cache_read=1_024, cache_write=64, output=50)
OPENAI = "https://api.openai.com/v1"


def slot(label: str) -> Slot:
    provider, _, model = label.partition(":")
    return Slot(provider=provider, model=model)


def test_moa_28_the_operators_prices_win_over_the_tables():
    own = Price(
        input=Decimal(1),
        output=Decimal(1_000),
        cache_read=Decimal("0.5"),
        cache_write=Decimal(2),
    )
    prices = Prices({"openai:gpt-4o": own}, urls={"openai": OPENAI})
    expected = (112 * Decimal(1) + 1_024 * Decimal("0.5") + 64 * Decimal(2) + 50_000) / 1_000_000
    assert prices(slot("openai:gpt-4o"), USAGE) == expected
    assert prices(slot("openai:gpt-4o-mini"), USAGE) != expected


def test_a_cache_price_that_is_left_out_is_the_inputs():
    prices = Prices({"x:m": Price(input=Decimal(10), output=Decimal(0))})
    assert prices(slot("x:m"), USAGE) == Decimal("0.012")


def test_a_price_of_zero_is_a_price():
    assert Prices({"x:m": Price(input=Decimal(0), output=Decimal(0))})(slot("x:m"), USAGE) == 0


def test_a_provider_that_counts_more_cache_than_input_is_never_negative():
    odd = Usage(input=10, cache_read=100, output=0)
    own = Prices({"x:m": Price(input=Decimal(1), output=Decimal(1), cache_read=Decimal(0))})
    assert own(slot("x:m"), odd) == 0
    listed = Prices()(slot("openai:gpt-4o"), odd)
    assert listed is not None
    assert listed >= 0


@pytest.mark.parametrize(
    ("label", "dollars"),
    [
        ("anthropic:claude-sonnet-4-5", "0.0016332"),
        ("openrouter:anthropic/claude-sonnet-4.5", "0.0016332"),
        ("gemini:gemini-2.5-pro", "0.000848"),
    ],
)
def test_moa_28_the_tables_know_what_was_read_from_a_cache(label, dollars):
    assert Prices()(slot(label), USAGE) == Decimal(dollars)


def test_moa_1_a_provider_is_known_by_its_address_whatever_it_is_called():
    prices = Prices(urls={"work": OPENAI, "cheap": "https://api.deepseek.com"})
    assert prices(slot("work:gpt-4o"), USAGE) == Prices()(slot("openai:gpt-4o"), USAGE)
    assert prices(slot("cheap:deepseek-chat"), USAGE) is not None


def test_a_proxy_that_bears_a_vendors_name_has_the_vendors_prices():
    proxied = Prices(urls={"openai": "http://proxy.internal:4000/v1"})
    assert proxied(slot("openai:gpt-4o"), USAGE) == Prices()(slot("openai:gpt-4o"), USAGE)


@pytest.mark.parametrize(
    "label", ["openai:a-model-of-tomorrow", "basement:gpt-4o", "local:SmolLM2-135M", "moa:gpt-4o"]
)
def test_moa_28_unknown_is_unknown_and_never_nothing(label):
    assert Prices(urls={"basement": "http://10.0.0.7/v1"})(slot(label), USAGE) is None


def test_warming_makes_no_thread_and_the_names_are_all_known_to_the_tables():
    before = threading.active_count()
    Prices().warm()
    assert threading.active_count() == before
    assert set(IDS.values()) <= {provider.id for provider in providers}
