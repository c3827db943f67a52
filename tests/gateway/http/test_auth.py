"""Who gets in: one-time codes, cookies, tokens, and what none of them is good for twice."""

import pytest

from core.errors import ConfigError
from gateway.http.auth import MOST_CODES, SESSION_SECONDS, Auth
from tests.fakes.clock import FakeClock
from tests.gateway.http.conftest import KEY, TOKEN


async def test_a_code_opens_the_page_once_and_vanishes_from_the_address(house):
    code = house.auth.issue_code()
    async with house.http.get(f"/?code={code}") as got:
        assert got.status == 200
        assert str(got.url) == f"{house.origin}/"
        assert 'id="question"' in await got.text()
    house.http.cookie_jar.clear()
    async with house.http.get(f"/?code={code}") as got:
        assert got.status == 401
        text = await got.text()
    assert "used already" in text
    assert "start MoA Gateway again" in text


async def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(house):
    async with house.http.get(f"/?code={house.auth.issue_code()}", allow_redirects=False) as got:
        cookie = got.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert TOKEN not in cookie


async def test_looking_ahead_does_not_spend_a_code(house):
    code = house.auth.issue_code()
    async with house.http.head(f"/?code={code}") as got:
        assert got.status == 405
    async with house.http.get(f"/?code={code}") as got:
        assert got.status == 200


async def test_who_is_in_already_may_open_a_used_link_again(house):
    code = house.auth.issue_code()
    for _ in range(2):
        async with house.http.get(f"/?code={code}") as got:
            assert got.status == 200


async def test_a_stranger_is_told_how_to_get_in_and_nothing_else(house):
    async with house.http.get("/") as got:
        assert got.status == 401
        text = await got.text()
    assert "Please sign in" in text
    assert 'id="question"' not in text


async def test_the_owner_s_token_gets_a_browser_its_cookie_and_signing_out_takes_it(house):
    async with house.http.post("/api/session", headers=house.bearer) as got:
        assert got.status == 204
    async with house.http.get("/api/conversations") as got:
        assert got.status == 200
    async with house.http.delete("/api/session", headers=house.page) as got:
        assert got.status == 204
    async with house.http.get("/api/conversations") as got:
        assert got.status == 401


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Bearer",
        "Bearer ",
        f"Bearer {TOKEN}x",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer off",
        f"Bearer {KEY} {KEY}",
    ],
)
async def test_a_wrong_token_is_nobody_even_beside_a_right_cookie(house, value):
    await house.sign_in()
    async with house.http.get("/api/conversations", headers={"Authorization": value}) as got:
        assert got.status == 401
        assert "That is no token of this gateway" in await got.text()


async def test_a_key_is_good_for_v1_only(house):
    key = {"Authorization": f"bearer {KEY}"}
    async with house.http.get("/v1/models", headers=key) as got:
        assert await got.json() == {"name": "ci"}
    for path in ("/api/conversations", "/metrics"):
        async with house.http.get(path, headers=key) as got:
            assert got.status == 403


async def test_new_credentials_end_the_old_ones_and_every_session(house):
    await house.sign_in()
    house.auth.replace("another token")
    async with house.http.get("/api/status") as got:
        assert got.status == 401
    async with house.http.get("/api/status", headers=house.bearer) as got:
        assert got.status == 401


@pytest.mark.parametrize("token", ["", "  ", "\n"])
def test_a_blank_token_is_an_error_and_never_no_check(token):
    with pytest.raises(ConfigError, match="blank"):
        Auth(token)


def test_a_blank_key_is_off():
    auth = Auth("t", {"ci": " "})
    assert auth.caller("Bearer ", None) is None
    assert auth.caller("Bearer  ", None) is None


def test_only_the_newest_codes_stay():
    auth = Auth("t")
    codes = [auth.issue_code() for _ in range(MOST_CODES + 1)]
    assert auth.exchange(codes[0]) is None
    assert auth.exchange(codes[-1]) is not None


def test_nothing_that_a_browser_presents_is_kept_in_the_clear():
    auth = Auth("the token", {"ci": "the key"})
    code, session = auth.issue_code(), auth.open_session()
    kept = repr(vars(auth))
    assert not [each for each in ("the token", "the key", code, session) if each in kept]


def test_a_session_outlives_a_restart_but_not_another_token_nor_its_time_nor_its_end():
    clock = FakeClock()
    auth, again, other = (Auth(token, clock=clock) for token in ("t", "t", "other"))
    session = auth.open_session()
    assert again.caller(None, session) is not None
    assert other.caller(None, session) is None
    auth.close_session(session)
    assert auth.caller(None, session) is None
    clock.advance(SESSION_SECONDS)
    assert again.caller(None, session) is None


@pytest.mark.parametrize(
    "cut", ["", ".", "x", "9999999999.x.y", "9" * 400 + ".a.b", "\udcff.\udcff"]
)
def test_a_session_that_nobody_opened_is_nobody_s(cut):
    auth = Auth("t")
    assert auth.caller(None, cut) is None
    assert auth.caller(None, auth.open_session()[:-1]) is None
    assert auth.caller(None, "9" + auth.open_session()) is None
    auth.close_session(cut)
