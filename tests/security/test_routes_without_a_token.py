"""Every route of the program's own table is tried without a token, and with one that is not for it.

A route that is added is in the table, and so it is tried here, too: whoever adds one that is open
has to say so below.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product

import pytest

from tests.gateway.harness import TOKEN
from tests.security.house import HOOKS, KEY, House, house

OPEN = frozenset({"/healthz", "/readyz", "/favicon.ico", "/static/app.js"})
"""Whoever comes may read these; they hold nothing."""
KEYS = "/v1/"
"""What keys of programs are good for."""
REFUSED = frozenset({400, 401, 403, 404, 405})
METHODS = [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "PROPFIND",
]


@pytest.fixture
async def at(tmp_path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


def closed(at: House) -> list[tuple[str, str]]:
    return [(method, path) for method, path in at.routes() if path not in OPEN | HOOKS]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


NOBODY = [
    {},
    *map(bearer, ("", " ", "wrong", "None", "null", "*", f"{TOKEN}x", TOKEN[:-1])),
    *map(bearer, (TOKEN.upper(), f"{TOKEN}\t{TOKEN}", f"'{TOKEN}'", f"{KEY},{TOKEN}")),
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
    {"X-Api-Key": TOKEN, "X-Forwarded-User": "owner", "X-Forwarded-For": "127.0.0.1"},
    {"Cookie": f"moa_session={TOKEN}"},
    {"Cookie": "moa_session_{port}={token}"},
    {"Cookie": "moa_session_{port}=9999999999.x.0"},
]


async def test_every_route_wants_credentials_but_those_that_hold_nothing(at):
    tried = closed(at)
    assert len(tried) >= 20, tried
    for method, path in tried:
        for headers in NOBODY:
            sent = {
                name: value.replace("{port}", str(at.port)).replace("{token}", TOKEN)
                for name, value in headers.items()
            }
            answer = await at.raw(method, path, sent)
            assert answer.status == 401, (method, path, sent)
            assert TOKEN.encode() not in answer.raw
            if path == "/":
                assert b"Please sign in" in answer.body
            else:
                assert answer.headers["WWW-Authenticate"] == "Bearer"


async def test_what_is_open_holds_nothing(at):
    for path in sorted(OPEN):
        answer = await at.raw("GET", path)
        assert answer.status == 200
        found = answer.raw.decode("latin-1")
        for told in (TOKEN, KEY, "Set-Cookie", "Go by train."):
            assert told not in found, (path, told)


async def test_a_key_of_programs_opens_v1_and_nothing_else(at):
    for method, path in closed(at):
        answer = await at.raw(method, path, bearer(KEY))
        if path.startswith(KEYS):
            assert answer.status not in {401, 403}, (method, path)
        elif path != "/":  # a page without data
            assert answer.status == 403, (method, path)


async def test_the_cookie_of_a_browser_changes_nothing_on_v1_by_itself(at):
    async with (
        at.browser() as browser,
        browser.post("/v1/chat/completions", data=b"{}", headers={"Origin": at.origin}) as answer,
    ):
        assert answer.status == 403


async def test_no_other_method_is_a_way_around(at):
    paths = sorted({path for _, path in at.routes()} - HOOKS)
    for path, method in product(paths, METHODS):
        for more in ({}, {"X-HTTP-Method-Override": "GET"}, {"X-HTTP-Method": "DELETE"}):
            answer = await at.raw(method, path, more)
            if path in OPEN and method in {"GET", "HEAD"}:
                assert answer.status == 200
            else:
                assert answer.status in REFUSED, (method, path)


TRICKS = (
    "/{0}",
    "//{0}",
    "/./{0}",
    "/static/../{0}",
    "/static/..%2f{0}",
    "/static/%2e%2e/{0}",
    "/static/%2e%2e%2f{0}",
    "/static/..;/{0}",
    "/static\\..\\{0}",
    "/healthz/../{0}",
    "/healthz/..;/{0}",
    "/healthz%2f..%2f{0}",
    "/favicon.ico/../{0}",
    "/v1/../{0}",
    "/v1/..%2f{0}",
    "/v1/%2e%2e/{0}",
    "/slack/events/../../{0}",
    "/{0}/",
    "/{0}//",
    "/{0}/.",
    "/{0};/healthz",
    "/{0}%00",
    "/{0}%00.css",
    "/{0}%20",
    "/{0}?/static/app.js",
    "/{0}#/static/app.js",
    "/{0}/../../static/app.js/../../{0}",
    "http://127.0.0.1:{port}/{0}",
    "http://evil.example/{0}",
    "http://127.0.0.1:{port}/static/../{0}",
)


@pytest.mark.parametrize("credentials", ["none", "key"])
async def test_no_way_of_writing_a_path_is_a_way_around(at, credentials):
    headers = bearer(KEY) if credentials == "key" else {}
    routes = [each for each in closed(at) if each[1] != "/"]
    for method, path in routes:
        if credentials == "key" and path.startswith(KEYS):
            continue
        for trick in TRICKS:
            there = trick.replace("{port}", str(at.port)).replace("{0}", path.lstrip("/"))
            answer = await at.raw(method, there, headers)
            assert answer.status in REFUSED, (method, there, answer.raw[:200])
        written = (path.upper(), path.title(), path.replace("a", "%61"), path.replace("/", "%2F"))
        for there in written:
            answer = await at.raw(method, there, headers)
            assert answer.status in REFUSED, (method, there, answer.raw[:200])


async def test_no_file_but_the_pages_own_is_served(at):
    for path in ("gateway.yaml", "..", "../app.py", "..%2fapp.py", "%2e%2e/%2e%2e/walls.py", "%00"):
        for start in ("/static/", "/static//", "/static/./", "//static/"):
            answer = await at.raw("GET", start + path, bearer(TOKEN))
            assert answer.status in REFUSED, (start + path, answer.raw[:200])
    for path in ("/static", "/static/"):
        assert (await at.raw("GET", path, bearer(TOKEN))).status in REFUSED
