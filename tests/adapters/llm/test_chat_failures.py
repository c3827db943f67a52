# Shows that whatever goes wrong at a provider becomes one typed failure of ours, without secrets.

import asyncio
import json
import socket

import pytest

from adapters.llm import http_model
from adapters.llm.chat_completions import ChatCompletions
from adapters.llm.wire import Endpoint
from core.errors import (
    ContextOverflow,
    ModelBroken,
    ModelBusy,
    ModelForbidden,
    ModelRefused,
    ModelStalled,
    ModelUnreachable,
)
from tests.adapters.llm.asking import call, hear, said, sse
from tests.simulators.provider import ProviderSimulator, Reply


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (401, {"error": {"message": "no"}}, ModelForbidden),
        (403, {"error": {"message": "no"}}, ModelForbidden),
        (403, {"error": {"message": "Your input was flagged"}}, ModelRefused),
        (402, {"error": {"message": "pay"}}, ModelRefused),
        (404, {"error": "model 'm' not found"}, ModelRefused),
        (400, {"object": "error", "message": "bad"}, ModelRefused),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "not so"}]}, ModelRefused),
        (307, {}, ModelRefused),
        (400, {"error": {"message": "x", "code": "context_length_exceeded"}}, ContextOverflow),
        (400, {"error": {"message": "x", "type": "exceed_context_size_error"}}, ContextOverflow),
        (400, {"error": "maximum context length is 8192 tokens"}, ContextOverflow),
        (408, {}, ModelBusy),
        (409, {}, ModelBusy),
        (429, {"error": {"message": "slow down"}}, ModelBusy),
        (429, {"error": {"message": "x", "code": "insufficient_quota"}}, ModelRefused),
        (500, {}, ModelBusy),
        (503, {}, ModelBusy),
        (529, {"error": {"type": "overloaded_error"}}, ModelBusy),
    ],
)
async def test_every_status_is_a_failure_of_ours(ask, status, error, kind):
    with pytest.raises(kind) as caught:
        await ask(Reply(status=status, error=error))
    assert type(caught.value) is kind
    assert str(status) in str(caught.value)


@pytest.mark.parametrize(
    ("headers", "error", "wait"),
    [
        ({"Retry-After": "7"}, {}, 7.0),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, {}, 1.5),
        ({"x-ratelimit-reset-requests": "1m30s"}, {}, 90.0),
        ({"x-ratelimit-reset-tokens": "120ms"}, {}, 0.12),
        ({}, {"error": {"message": "x", "retry_after": 3}}, 3.0),
        ({}, {}, None),
    ],
)
async def test_a_busy_provider_says_how_long(ask, headers, error, wait):
    with pytest.raises(ModelBusy) as caught:
        await ask(Reply(status=429, headers=headers, error=error or {"error": "x"}))
    assert caught.value.retry_after == wait


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"error": {"message": "no", "code": 429}}, ModelBusy),
        ({"error": {"message": "no", "type": "server_error"}}, ModelBusy),
        ({"error": {"message": "no", "code": "invalid_api_key"}}, ModelForbidden),
        ({"error": "the runner died"}, ModelBroken),
        ({"message": "no", "code": 502}, ModelBroken),
    ],
)
@pytest.mark.parametrize("streamed", [True, False])
async def test_an_error_inside_a_200_is_a_failure_moa_41(ask, error, kind, streamed):
    raw = sse(error) if streamed else json.dumps(error).encode()
    with pytest.raises(kind):
        await ask(Reply(raw=raw))


@pytest.mark.parametrize("piece", [None, 10])
async def test_an_error_in_mid_stream_comes_after_the_words_before_it(session, piece):
    raw = sse(said("half an ans"), {"error": {"message": "boom", "code": 502}})
    async with ProviderSimulator({"m": Reply(raw=raw, piece=piece)}) as simulator:
        model = ChatCompletions(session, Endpoint(base_url=simulator.base_url))
        stream = model.stream(call())
        heard = ""
        while not heard:
            heard += (await anext(stream)).text
        with pytest.raises(ModelBusy, match="boom"):
            await anext(stream)
    assert heard == "half an ans"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(text="long " * 50, drop_after=900), ModelUnreachable),
        (Reply(raw=sse(said("half"), done=False)), ModelUnreachable),
        (Reply(raw=b""), ModelUnreachable),
        (Reply(raw=b"data: {nonsense\n\n"), ModelBroken),
        (Reply(raw=b'data: {"error": ' + b"[" * 99_999 + b"\n\n"), ModelBroken),
        (Reply(raw=b'data: {"choices": 3}\n\n'), ModelBroken),
        (Reply(raw=b'{"choices": [], "object": "x"}'), ModelBroken),
        (Reply(raw=b"<html>Sign in</html>"), ModelBroken),
        (Reply(raw=sse({"choices": []})), ModelBroken),
        (Reply(raw=sse(said("a", "error"))), ModelBroken),
    ],
)
async def test_an_answer_that_breaks_off_or_is_none_fails_moa_41(ask, reply, kind):
    with pytest.raises(kind):
        await ask(reply)


async def test_a_connection_that_breaks_after_the_end_costs_nothing(ask):
    raw = sse(said("all of it", "stop"), done=False)
    heard = await ask(Reply(raw=raw + b"data: ", drop_after=len(raw)))
    assert (heard.text, heard.finish) == ("all of it", "stop")


@pytest.mark.parametrize("after", ["silence", "pings"])
async def test_a_finished_answer_waits_only_shortly_for_its_usage(ask, monkeypatch, after):
    monkeypatch.setattr(http_model, "LINGER", 0.05)
    raw = sse(said("all of it", "stop"), done=False)
    silence = Reply(raw=raw + b"data: ", stall_after=len(raw))
    pings = Reply(raw=raw + b": ping\n\n" * 9000, piece=len(raw), between=0.01)
    heard = await ask(silence if after == "silence" else pings)
    assert (heard.text, heard.finish) == ("all of it", "stop")


async def test_no_key_and_no_header_is_ever_quoted(session):
    secrets = {"key": "sk-very-secret", "header": "another-secret"}
    text = f"Wrong: {secrets['key']} and {secrets['header']} " + "long " * 100
    reply = Reply(status=400, error={"error": {"message": text}})
    async with ProviderSimulator({"m": reply}) as simulator:
        endpoint = Endpoint(
            base_url=simulator.base_url,
            api_key=secrets["key"],
            headers={"X-Custom": secrets["header"]},
        )
        with pytest.raises(ModelRefused) as caught:
            await hear(ChatCompletions(session, endpoint), call())
    shown = str(caught.value) + repr(endpoint)
    assert not any(secret in shown for secret in secrets.values())
    assert len(str(caught.value)) < 300


async def test_nobody_there_is_unreachable(session, unused_tcp_port):
    endpoint = Endpoint(base_url=f"http://127.0.0.1:{unused_tcp_port}/v1")
    with pytest.raises(ModelUnreachable, match="Cannot connect to"):
        await hear(ChatCompletions(session, endpoint), call())


@pytest.mark.parametrize("base", ["127.0.0.1:9/v1", "ftp://127.0.0.1/v1", "", "http://[::1/v1"])
async def test_an_address_that_is_none_is_refused(session, base):
    with pytest.raises(ModelRefused, match="base_url"):
        await hear(ChatCompletions(session, Endpoint(base_url=base)), call())


async def test_a_server_that_hangs_up_at_once_is_unreachable(session):
    async def hang_up(_reader, writer):
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}/v1")
        with pytest.raises(ModelUnreachable):
            await hear(ChatCompletions(session, endpoint), call())


async def test_what_is_no_http_is_broken(session):
    async def greet(reader, writer):
        await reader.readline()
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}/v1")
        with pytest.raises(ModelBroken):
            await hear(ChatCompletions(session, endpoint), call())


async def test_a_connect_that_takes_too_long_is_stalled(session):
    # A backlog that is full: connections are neither taken nor refused.
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        endpoint = Endpoint(base_url=f"http://127.0.0.1:{port}/v1", connect=0.1)
        with pytest.raises(ModelStalled) as caught:
            await hear(ChatCompletions(session, endpoint), call())
        for filler in fillers:
            filler.close()
    assert caught.value.stage == "connect"
