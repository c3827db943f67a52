"""Shows what people are told when a model fails, whatever way it does: a sentence that says who
and why, what was written until then, Retry, and the advisors' notes (P11, P12, MOA-22)."""

from __future__ import annotations

import json
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from tests.gateway.harness import running_gateway
from tests.gateway.page import Page, answered, said
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
providers:
  sim:
    api: chat_completions
    base_url: "{url}"
    api_key: key
    timeouts: {timeouts}
  gone: {{api: chat_completions, base_url: "http://127.0.0.1:9/v1", timeouts: {{total: 0.4}}}}
moa:
  presets:
    review:
      reference_models: [{{provider: sim, model: wise}}]
      aggregator: {{provider: {aggregator}, model: big{slot}}}
      fanout: user_turn
      turn_timeout: {turn}
"""
WISE = Reply(text="Take the train. It is calm.")
PATIENT = "{first_token: 30, between_tokens: 30, total: 60}"


@dataclass(frozen=True)
class Case:
    """How the aggregator misbehaves, and what a person reads of it."""

    reply: Reply
    told: str
    kept: str = ""
    asked: int = 1
    timeouts: str = PATIENT
    slot: str = ""
    aggregator: str = "sim"
    turn: float = 60


def refused(status: int, message: str, **more: Any) -> Reply:
    return Reply(status=status, error={"error": {"message": message, **more}})


OVERFLOW = refused(400, "This model's maximum context is 8 tokens", code="context_length_exceeded")
PAGE = Reply(raw=b"<html><body>Sign in</body></html>", headers={"Content-Type": "text/html"})
CALL = {"id": "c1", "type": "function", "function": {"name": "rm", "arguments": "{}"}}
UNWILLING = Reply(
    raw=b'data: {"choices": [{"index": 0, "delta": {"role": "assistant", "content": null, '
    b'"refusal": "I will not help with that."}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
)
CASES = {
    "a wrong key": Case(
        refused(401, "Incorrect API key provided: key"),
        "sim:big did not answer: The key is wrong, or may not use this model (401)",
    ),
    "no such model": Case(
        refused(404, "The model `big` does not exist", code="model_not_found"),
        "sim:big did not answer: The provider refused the request (404): The model `big` does not",
    ),
    "too long": Case(OVERFLOW, "sim:big did not answer: The request exceeds the model's window"),
    "no credit": Case(
        refused(429, "You exceeded your current quota", code="insufficient_quota"),
        "sim:big did not answer: No credit is left (429)",
    ),
    "a filter refuses": Case(
        refused(400, "Flagged", code="content_filter"),
        "sim:big did not answer: The provider's content filter refused it (400)",
    ),
    "a filter stops it at once": Case(
        Reply(text="", finish="content_filter"),
        "sim:big did not answer: The provider's content filter let no answer through",
    ),
    "a model refuses": Case(
        UNWILLING, "the model refused to answer", kept="I will not help with that."
    ),
    "nothing at all": Case(Reply(text=""), "sim:big gave an empty answer.", asked=2),
    "blanks": Case(Reply(text=" \n "), "sim:big gave an empty answer.", asked=2),
    "a tool that nobody offered": Case(
        Reply(text="", tool_calls=(CALL,)), "sim:big gave an empty answer.", asked=2
    ),
    "only thoughts": Case(
        Reply(text="", reasoning="Hm. " * 9), "sim:big gave an empty answer.", asked=2
    ),
    "only thoughts, in the words": Case(
        Reply(text="<think>Hm. " * 9), "sim:big gave an empty answer.", asked=2
    ),
    "thoughts up to its limit": Case(
        Reply(text="", reasoning="Hm. " * 9, finish="length"),
        "sim:big used up its tokens for thinking and wrote no answer.",
    ),
    "cut before its first word": Case(
        Reply(text="", finish="length"), "sim:big used up its tokens and wrote no answer."
    ),
    "a page": Case(PAGE, "sim:big did not answer: The"),
    "out of order": Case(
        Reply(status=500), "sim:big did not answer: The provider is out of order (500)", asked=3
    ),
    "out of reach": Case(
        WISE, "gone:big did not answer: Cannot connect to 127.0.0.1", asked=0, aggregator="gone"
    ),
    "never a word": Case(
        Reply(first=60),
        "sim:big did not answer: No word came within 0.5 s",
        timeouts="{first_token: 0.5, between_tokens: 30, total: 60}",
    ),
    "stops midway": Case(
        Reply(text="Go by train, and then", stall_after=1500),
        "sim:big broke off in mid-answer: Nothing more came for 0.5 s",
        kept="Go by",
        timeouts="{first_token: 30, between_tokens: 0.5, total: 60}",
    ),
    "never ends": Case(
        Reply(text="Go by train. " * 999, between=0.1),
        "sim:big broke off in mid-answer: The answer was not finished within 3 s",
        kept="Go by",
        timeouts="{first_token: 30, between_tokens: 30, total: 3}",
    ),
    "its slot's own limit": Case(
        Reply(text="Go by train. " * 999, between=0.1),
        "sim:big broke off in mid-answer: The answer was not finished within 3 s",
        kept="Go by",
        slot=", timeout: 3",
    ),
    "the turn's limit": Case(
        Reply(text="Go by train. " * 999, between=0.1),
        "The answer took longer than 6 seconds and was cut.",
        kept="Go by",
        turn=6,
    ),
    "torn midway": Case(
        Reply(text="Go by train, and then " * 9, drop_after=3000),
        "sim:big broke off in mid-answer: The connection broke in mid-answer",
        kept="Go by",
    ),
    "ends without an end": Case(
        Reply(text="Go by train", finish=None, done=False),
        "sim:big broke off in mid-answer: The answer broke off before its end",
        kept="Go by train",
    ),
}


async def answer(case: Case, folder) -> tuple[dict[str, Any], int]:
    """Ask, and give the turn as the page shows it, and how often the aggregator was asked."""
    async with ProviderSimulator({"wise": WISE, "big": case.reply}, key="key") as models:
        config = CONFIG.format(
            url=models.base_url,
            timeouts=case.timeouts,
            aggregator=case.aggregator,
            slot=case.slot,
            turn=case.turn,
        )
        async with running_gateway(config, folder) as gateway, Page.of(gateway) as page:
            await page.say("How do I get there?")
            view = await page.until(answered(1))
        asked = sum(seen.body["model"] == "big" for seen in models.seen)
        return view["turns"][0], asked


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_moa_22_whatever_a_model_does_people_are_told_in_words(tmp_path, case):
    turn, asked = await answer(case, tmp_path)
    shown = json.dumps(turn, ensure_ascii=False)
    assert case.told in shown
    assert "Traceback" not in shown
    assert "<html" not in shown
    assert said(turn).startswith(case.kept)
    assert asked == case.asked
    assert '"action": "retry"' in shown
    assert '"action": "advisors"' in shown or "Take the train." in shown


async def test_p12_a_providers_own_limit_holds_for_its_advisors_too(tmp_path):
    replies = {"wise": Reply(first=60), "big": Reply(text="By train.")}
    async with ProviderSimulator(replies, key="key") as models:
        limits = "{first_token: 30, between_tokens: 30, total: 3}"
        text = CONFIG.format(
            url=models.base_url, timeouts=limits, aggregator="sim", slot="", turn=60
        )
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            await page.say("How do I get there?")
            view = await page.until(answered(1))
    shown = json.dumps(view["turns"], ensure_ascii=False)
    assert "timed out after 3.0 s" in shown


async def test_moa_9_the_advisors_that_misbehave_say_why_in_the_panel(tmp_path):
    replies = {
        "wrong": refused(401, "Incorrect API key provided: key"),
        "unknown": refused(404, "no such model"),
        "long": OVERFLOW,
        "unwilling": UNWILLING,
        "busy": Reply(status=429, headers={"Retry-After": "60"}),
        "page": PAGE,
        "empty": Reply(text=""),
        "mute": Reply(first=60),
        "torn": Reply(text="It is " * 99, drop_after=3000),
        "big": Reply(text="By train."),
    }
    reasons = {
        "wrong": "failed: its key is missing or not accepted",
        "unknown": "failed: refused the request",
        "unwilling": "failed: refused the request",
        "long": "failed: the conversation is too long for it",
        "busy": "failed: overloaded or out of order",
        "page": "failed:",
        "empty": "gave no answer",
        "mute": "timed out after",
        "torn": "failed: could not be reached",
    }
    async with ProviderSimulator(replies, key="key") as models:
        slots = ", ".join(
            f"{{provider: sim, model: {name}, timeout: {0.6 if name == 'mute' else 30}}}"
            for name in reasons
        )
        text = CONFIG.format(
            url=models.base_url, timeouts=PATIENT, aggregator="sim", slot="", turn=60
        ).replace("{provider: sim, model: wise}", slots)
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            await page.say("How do I get there?")
            view = await page.until(answered(1))
    (turn,) = view["turns"]
    assert said(turn) == "By train."
    shown = json.dumps(turn, ensure_ascii=False)
    for name, reason in reasons.items():
        assert f"sim:{name}" in shown
        assert reason in shown
    assert "key provided" not in shown
    assert "I will not" not in shown
    assert shown.count(reasons["unwilling"]) == 2


async def test_p12_the_time_for_a_connection_is_the_one_in_the_file(tmp_path):
    # A backlog that is full: connections are neither taken nor refused.
    with socket.socket() as listening, ExitStack() as stack:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        text = CONFIG.format(
            url=f"http://127.0.0.1:{port}/v1",
            timeouts="{connect: 0.3}",
            aggregator="sim",
            slot="",
            turn=60,
        )
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            await page.say("How do I get there?")
            view = await page.until(answered(1))
    shown = json.dumps(view["turns"], ensure_ascii=False)
    assert "sim:big did not answer: No connection to 127.0.0.1 within 0.3 s" in shown


async def test_p11_an_advisor_that_stalls_is_stood_in_for_within_its_timeout(tmp_path):
    replies = {
        "wise": Reply(first=60),
        "spare": Reply(text="Walk."),
        "big": Reply(text="On foot."),
    }
    async with ProviderSimulator(replies, key="key") as models:
        text = CONFIG.format(
            url=models.base_url,
            timeouts="{first_token: 3, between_tokens: 30, total: 60}",
            aggregator="sim",
            slot="",
            turn=60,
        ).replace("model: wise", "model: wise, fallbacks: [{provider: sim, model: spare}]")
        async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
            await page.say("How do I get there?")
            view = await page.until(answered(1))
        asked = [seen.body["model"] for seen in models.seen]
        advice = models.seen[-1].body["messages"][-1]["content"]
    assert asked == ["wise", "spare", "big"]
    assert "sim:spare" in advice
    assert "Walk." in advice
    assert "(in place of sim:wise)" in json.dumps(view["turns"])
