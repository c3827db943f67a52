"""Shows whose price a call has: the operator's, the tables', or nobody's (MOA-28)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import genai_prices
import pytest
from genai_prices import calc_price
from genai_prices.data import providers
from hypothesis import given
from hypothesis import strategies as st

from adapters.prices import IDS, Price, Prices
from adapters.prices.schedule import Wanted, price
from adapters.prices.tables import schedule_of
from core.presets import Slot
from core.types import Usage
from gateway.config.values import Url
from tests.fakes.clock import FakeClock

USAGE = Usage(input=1_200, cache_read=1_024, cache_write=64, output=50)
OPENAI = "https://api.openai.com/v1"


def make(own=None, *, urls=None) -> Prices:
    return Prices(own, urls=urls, clock=FakeClock())


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
    prices = make({"openai:gpt-4o": own}, urls={"openai": OPENAI})
    expected = (112 * Decimal(1) + 1_024 * Decimal("0.5") + 64 * Decimal(2) + 50_000) / 1_000_000
    assert prices(slot("openai:gpt-4o"), USAGE) == expected
    assert prices(slot("openai:gpt-4o-mini"), USAGE) != expected


def test_a_cache_price_that_is_left_out_is_the_inputs():
    prices = make({"x:m": Price(input=Decimal(10), output=Decimal(0))})
    assert prices(slot("x:m"), USAGE) == Decimal("0.012")


def test_a_price_of_zero_is_a_price():
    assert make({"x:m": Price(input=Decimal(0), output=Decimal(0))})(slot("x:m"), USAGE) == 0


def test_a_provider_that_counts_more_cache_than_input_is_never_negative():
    odd = Usage(input=10, cache_read=100, output=0)
    own = make({"x:m": Price(input=Decimal(1), output=Decimal(1), cache_read=Decimal(0))})
    assert own(slot("x:m"), odd) == 0
    listed = make()(slot("openai:gpt-4o"), odd)
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
    assert make()(slot(label), USAGE) == Decimal(dollars)


def test_moa_1_a_provider_is_known_by_its_address_whatever_it_is_called():
    prices = make(urls={"work": OPENAI, "cheap": "https://api.deepseek.com"})
    assert prices(slot("work:gpt-4o"), USAGE) == make()(slot("openai:gpt-4o"), USAGE)
    assert prices(slot("cheap:deepseek-chat"), USAGE) is not None


def test_a_proxy_that_bears_a_vendors_name_has_the_vendors_prices():
    proxied = make(urls={"openai": "http://proxy.internal:4000/v1"})
    assert proxied(slot("openai:gpt-4o"), USAGE) == make()(slot("openai:gpt-4o"), USAGE)


@pytest.mark.parametrize(
    "label", ["openai:a-model-of-tomorrow", "basement:gpt-4o", "local:SmolLM2-135M", "moa:gpt-4o"]
)
def test_moa_28_unknown_is_unknown_and_never_nothing(label):
    assert make(urls={"basement": "http://10.0.0.7/v1"})(slot(label), USAGE) is None


def test_the_names_are_all_known_to_the_tables():
    assert set(IDS.values()) <= {provider.id for provider in providers}


async def test_prices_are_learned_in_a_process_that_is_gone_with_the_tables(monkeypatch):
    labels = ("openai:gpt-4o", "gemini:gemini-2.5-pro", "openai:a-model-of-tomorrow", "basement:x")
    expected = {label: make()(slot(label), USAGE) for label in labels}
    prices = make(urls={"openai": Url(OPENAI)})
    await prices.learn([slot(label) for label in labels])
    monkeypatch.setattr("adapters.prices.pricer._look_up", None)  # nothing is looked up here now
    assert {label: prices(slot(label), USAGE) for label in labels} == expected


async def test_a_process_that_fails_leaves_no_word_and_the_price_is_known(monkeypatch, capfd):
    monkeypatch.setattr("adapters.prices.pricer.TABLES", "adapters.prices.nowhere")
    prices = make()
    await prices.learn([slot("openai:gpt-4o")])
    assert capfd.readouterr().err == ""
    assert prices(slot("openai:gpt-4o"), USAGE) is not None


async def test_a_turn_may_wait_for_prices_that_are_being_learned():
    prices = make()
    await prices.ready()  # nothing is being learned
    async with asyncio.TaskGroup() as group:
        learning = group.create_task(prices.learn([slot("openai:gpt-4o")]))
        await asyncio.sleep(0)
        await prices.ready()
        assert prices._schedules.keys() == {"openai:gpt-4o"}
    assert learning.done()


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "http://localhost/v1", "http://[::1]/"])
async def test_nothing_is_looked_up_for_a_machine_of_ones_own(url, monkeypatch):
    monkeypatch.setattr("adapters.prices.pricer._ask_tables", None)
    monkeypatch.setattr("adapters.prices.pricer._look_up", None)
    prices = make(urls={"basement": url})
    await prices.learn([slot("basement:gpt-4o")])
    assert prices(slot("basement:gpt-4o"), USAGE) is None


LISTED = [(provider.id, model) for provider in providers for model in provider.models]


@given(
    at=st.sampled_from(LISTED),
    tokens=st.tuples(*[st.integers(0, 400_000)] * 4),
    now=st.integers(1_735_689_600, 1_830_000_000).map(lambda at: datetime.fromtimestamp(at, UTC)),
)
def test_a_schedule_is_what_the_tables_say_at_any_hour_and_any_length(at, tokens, now):
    vendor, model = at
    fresh, read, write, output = tokens
    usage = Usage(input=fresh + read + write, cache_read=read, cache_write=write, output=output)
    counted = genai_prices.Usage(
        input_tokens=usage.input,
        cache_read_tokens=read,
        cache_write_tokens=write,
        output_tokens=output,
    )
    try:
        table = calc_price(counted, model.id, provider_id=vendor, genai_request_timestamp=now)
    except (LookupError, ValueError):
        return
    schedule = schedule_of(Wanted(label="x", model=model.id, vendor=vendor))
    assert schedule is not None
    assert price(schedule, usage, now) == table.total_price
