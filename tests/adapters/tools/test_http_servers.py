"""Shows what people and models are told when a tool server elsewhere is away, refuses or floods."""

import asyncio
from contextlib import AsyncExitStack
from urllib.parse import urlsplit

import pytest

from adapters.tools.link import Options
from tests.adapters.tools.conftest import at_work, call, hurried, offered
from tests.simulators.mcp_http import HttpServer, serving

PATIENCE = 40.0


@pytest.fixture
async def elsewhere():
    async with serving(HttpServer()) as server:
        yield server


async def test_its_headers_are_sent_with_every_request(use, elsewhere):
    elsewhere.token = "hunter2hunter2"
    server = await use(url=elsewhere.url, headers={"Authorization": "Bearer hunter2hunter2"})
    assert server.problem == ""
    assert (await call(server, "say")).text == "said"
    assert {each["Authorization"] for each in elsewhere.headers} == {"Bearer hunter2hunter2"}


async def test_a_port_on_which_nobody_listens_is_named(use):
    async with serving(HttpServer()) as closed:
        url = closed.url
    server = await use(url=f"{url}?key=hunter2")
    assert server.problem == f"nothing answers at {urlsplit(url).netloc}"


@pytest.mark.parametrize(
    ("status", "told"), [(401, "HTTP status 401, so look at its headers"), (502, "HTTP status 502")]
)
async def test_a_refusal_is_told_with_its_status(use, elsewhere, status, told):
    elsewhere.status = status
    server = await use(url=elsewhere.url)
    assert server.problem.endswith(told)
    assert (await call(server, "say")).failed


async def test_a_list_of_tools_that_is_none_is_told_as_that(use, elsewhere):
    elsewhere.broken = True
    server = await use(url=elsewhere.url)
    assert server.problem == "its list of tools cannot be read"


async def test_something_else_that_listens_there_is_told_as_that(use, elsewhere):
    server = await use(url=elsewhere.url.replace("/mcp", "/other"))
    assert server.problem.endswith("answers with HTTP status 404")


async def test_no_redirect_to_another_place_is_followed(use, elsewhere):
    async with serving(HttpServer()) as other:
        elsewhere.location = other.url
        server = await use(url=elsewhere.url, headers={"Authorization": "Bearer hunter2hunter2"})
        assert server.problem.endswith("HTTP status 307")
        assert other.headers == []


@pytest.mark.parametrize(
    "unknown",
    [
        (404, ""),
        (404, "Session not found"),  # as both SDKs of the protocol's authors say it
        (400, "Bad Request: No valid session ID provided"),  # as many copies of an example do
    ],
)
async def test_a_session_that_was_forgotten_is_opened_anew_and_the_call_made_once(
    use, elsewhere, unknown
):
    server = await use(url=elsewhere.url)
    elsewhere.unknown = unknown
    elsewhere.forget()
    assert (await call(server, "say")).text == "said"
    assert elsewhere.calls == ["say"]


async def test_a_server_that_went_away_is_found_again(use):
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(HttpServer()))
        port = urlsplit(first.url).port or 0
        server = await use(url=first.url)
        assert (await call(server, "say")).text == "said"
    away = await call(server, "say")
    assert away.failed
    assert "gone" in away.text
    still = await call(server, "say")
    assert f"nothing answers at 127.0.0.1:{port}" in still.text
    async with serving(HttpServer(), port):
        async with asyncio.timeout(PATIENCE):
            while (await call(server, "say")).failed:  # noqa: ASYNC110 - it pauses between attempts
                await asyncio.sleep(0.1)


@pytest.mark.parametrize(
    ("tool", "told"), [("flood", "longer than 8 MB"), ("pour", "exceeded the 8388608 byte limit")]
)
async def test_50_megabytes_are_refused(use, elsewhere, tool, told):
    server = await use(url=elsewhere.url)
    result = await call(server, tool)
    assert result.failed
    assert told in result.text
    assert (await call(server, "say")).text == "said"


async def test_a_call_without_an_answer_is_taken_back(use, elsewhere):
    server = await use(url=elsewhere.url)
    with hurried(server):
        late = await call(server, "wait")
    assert "did not answer within 0.5 seconds" in late.text
    assert (await call(server, "say")).text == "said"
    assert len(elsewhere.cancelled) == 1


async def test_a_change_of_its_tools_is_heard(use, elsewhere):
    elsewhere.names = ["say"]
    server = await use(url=elsewhere.url)
    assert offered(server) == ["say"]
    async with asyncio.timeout(PATIENCE):
        while not elsewhere.listened_to:  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)
        await elsewhere.change()
        while offered(server):  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.02)


async def test_it_ends_even_if_its_server_breaks_at_that_moment(pins):
    stack = AsyncExitStack()
    elsewhere = await stack.enter_async_context(serving(HttpServer()))
    async with asyncio.timeout(PATIENCE):
        async with at_work(Options(name="t", url=elsewhere.url), pins) as server:
            await server.ready()
            with hurried(server):
                assert (await call(server, "wait")).failed  # its connection is still open
            await stack.aclose()
