"""Rate limits of every shape: a wait that is told, for the chat or for the whole account."""

from __future__ import annotations

import asyncio
import json

import pytest
from aiohttp import web

from adapters.chat.discord import account, routes
from core.errors import ChatBusy

SLOW = {"message": "You are being rate limited.", "global": False}


@pytest.mark.parametrize("via", [{}, {"Via": "1.1 google"}], ids=["bare", "via"])
@pytest.mark.parametrize("json_type", ["application/json", "application/json; charset=utf-8"])
@pytest.mark.parametrize(
    ("body", "headers", "wait"),
    [
        ({**SLOW, "retry_after": 33.5}, {"Retry-After": "34"}, 33.5),
        ({**SLOW, "retry_after": 33.5}, {}, 33.5),
        (SLOW, {"Retry-After": "33"}, 33.0),
        ({**SLOW, "retry_after": None}, {"Retry-After": "33"}, 33.0),
        ("<html>slow down", {"Retry-After": "33"}, 33.0),
        ([], {"Retry-After": "soon"}, 5.0),
    ],
    ids=str,
)
async def test_a_limit_of_any_shape_is_a_wait_like_any_other(
    serve, body, headers, wait, json_type, via
):
    asked = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        told = {"Content-Type": json_type, **headers, **via}
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=429, headers=told, body=text.encode())

    rest = await serve(answer)
    for _ in range(2):
        with pytest.raises(ChatBusy) as busy:
            await rest.call(routes.typing("1"))
        assert busy.value.retry_after == pytest.approx(wait, abs=0.5)
    assert len(asked) == 1


async def test_a_limit_of_the_whole_account_holds_back_every_chat_but_no_answer_to_a_press(serve):
    asked = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.path.removeprefix("/api/v10"))
        if len(asked) > 1:
            return web.json_response({"id": "1"})
        return web.json_response({**SLOW, "retry_after": 7.5, "global": True}, status=429)

    rest = await serve(answer)
    for room in ("1", "1", "2"):
        with pytest.raises(ChatBusy) as busy:
            await rest.call(routes.typing(room))
        assert busy.value.retry_after == pytest.approx(7.5, abs=0.5)
    await rest.call(routes.callback("3", "t"), json={})
    await rest.call(routes.follow_up("4", "t"), json={})
    assert asked == ["/channels/1/typing", "/interactions/3/t/callback", "/webhooks/4/t"]


@pytest.mark.parametrize("remaining", ["4", "0", "many"])
async def test_a_limit_that_does_not_say_when_it_ends_holds_nobody_back(serve, remaining):
    headers = {"X-RateLimit-Limit": "5", "X-RateLimit-Remaining": remaining}
    rest = await serve(lambda _request: web.json_response({"id": "1"}, headers=headers))
    for _ in range(3):
        assert await rest.call(routes.channel("GET", "1")) == {"id": "1"}


async def test_patience_waits_for_a_short_limit(serve):
    answers = iter([0.05, 0.05, None])

    def answer(_request: web.Request) -> web.Response:
        wait = next(answers)
        if wait is None:
            return web.json_response([])
        headers = {"Via": "1.1 google", "Retry-After": "1"}
        return web.json_response({**SLOW, "retry_after": wait}, status=429, headers=headers)

    rest = await serve(answer)
    began = asyncio.get_running_loop().time()
    assert await rest.call(routes.messages("GET", "1"), patience=3.0) == []
    assert 0.1 <= asyncio.get_running_loop().time() - began < 2.5


async def test_the_account_asks_no_more_in_a_second_than_discord_takes(serve):
    asked: list[float] = []
    loop = asyncio.get_running_loop()

    def answer(_request: web.Request) -> web.Response:
        asked.append(loop.time())
        return web.json_response({"id": "1"})

    rest = await serve(answer)
    waits: list[float] = []

    async def say(room: int) -> None:
        while True:
            try:
                await rest.call(routes.messages("POST", str(room)), json={"content": "Yes."})
            except ChatBusy as busy:
                waits.append(busy.retry_after)
                await asyncio.sleep(busy.retry_after)
            else:
                return

    async with asyncio.TaskGroup() as group:
        for room in range(60):
            group.create_task(say(room))
    assert len(asked) == 60
    assert waits
    assert max(waits) <= account.SECOND
    sent = account.Calls()
    for at in range(account.MOST):
        assert not sent.wait(at / 100)
        sent.make(at / 100)
    assert sent.wait(0.5) == pytest.approx(0.5)
    assert not sent.wait(1.0)


async def test_signs_that_a_question_was_seen_leave_room_for_answers(serve):
    """A crowd's questions cost two calls each, and Discord refused the answers to them."""
    asked: list[str] = []

    def answer(request: web.Request) -> web.Response:
        asked.append(request.path.rpartition("/")[2])
        return web.json_response({"id": "1"})

    rest = await serve(answer)
    async with asyncio.TaskGroup() as group:
        for room in range(200):
            group.create_task(rest.sign(routes.typing(str(room))))
    assert account.SIGNS.number <= asked.count("typing") == len(asked) <= account.SPARED
    for room in range(account.SPARED):
        await rest.call(routes.messages("POST", str(room)), json={"content": "Yes."})
    assert asked.count("messages") == account.SPARED
