"""Shows how odd endings of a turn are written for programs."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest

from core.events import TurnFailed, TurnResult
from core.outcomes import CallReport
from core.types import ToolCall, Usage
from gateway.http.completions_answer import Said, Writer, failure_of, usage_of
from tests.fakes.turns import advice

WRITER = Writer(id="chatcmpl-1", model="review", created=1)


RESULT = TurnResult(
    text="Yes.",
    preset="review",
    advice=(),
    calls=(CallReport(label="p:big", usage=Usage(input=10, output=5)),),
    usage=Usage(input=30, output=15),
    dollars=Decimal("0.0000001"),
    priced=True,
    seconds=1.23456,
    finish="stop",
)


def test_half_an_emoji_is_written_and_its_other_half_completes_it():
    halves = [WRITER.chunk(Said(content=half)) for half in ("\ud83d", "\ude00")]
    texts = [json.loads(half[6:])["choices"][0]["delta"]["content"] for half in halves]
    joined = "".join(texts).encode("utf-16", "surrogatepass").decode("utf-16")
    assert joined == "\U0001f600"
    whole = json.loads(WRITER.whole(replace(RESULT, text="\ud83d")))
    assert whole["usage"]["moa"]["dollars"] == 1e-7


@pytest.mark.parametrize(
    ("calls", "finish", "told"),
    [
        ((ToolCall(id="1", name="clock", arguments="{}"),), "stop", "tool_calls"),
        ((), "tool_calls", "stop"),
        ((), "length", "length"),
        ((), "refusal", "stop"),
    ],
)
def test_the_reason_to_stop_fits_what_is_there(calls, finish, told):
    ended = replace(RESULT, tool_calls=calls, finish=finish)
    assert json.loads(WRITER.whole(ended))["choices"][0]["finish_reason"] == told
    last = WRITER.last(ended).split(b"\n\n")[-2]
    assert json.loads(last[6:])["choices"][0]["finish_reason"] == told


def test_an_unknown_price_is_null_and_never_a_smaller_sum_moa_28():
    usage = usage_of(replace(RESULT, priced=False, advice=(advice(1), advice(2, "late"))))
    assert usage["moa"]["dollars"] is None
    assert [each["outcome"] for each in usage["moa"]["references"]] == ["ok", "late"]
    assert usage["moa"]["references"][0]["dollars"] == Decimal("0.0010")


def test_moa_30_a_budget_that_ends_a_turn_is_a_spent_quota_and_not_to_be_tried_again():
    ending = TurnFailed(error="Your budget is used up.", result=RESULT, over_budget=True)
    failure = failure_of(ending)
    told = json.loads(failure.body)["error"]
    assert (failure.status, told["type"], told["code"]) == (429, *("insufficient_quota",) * 2)
    assert failure.headers == {"x-should-retry": "false"}


def test_a_turn_that_ran_out_of_time_before_any_call_is_a_server_error():
    failure = failure_of(TurnFailed(error="Too slow.", result=replace(RESULT, calls=())))
    assert (failure.status, failure.headers) == (502, {"x-should-retry": "false"})
