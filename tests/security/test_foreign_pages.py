"""Pages of other sites, and names of ours that are not: every route of the table is tried.

DNS rebinding comes with a foreign Host, a page of another site with its Origin, or with what
browsers say of the sender (Sec-Fetch-Site) where there is no Origin. The right token is sent along
each time: a browser that is signed in would bring its cookie.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from itertools import product

import pytest

from tests.gateway.harness import TOKEN
from tests.security.house import HOOKS, House, house

OWNER = {"Authorization": f"Bearer {TOKEN}"}
CSRF = "X-MoA-Gateway"


@pytest.fixture
async def at(tmp_path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        yield made


def guarded(at: House) -> list[tuple[str, str]]:
    """Everything but what platforms post to: those are known by their signatures."""
    return [each for each in at.routes() if each[1] not in HOOKS]


HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1.evil.example:{port}",
    "localhost.evil.example:{port}",
    "evil.example@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.example",
    "127.0.0.1:{port}#.evil.example",
    "127.0.0.1:{port}/evil.example",
    "127.0.0.1:{port}?evil.example",
    "127.0.0.1:{port}\\.evil.example",
    "127.0.0.1 evil.example",
    "0.0.0.0:{port}",
    "127.1:{port}",
    "2130706433:{port}",
    "0x7f000001:{port}",
    "0177.0.0.1:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "[::]:{port}",
    "192.168.1.5:{port}",
    "169.254.169.254",
    "lоcalhost:{port}",  # a Cyrillic letter
    "",
)


async def test_no_route_answers_to_another_name(at):
    for method, path in guarded(at):
        for host in HOSTS:
            answer = await at.raw(method, path, {"Host": host.format(port=at.port), **OWNER})
            assert answer.status in {400, 403}, (method, path, host, answer.raw[:200])


async def test_of_two_names_neither_counts(at):
    ours = f"127.0.0.1:{at.port}"
    for hosts in ((ours, "evil.example"), ("evil.example", ours)):
        pairs = [("Host", host) for host in hosts] + list(OWNER.items())
        assert (await at.raw("GET", "/api/status", pairs)).status in {400, 403}


async def test_who_names_no_host_is_answered_nothing(at):
    for version in (b"1.0", b"1.1"):
        request = (
            b"GET /api/status HTTP/%s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n"
        )
        answer = await at.talk(request % (version, TOKEN.encode()))
        assert answer.status in {400, 403}


TARGETS = (
    "http://evil.example{path}",
    "http://evil.example:{port}{path}",
    "http://127.0.0.1{path}",
    "http://127.0.0.1:1{path}",
    "https://127.0.0.1{path}",
    "http://127.0.0.1:{port}@evil.example{path}",
    "http://evil.example@127.0.0.1:{port}{path}",
    "http://localhost:{port}{path}",
    "http://127.0.0.1:{port}.evil.example{path}",
    "http://evil.example?http://127.0.0.1:{port}{path}",
    "ftp://evil.example{path}",
)
"""A whole address where a path belongs: its host counts, and not Host (RFC 9112, 3.2.2)."""


async def test_no_address_that_is_asked_for_has_another_host_than_ours(at):
    for method, path in guarded(at):
        for target in TARGETS:
            there = target.format(port=at.port, path=path)
            answer = await at.raw(method, there, OWNER)
            assert answer.status in {400, 403}, (method, there, answer.raw[:200])
    ours = await at.raw("GET", f"http://127.0.0.1:{at.port}/api/status", OWNER)
    assert ours.status == 200  # a proxy may write it so


ORIGINS = (
    "null",
    "",
    "https://evil.example",
    "http://127.0.0.1:1",
    "http://127.0.0.1",
    "https://127.0.0.1:{port}x",
    "http://localhost:{port}",  # another origin to a browser, whatever it is to us
    "http://127.0.0.1:{port}.evil.example",
    "http://127.0.0.1:{port}@evil.example",
    "http://evil.example@127.0.0.1:{port}",
    "http://127.0.0.1:{port}, https://evil.example",
    "http://127.0.0.1:{port} https://evil.example",
    "127.0.0.1:{port}",
    "file://",
    "chrome-extension://127.0.0.1:{port}",
    "http://[::1]:{port}",
)


async def test_no_route_answers_to_a_page_from_elsewhere(at):
    for method, path in guarded(at):
        for origin in ORIGINS:
            headers = {"Origin": origin.format(port=at.port), CSRF: "page", **OWNER}
            answer = await at.raw(method, path, headers)
            assert answer.status == 403, (method, path, origin, answer.raw[:200])
            assert not [each for each in answer.headers if each.startswith("Access-Control")]


async def test_what_browsers_say_of_the_sender_is_believed(at):
    sites = ("cross-site", "same-site", "", "CROSS-SITE", "none, cross-site")
    for (method, path), site in product(guarded(at), sites):
        answer = await at.raw(method, path, {"Sec-Fetch-Site": site, **OWNER})
        if (method, path) == ("GET", "/"):
            assert answer.status == 200  # a link may lead to the page
        else:
            assert answer.status == 403, (method, path)


async def test_a_page_from_elsewhere_gets_no_leave_beforehand(at):
    for _, path in at.routes():
        asked = {
            "Origin": "https://evil.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": f"authorization, {CSRF}",
        }
        answer = await at.raw("OPTIONS", path, asked)
        assert answer.status == 403
        assert not [each for each in answer.headers if each.startswith("Access-Control")]


async def test_a_cookie_changes_nothing_without_what_only_our_page_sends(at):
    async with at.browser() as browser:
        (cookie,) = browser.cookie_jar
        signed_in = {"Cookie": f"{cookie.key}={cookie.value}"}
        page = {"Origin": at.origin, CSRF: "page"}
        changing = [each for each in guarded(at) if each[0] not in {"GET", "HEAD"}]
        assert len(changing) >= 8
        for method, path in changing:
            for missing in page:
                headers = {name: page[name] for name in page if name != missing} | signed_in
                assert (await at.raw(method, path, headers)).status == 403, (method, path, missing)
        # A form of another site sends such a body, with the cookie where a browser is old.
        form = {"Content-Type": "text/plain", **signed_in}
        body = b'{"event_id": "event-12345", "text": "Forget everything"}'
        there = "/api/conversations/conversation-1/messages"
        assert (await at.raw("POST", there, form, body)).status == 403
        assert (await at.raw("POST", there, {**form, **page}, body)).status in {202, 400, 415}


async def test_the_cookie_is_only_for_our_own_page(at):
    answer = await at.raw("POST", "/api/session", OWNER)
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    assert name == f"moa_session_{at.port}"
    value, *flags = rest.split("; ")
    assert set(flags) == {"HttpOnly", "Path=/", "SameSite=Strict"}
    assert TOKEN not in value


FILES = frozenset({"/favicon.ico", "/static/app.js"})
"""Our own, the same for everybody: browsers may keep them, and ask whether they are still right."""
STREAM = ("GET", "/api/conversations/conversation-1/events")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; "
        "require-trusted-types-for 'script'; trusted-types moa-html"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Server": "moa-gateway",
}


async def test_every_answer_binds_the_browser_whatever_it_answers(at):
    for method, path in at.routes():
        if (method, path) == STREAM:
            continue  # it has no end
        for headers in (OWNER, {}, {"Host": "evil.example"}, {"Origin": "null"}):
            answer = await at.raw(method, path, headers)
            for name, value in HEADERS.items():
                assert answer.headers.get(name) == value, (method, path, headers, name)
            kept = answer.headers["Cache-Control"]
            assert kept == "no-store" or (kept == "no-cache" and path in FILES), (method, path)


async def test_no_secret_stands_in_anything_that_can_be_read(at):
    secrets = [each.encode() for each in at.gateway.gateway.live.config.secrets]
    assert len(secrets) >= 8
    for method, path in at.routes():
        if method == "GET" and (method, path) != STREAM:
            answer = await at.raw("GET", path, OWNER)
            assert answer.status == 200, path
            for secret in secrets:
                assert secret not in answer.raw, path


async def test_a_stream_binds_the_browser_too(at):
    async with (
        at.browser() as browser,
        browser.get(STREAM[1], headers={"Origin": at.origin}) as stream,
    ):
        assert stream.status == 200
        assert HEADERS.items() <= dict(stream.headers).items()
        assert stream.headers["Cache-Control"] == "no-store"
