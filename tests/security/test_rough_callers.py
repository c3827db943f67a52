"""Callers who mean to tie the program up: bodies and heads that never end, crowds, two in one.

Nothing of this needs a token. What is asked for by those who have one goes on meanwhile.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from gateway.http import app, bodies, doorstep, hooks
from tests.gateway.harness import TOKEN
from tests.gateway.page import Page, answered, answers
from tests.patience import PATIENCE
from tests.security.house import HOOKS, KEY, House, house

OWNER = {"Authorization": f"Bearer {TOKEN}"}
SAY = "/api/conversations/conversation-1/messages"
FEW = 8


@pytest.fixture
async def at(tmp_path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


async def test_a_body_is_not_waited_for_before_somebody_is_let_in(at):
    for method, path in at.routes():
        if path in HOOKS or method in {"GET", "HEAD"}:
            continue
        for length in ({"Content-Length": "99999999999"}, {"Transfer-Encoding": "chunked"}):
            answer = await at.raw(method, path, length, whole=False)
            assert answer.status == 401, (method, path, length)


async def test_a_body_that_is_too_long_is_refused_and_not_read_to_its_end(at):
    big = b"x" * (hooks.BODY_BYTES + 1)
    for path in HOOKS:
        endless = await at.raw("POST", path, {"Content-Length": "99999999999"}, whole=False)
        assert endless.status == 413
        assert (await at.raw("POST", path, body=big, whole=False)).status == 413
    for path, token in ((SAY, TOKEN), ("/v1/chat/completions", KEY)):
        headers = {"Authorization": f"Bearer {token}", "Content-Length": str(2**40)}
        more = b"x" * (bodies.BODY_BYTES + 70_000)
        assert (await at.raw("POST", path, headers, more, whole=False)).status == 413, path


async def test_a_body_that_unfolds_without_end_is_refused(at):
    bomb = gzip.compress(bytes(64 * 1024 * 1024))
    assert len(bomb) < hooks.BODY_BYTES
    packed = {"Content-Encoding": "gzip"}
    for path in HOOKS:
        assert (await at.raw("POST", path, packed, bomb, whole=False)).status == 413
    for path in (SAY, "/v1/chat/completions"):
        answer = await at.raw("POST", path, packed | OWNER, bomb, whole=False)
        assert answer.status in {400, 413}, path


async def test_a_body_of_a_platform_that_does_not_come_is_given_up(at, monkeypatch):
    monkeypatch.setattr(hooks, "BODY_SECONDS", 0.2)
    for path in HOOKS:
        answer = await at.raw("POST", path, {"Content-Length": "100"}, b'{"a":', whole=False)
        assert answer.status == 408, path


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nX: "])
async def test_a_head_that_does_not_end_is_given_up(tmp_path, monkeypatch, begun):
    monkeypatch.setattr(app, "IDLE_SECONDS", 0.3)
    async with house(tmp_path) as at:
        assert (await at.talk(begun)).status in {0, 400, 408}


HEADS = {
    "a header of 64 kB": b"X: " + b"a" * 65_536 + b"\r\n",
    "a thousand headers": b"".join(b"X-%d: a\r\n" % each for each in range(1000)),
    "two lengths": b"Content-Length: 3\r\nContent-Length: 5\r\n",
    "a length and pieces": b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    "a length below zero": b"Content-Length: -1\r\n",
    "a length in words": b"Content-Length: +3\r\n",
    "a blank before the colon": b"Content-Length : 3\r\n",
    "a folded line": b"X: a\r\n Content-Length: 3\r\n",
    "pieces of another kind": b"Transfer-Encoding: xchunked\r\n",
    "pieces twice": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "a line that is none": b"nonsense\r\n",
    "a null byte": b"X: a\x00b\r\n",
}


@pytest.mark.parametrize("name", HEADS)
async def test_one_request_is_never_taken_for_two(at, name):
    inner = f"GET /api/status HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\n{_line(OWNER)}\r\n"
    for body in (f"0\r\n\r\n{inner}", f"abc{inner}"):
        head = f"POST {SAY} HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\n{_line(OWNER)}".encode()
        answer = await at.talk(head + HEADS[name] + b"\r\n" + body.encode())
        assert answer.count == 1, answer.raw[:500]
        assert answer.status == 400
        assert b"default_preset" not in answer.raw


async def test_a_program_sends_no_more_bodies_at_once_than_it_may_have_answers(tmp_path):
    key = {"Authorization": f"Bearer {KEY}"}
    async with house(tmp_path, "limits: {running: 2}\n") as at, AsyncExitStack() as stack:
        for _ in range(2):
            _, writer = await asyncio.open_connection("127.0.0.1", at.port)
            stack.callback(writer.close)
            head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\n"
            writer.write(f"{head}{_line(key)}Content-Length: 20000000\r\n\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            while (await at.raw("POST", "/v1/chat/completions", key, b"[")).status != 429:
                continue  # both have to be there first
        endless = {**key, "Content-Length": "20000000"}
        assert (await at.raw("POST", "/v1/chat/completions", endless, whole=False)).status == 429
        await stack.aclose()
        async with asyncio.timeout(PATIENCE):
            while (await at.raw("POST", "/v1/chat/completions", key, b"[")).status != 400:
                continue  # who has gone holds nothing


async def test_what_programs_send_at_once_has_an_end_and_one_key_leaves_room_for_others(
    at, monkeypatch
):
    monkeypatch.setattr(bodies, "ROOM", 4 * bodies.LEAST)
    begun, there = {"Content-Length": "70000"}, "/v1/chat/completions"
    key = {"Authorization": f"Bearer {KEY}"}
    async with AsyncExitStack() as stack:
        _, writer = await asyncio.open_connection("127.0.0.1", at.port)
        stack.callback(writer.close)
        head = f"POST {there} HTTP/1.1\r\nHost: 127.0.0.1:{at.port}\r\n"
        writer.write(f"{head}{_line({**key, **begun})}\r\n".encode())
        async with asyncio.timeout(PATIENCE):
            while (await at.raw("POST", there, key, b"[")).status != 503:
                continue  # it has to be there first
        assert (await at.raw("POST", there, {**key, **begun}, whole=False)).status == 503
        packed = {"Content-Encoding": "gzip", **OWNER}
        assert (await at.raw("POST", there, packed, b"x", whole=False)).status == 503
        assert (await at.raw("POST", there, OWNER, b"[")).status == 400


def _line(headers: dict[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


async def test_a_crowd_at_the_door_does_not_keep_anybody_out(at, monkeypatch):
    monkeypatch.setattr(doorstep, "MOST_STRANGERS", FEW)
    async with AsyncExitStack() as stack:
        page = await stack.enter_async_context(Page.of(at.gateway))
        events = await stack.enter_async_context(page.http.get(f"{page.path}/events"))
        crowd = []
        for number in range(10 * FEW):
            reader, writer = await asyncio.open_connection("127.0.0.1", at.port)
            stack.callback(writer.close)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n" if number % 2 else b"")
            crowd.append(reader)
        await page.say("How do I get there?")
        assert answers(await page.until(answered(1)))
        async with asyncio.timeout(PATIENCE):
            for reader in crowd[: 8 * FEW]:  # the oldest were let go
                assert await _gone(reader)
            assert await events.content.readline()  # who listens was not


async def _gone(reader: asyncio.StreamReader) -> bool:
    try:
        return not await reader.read()
    except ConnectionError:
        return True
