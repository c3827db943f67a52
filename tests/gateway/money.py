"""What the tests of budgets share: models at ten cents a call, and days that pass when told to."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from typing_extensions import override

from gateway.clock import SystemClock
from tests.gateway.harness import TOKEN
from tests.simulators.provider import ProviderSimulator, Reply

TEN_CENTS = {"prompt_tokens": 900, "completion_tokens": 100, "total_tokens": 1_000}
PRICE = "{input: 0, output: 1000}"


def models(**more: Reply) -> ProviderSimulator:
    """Two advisors and an aggregator; a call of theirs takes 100 tokens at a tenth of a cent."""
    texts = {"a": "Take the train.", "b": "Walk.", "big": "Go by train."}
    replies = {name: Reply(text=text, usage=TEN_CENTS) for name, text in texts.items()}
    return ProviderSimulator({**replies, **more})


def config(simulator: ProviderSimulator, budgets: str, more: str = "", keys: str = "{}") -> str:
    """Write a configuration in which a turn of `review` takes 30 cents, and one of `alone` 10."""
    slots = {
        name: f"{{provider: sim, model: {name}, max_tokens: 100}}" for name in ("a", "b", "big")
    }
    return f"""
timezone: Europe/Berlin
http: {{port: 0, token: {TOKEN}, keys: {keys}}}
providers:
  sim: {{api: chat_completions, base_url: "{simulator.base_url}", api_key: k}}
prices: {{"sim:a": {PRICE}, "sim:b": {PRICE}, "sim:big": {PRICE}}}
budgets: {budgets}
moa:
  presets:
    review:
      reference_models: [{slots["a"]}, {slots["b"]}]
      aggregator: {slots["big"]}
      fanout: user_turn
    alone: {{enabled: false, aggregator: {slots["big"]}}}
{more}
"""


def asked(simulator: ProviderSimulator) -> str:
    """Give the models of all calls so far, in alphabetical order."""
    return " ".join(sorted(json.loads(seen.raw)["model"] for seen in simulator.seen))


class Days(SystemClock):
    """Real seconds, counted from noon (UTC) of a Saturday; days pass when they are told to."""

    def __init__(self) -> None:
        self._noon = datetime(2026, 11, 28, 12, tzinfo=UTC)
        self._began = self.monotonic()

    @override
    def now(self) -> datetime:
        return self._noon + timedelta(seconds=self.monotonic() - self._began)

    def pass_days(self, days: int) -> None:
        """Let days pass."""
        self._noon += timedelta(days=days)


def notes(view: dict[str, Any]) -> list[list[str]]:
    """Give what stands under each answer of a page, figures left out."""
    return [
        [
            note
            for each in turn["shown"]
            if each["frame"]["kind"] == "part" and each["frame"]["footer"]
            for note in each["frame"]["footer"]["notes"]
        ]
        for turn in view["turns"]
    ]
