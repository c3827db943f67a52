"""What no request gets past, whatever it asks for: one test for each control."""

import pytest
from yarl import URL

from gateway.http.app import HttpParts, build_app, serve
from gateway.http.auth import Auth
from tests.gateway.http.conftest import CSRF, TOKEN

OPEN = {"/healthz", "/readyz", "/favicon.ico", "/", "/static"}


def routes(app):
    for route in app.router.routes():
        info = route.resource.get_info()
        path = info.get("path") or info.get("formatter") or str(info["prefix"])
        yield route.method, path.replace("{id}", "conversation-1")


async def test_every_route_but_health_and_files_needs_credentials(house):
    closed = [(method, path) for method, path in routes(house.app) if path not in OPEN]
    assert len(closed) >= 12
    for method, path in closed:
        async with house.http.request(method, path, headers=house.page) as got:
            assert got.status == 401, (method, path)
            assert got.headers["WWW-Authenticate"] == "Bearer"


async def test_what_does_not_exist_needs_credentials_too(house):
    async with house.http.get("/wp-admin") as got:
        assert got.status == 401
    async with house.http.get("/wp-admin", headers=house.bearer) as got:
        assert got.status == 404
        assert (await got.json())["error"]["message"] == "Not Found"


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:{port}",
        "127.0.0.1:1",
        "127.0.0.1",
        "localhost.evil.example:{port}",
        "192.168.1.5:{port}",
        "[::2]:{port}",
        "a@b:c:d",
        "169.254.169.254",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/conversations", "/healthz", "/static/app.js"])
async def test_another_host_s_name_is_refused(house, host, path):
    headers = {"Host": host.format(port=house.server.port), **house.bearer}
    async with house.http.get(path, headers=headers) as got:
        assert got.status == 403


@pytest.mark.parametrize(
    "host", ["localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}", "chat.example"]
)
async def test_our_own_names_are_not(house, host):
    headers = {"Host": host.format(port=house.server.port), **house.bearer}
    async with house.http.get("/api/conversations", headers=headers) as got:
        assert got.status == 200


async def test_a_server_on_every_address_takes_addresses_and_no_names(house):
    app = build_app(HttpParts(auth=Auth(TOKEN), bind="0.0.0.0", unready=lambda: ""))
    server = await serve(app, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.port}/healthz"
    for host, status in {"10.0.0.7:9000": 200, "localhost:9000": 200, "evil.example": 403}.items():
        async with house.http.get(url, headers={"Host": host}) as got:
            assert got.status == status, host
    await server.close()


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://127.0.0.1:1",
        "http://localhost",
        "http://[",
        "file://",
    ],
)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/conversations"),
        ("GET", "/api/conversations/conversation-1/events"),
        ("GET", "/api/conversations"),
        ("DELETE", "/api/session"),
        ("POST", "/api/session"),
    ],
)
async def test_another_site_s_page_is_refused(house, origin, method, path):
    await house.sign_in()
    headers = {**house.page, "Origin": origin}
    async with house.http.request(method, path, headers=headers) as got:
        assert got.status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/api/conversations"), ("GET", "/api/conversations/conversation-1/events")],
)
async def test_what_the_browser_says_of_the_sender_is_believed(house, site, method, path):
    await house.sign_in()
    async with house.http.request(
        method, path, headers={**house.page, "Sec-Fetch-Site": site}
    ) as got:
        assert got.status == 403


async def test_a_link_on_another_site_may_lead_to_the_page(house):
    async with house.http.get("/", headers={"Sec-Fetch-Site": "cross-site"}) as got:
        assert got.status == 401


@pytest.mark.parametrize("missing", ["Origin", CSRF])
async def test_a_cookie_alone_changes_nothing(house, missing):
    await house.sign_in()
    headers = {name: value for name, value in house.page.items() if name != missing}
    async with house.http.post("/api/conversations", headers=headers) as got:
        assert got.status == 403
    async with house.http.post("/api/conversations", headers=house.page) as got:
        assert got.status == 201


async def test_a_program_with_the_token_needs_neither(house):
    async with house.http.post("/api/conversations", headers=house.bearer) as got:
        assert got.status == 201


@pytest.mark.parametrize(
    "path", ["/", "/api/conversations", "/healthz", "/static/app.js", "/nowhere"]
)
async def test_every_answer_binds_the_browser(house, path):
    async with house.http.get(path, headers=house.bearer) as got:
        headers = got.headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == ("no-cache" if "static" in path else "no-store")
    assert headers["Server"] == "moa-gateway"
    assert "Access-Control-Allow-Origin" not in headers


async def test_no_page_says_a_secret(house):
    await house.sign_in()
    for path in ("/", "/api/status", "/api/conversations", "/api/conversations/conversation-1"):
        async with house.http.get(path) as got:
            assert got.status == 200
            assert TOKEN not in await got.text() + str(got.headers)


async def test_what_was_not_expected_leaves_as_a_number_and_nothing_else(house):
    async with house.http.get("/broken", headers=house.bearer) as got:
        assert got.status == 500
        text = await got.text()
    assert "a secret of ours" not in text
    assert "the log says what" in text


@pytest.mark.parametrize(
    "path", ["/favicon.ico", "/static/icon.svg", "/static/app.js", "/static/base.css"]
)
async def test_the_page_s_files_are_there_with_their_types(house, path):
    async with house.http.get(path) as got:
        assert got.status == 200
        wanted = {"ico": "icon", "svg": "image/svg+xml", "js": "javascript", "css": "text/css"}
        assert wanted[path.rpartition(".")[2]] in got.headers["Content-Type"]


@pytest.mark.parametrize(
    "path", ["/static/", "/static/../app.py", "/static/%2e%2e/app.py", "/static/%2e%2e%2fapp.py"]
)
async def test_nothing_but_the_page_s_files_is_served(house, path):
    async with house.http.get(URL(house.origin + path, encoded=True), headers=house.bearer) as got:
        assert got.status in {403, 404}
