# Shows that the simulated Anthropic is as strict as the real one, and caches as it says it does.

import json

import aiohttp
import pytest

from tests.simulators.anthropic import AnthropicSimulator
from tests.simulators.anthropic_cache import LOOKBACK, SECONDS, Counted, PromptCache
from tests.simulators.anthropic_rules import complaint, signed
from tests.simulators.provider_reply import Reply

OLD, NEW = "2023-06-01", "2026-10-21"
HELLO = {"role": "user", "content": "Hello."}
USE = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "a", "content": "ok"}
TOOL = {"name": "look", "input_schema": {"type": "object"}}
MARK = {"type": "ephemeral"}
BUDGET = {"type": "enabled", "budget_tokens": 1_024}
LONG = "Something that is worth to be kept. " * 200


def request(*messages, **more):
    given = {"model": "claude-sonnet-4-5", "max_tokens": 2_000, "messages": [HELLO, *messages]}
    return {**given, **more}


def wrong(body, version=OLD):
    found = complaint({"anthropic-version": version}, json.dumps(body).encode())
    return None if found is None else found.message


def said(role, *blocks):
    return {"role": role, "content": list(blocks)}


def text(words, **more):
    return {"type": "text", "text": words, **more}


# --- what it refuses ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "m", "messages": [HELLO]}, "max_tokens: Field required"),
        (request(max_tokens=99_999), "maximum allowed number of output tokens"),
        (request(seed=7), "seed: Extra inputs are not permitted"),
        (request(temperature=1.5), "temperature: range"),
        (request({"role": "system", "content": "x"}), "Unexpected role"),
        (request(said("user", text(" "))), "non-whitespace text"),
        (request(said("assistant", text("Yes "))), "trailing whitespace"),
        (request(said("user", {**text("x"), "name": "y"})), "name: Extra inputs"),
        (request(tools=[{"name": "look"}]), "input_schema"),
        (request(tool_choice={"type": "any"}), "tool_choice"),
        (request(said("assistant", USE)), "without `tool_result`"),
        (request(said("assistant", USE), said("user", text("x"))), "without `tool_result`"),
        (request(said("user", RESULT)), "unexpected `tool_use_id`"),
        (request(said("assistant", USE), said("user", RESULT), thinking=BUDGET), "Expected `think"),
        (request(thinking={"type": "enabled", "budget_tokens": 2_000}), "budget_tokens"),
        (request(thinking={"type": "adaptive"}), "not supported"),
        (request(thinking=BUDGET, temperature=0.5), "may only be set to 1"),
        (request(thinking=BUDGET, tools=[TOOL], tool_choice={"type": "any"}), "forces tool use"),
        (
            request(said("user", *(text(str(n), cache_control=MARK) for n in range(5)))),
            "A maximum of 4 blocks",
        ),
        (
            request(said("assistant", {"type": "thinking", "thinking": "x", "signature": "y"})),
            "Invalid `signature`",
        ),
    ],
)
def test_it_refuses_what_anthropic_refuses(body, words):
    assert words in (wrong(body) or "")


def test_it_takes_what_anthropic_takes():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": signed("Hm.")}
    body = request(
        said("assistant", thought, text("I look."), USE),
        said("user", RESULT),
        said("user", text("Advice.", cache_control=MARK)),
        thinking=BUDGET,
        tools=[TOOL],
        system=[text("Be brief.", cache_control=MARK)],
    )
    assert wrong(body) is None
    assert wrong(request(temperature=0)) is None


@pytest.mark.parametrize("name", ["temperature", "top_p", "top_k"])
def test_the_newer_version_takes_no_sampling(name):
    assert wrong(request(**{name: 1}), NEW) == f"{name}: Extra inputs are not permitted"


def test_a_version_has_to_be_named():
    assert "required" in str(complaint({}, b"{}"))
    assert wrong(request(), "2020-01-01") == '"2020-01-01" is not a valid version'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"x-api-key": "k"}, 200),
        ({"Authorization": "Bearer k"}, 200),
        ({"x-api-key": "another", "Authorization": "Bearer k"}, 401),
        ({}, 401),
        ({"Authorization": "Bearer sk-ant-oat01-x"}, 401),
    ],
)
async def test_it_lets_in_who_has_the_key(headers, status):
    async with (
        AnthropicSimulator({"*": Reply()}, key="k") as simulator,
        aiohttp.ClientSession() as s,
    ):
        url = f"{simulator.base_url}/messages"
        sent = {**headers, "anthropic-version": OLD}
        async with s.post(url, json=request(), headers=sent) as response:
            assert response.status == status


# --- what it keeps --------------------------------------------------------------------------


def count(cache, *messages, now=0.0, **more):
    return cache.count(request(*messages, **more), now)


def test_nothing_is_kept_unasked_and_nothing_that_is_short():
    cache = PromptCache()
    for body in ({"system": LONG}, {"system": [text("short", cache_control=MARK)]}):
        for _ in range(2):
            counted = count(cache, **body)
            assert (counted.read, counted.written) == (0, 0)
            assert counted.fresh == counted.all > 0


def test_a_prefix_that_was_marked_is_read_until_it_is_old():
    cache, system = PromptCache(), [text(LONG, cache_control=MARK)]
    first = count(cache, system=system)
    again = count(cache, said("assistant", text("Hi.")), system=system, now=SECONDS - 1)
    assert first.written == again.read > 1_024
    assert again.written == 0
    # Each use makes it young again.
    assert count(cache, system=system, now=2 * SECONDS - 3).read == first.written
    assert count(cache, system=system, now=4 * SECONDS).read == 0
    assert count(cache, system=[text("x" + LONG, cache_control=MARK)]).read == 0


def test_tools_stand_before_the_system_prompt():
    cache, system = PromptCache(), [text(LONG, cache_control=MARK)]
    count(cache, system=system)
    assert count(cache, system=system, tools=[TOOL]).read == 0


def test_models_share_nothing():
    cache, system = PromptCache(), [text(LONG, cache_control=MARK)]
    count(cache, system=system)
    assert count(cache, system=system, model="claude-opus-4-1").read == 0


@pytest.mark.parametrize(("added", "found"), [(LOOKBACK - 1, True), (LOOKBACK, False)])
def test_a_breakpoint_looks_back_over_twenty_blocks(added, found):
    cache = PromptCache()
    count(cache, said("user", text(LONG, cache_control=MARK)))
    more = [text(str(n)) for n in range(added - 1)]
    last = text("last", cache_control=MARK)
    counted: Counted = count(cache, said("user", text(LONG)), said("user", *more, last))
    assert bool(counted.read) is found
