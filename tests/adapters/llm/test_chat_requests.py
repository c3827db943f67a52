# Shows what goes over the wire in a request, and that it stops at once when nobody listens.

import asyncio
import logging
from contextlib import aclosing

import pytest

from adapters.llm import http_model, wire
from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.wire import Endpoint
from core.errors import (
    ModelRefused,
)
from core.types import Line, ToolCall
from tests.adapters.llm.asking import USER, call, hear
from tests.simulators.provider import ProviderSimulator, Reply

# --- forms that a provider refuses ----------------------------------------------------------


@pytest.mark.parametrize("name", ["stream", "stream_options"])
async def test_a_refused_stream_is_asked_for_whole_and_remembered_moa_41(session, name, caplog):
    caplog.set_level(logging.WARNING)
    async with ProviderSimulator({"m": Reply(text="Fine.", refuses=(name,))}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        assert (await hear(model, call())).text == "Fine."
        assert (await hear(model, call())).text == "Fine."
        assert [name in seen.body for seen in simulator.seen] == [True, False, False]
    assert len(caplog.records) == 1


async def test_a_cap_goes_by_the_name_that_the_model_knows(session):
    replies = {"m": Reply(refuses=("max_completion_tokens",)), "gpt-5.5": Reply(), "*": Reply()}
    async with ProviderSimulator(replies) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        for name in ("gpt-5.5", "openai/o3-mini", "gpt-4o"):
            await hear(model, call(name, max_tokens=7))
        assert [
            (seen.body.get("max_tokens"), seen.body.get("max_completion_tokens"))
            for seen in simulator.seen
        ] == [(None, 7), (None, 7), (7, None)]


@pytest.mark.parametrize(
    ("model", "refused"), [("vendor-x", "max_tokens"), ("gpt-5-local", "max_completion_tokens")]
)
async def test_a_cap_that_is_refused_goes_by_its_other_name_once(session, model, refused):
    other = ({"max_tokens", "max_completion_tokens"} - {refused}).pop()
    text = f"Unsupported parameter: '{refused}'. Use 'max_completion_tokens' instead."
    replies = [Reply(status=400, error={"error": {"message": text}}), Reply()]
    async with ProviderSimulator({model: replies}, strict=False) as simulator:
        codec = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        await hear(codec, call(model, max_tokens=7))
        await hear(codec, call(model, max_tokens=7))
        assert [refused in seen.body for seen in simulator.seen] == [True, False, False]
        assert [seen.body.get(other) for seen in simulator.seen] == [None, 7, 7]


async def test_a_temperature_that_a_reasoning_model_refuses_is_left_out(session):
    async with ProviderSimulator({"gpt-5": Reply()}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        await hear(model, call("gpt-5", temperature=0.2))
        assert [seen.body.get("temperature") for seen in simulator.seen] == [0.2, None]


async def test_a_lesson_that_did_not_help_is_not_remembered(session):
    refusal = Reply(status=400, error={"error": "This stream of words is bad"})
    async with ProviderSimulator({"m": [refusal, refusal, Reply()]}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        with pytest.raises(ModelRefused):
            await hear(model, call())
        await hear(model, call())
        assert [seen.body.get("stream") for seen in simulator.seen] == [True, None, True]


# --- going away (MOA-11) --------------------------------------------------------------------


@pytest.mark.parametrize("way", ["close", "cancel", "cancel_before_head"])
async def test_the_server_sees_at_once_that_nobody_listens_moa_11(session, way, monkeypatch):
    monkeypatch.setattr(wire, "DRAIN", 600.0)  # what waits for that, or for the end, is seen here
    monkeypatch.setattr(http_model, "LINGER", 600.0)
    first = 600.0 if way == "cancel_before_head" else 0.0
    reply = Reply(text="word " * 50_000, between=0.01, first=first)
    async with ProviderSimulator({"m": reply}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        heard = asyncio.Event()

        async def listen():
            async with aclosing(model.stream(call())) as stream:
                async for chunk in stream:
                    if chunk.text:
                        heard.set()
                        if way == "close":
                            return

        async with asyncio.TaskGroup() as group:
            task = group.create_task(listen())
            if way == "cancel_before_head":
                await simulator.asked.wait()
            else:
                await heard.wait()
            if way != "close":
                task.cancel()
        async with asyncio.timeout(30):
            await simulator.seen[0].gone.wait()


# --- the request ----------------------------------------------------------------------------


async def test_every_call_says_how_deep_it_is_and_brings_its_key_moa_6(session):
    async with ProviderSimulator(key="sk-1") as provider:
        endpoint = Endpoint(base_url=provider.base_url, api_key="sk-1", headers={"X-Title": "MoA"})
        await hear(ChatCompletions(session, endpoint), call())
    headers = provider.seen[0].headers
    assert headers["X-MoA-Depth"] == "1"
    assert headers["Authorization"] == "Bearer sk-1"
    assert headers["X-Title"] == "MoA"


async def test_without_a_key_none_is_sent(provider, model):
    await hear(model, call())
    assert "Authorization" not in provider.seen[0].headers


@pytest.mark.parametrize("end", ["", "/", "/chat/completions"])
async def test_a_base_url_may_end_as_it_likes(session, end):
    async with ProviderSimulator({"m": Reply()}) as simulator:
        endpoint = Endpoint(base_url=simulator.base_url + end)
        assert (await hear(ChatCompletions(session, endpoint), call())).text


def test_a_query_in_the_base_url_is_kept():
    url = Endpoint(base_url="https://h/openai/?api-version=1").url("/chat/completions")
    assert str(url) == "https://h/openai/chat/completions?api-version=1"


async def test_a_proxy_of_the_environment_is_not_used(ask, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "")
    assert (await ask(Reply())).text


async def test_lines_that_are_refused_by_openai_do_not_come_from_us(ask):
    lines = (
        Line.of("system", "Be brief."),
        USER,
        Line(role="assistant", tool_calls=(ToolCall(id="call_a", name="now", arguments=""),)),
        Line(role="tool", parts=("12:00",), tool_call_id="call_a"),
        Line(role="user", parts=(), name="ann"),
    )
    assert (await ask(Reply(), call(lines=lines))).text
