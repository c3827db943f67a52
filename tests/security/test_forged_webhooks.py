"""Posts that are not the platform's: forged, altered, old, sent twice, or another account's.

Through the program's port, behind which the real adapters stand. What is not taken in leaves no
row and no answer; what is the platform's own and comes twice is answered once.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from urllib.parse import urlencode

import pytest

from tests.gateway.page import stored
from tests.security.house import HOOKS, SECOND_SECRET, WEBHOOK_SECRET, Headers, House, house

SECRET = "X-Telegram-Bot-Api-Secret-Token"
SIGNATURE, STAMP = "X-Slack-Signature", "X-Slack-Request-Timestamp"
HEARD = "SELECT count(*) FROM inbox"


@pytest.fixture
async def at(tmp_path) -> AsyncIterator[House]:
    async with house(tmp_path) as made:
        await made.connected()
        yield made


async def heard(folder) -> int:
    (count,) = (await stored(folder, HEARD))[0]
    return int(count)


def message(at: House, text: str = "How do I get there?", ts: str = "1700000000.000100") -> bytes:
    ann = at.slack.person("Ann")
    said = {
        "type": "message",
        "channel": str(getattr(at.slack.dm(ann), "id", at.slack.dm(ann))),
        "channel_type": "im",
        "user": str(getattr(ann, "id", ann)),
        "ts": ts,
        "text": text,
    }
    whole = {"type": "event_callback", "team_id": "T0MOA0001", "event_id": f"Ev{ts}", "event": said}
    return json.dumps(whole).encode()


def dropping(*names: str):
    return lambda headers: {key: each for key, each in headers.items() if key not in names}


def putting(**values: str):
    names = {"signature": SIGNATURE, "stamp": STAMP}
    return lambda headers: headers | {names[key]: each for key, each in values.items()}


def with_another(headers: dict[str, str]) -> Headers:
    """Send a forged signature behind the right one, and say that both are for the same body."""
    return [*headers.items(), (SIGNATURE, "v0=" + "0" * 64)]


FORGED = {
    "no signature": {"change": dropping(SIGNATURE)},
    "no time": {"change": dropping(STAMP)},
    "neither": {"change": dropping(SIGNATURE, STAMP)},
    "a blank signature": {"change": putting(signature="")},
    "a version alone": {"change": putting(signature="v0=")},
    "another version": {"change": lambda h: h | {SIGNATURE: h[SIGNATURE].replace("v0", "v1")}},
    "no version": {"change": lambda h: h | {SIGNATURE: h[SIGNATURE].removeprefix("v0=")}},
    "in capitals": {"change": lambda h: h | {SIGNATURE: h[SIGNATURE].upper()}},
    "cut short": {"change": lambda h: h | {SIGNATURE: h[SIGNATURE][:-1]}},
    "too long": {"change": lambda h: h | {SIGNATURE: h[SIGNATURE] + "0"}},
    "two in one": {"change": lambda h: h | {SIGNATURE: f"v0={'0' * 64},{h[SIGNATURE]}"}},
    "another one behind it": {"change": with_another},
    "another secret": {"secret": "guessed"},
    "the other account's secret": {"secret": SECOND_SECRET},
    "five minutes old": {"late": 301},
    "five minutes early": {"late": -301},
    "a day old": {"late": 86_400},
    "another time than signed": {"change": lambda h: h | {STAMP: str(int(h[STAMP]) + 1)}},
    "a time in words": {"change": putting(stamp="now")},
    "a time beyond all measure": {"change": putting(stamp="9" * 400)},
    "no number": {"change": putting(stamp="nan")},
    "infinity": {"change": putting(stamp="inf")},
}


async def test_no_forged_event_of_slack_comes_in(at, tmp_path):
    body = message(at)
    for name, how in FORGED.items():
        assert (await at.signed(body, **how)).status in {400, 401}, name
    for altered in (body + b" ", body.replace(b"How", b"Who"), b"", b"{}", body[:-1] + b"\x00}"):
        assert (await at.signed(body, sent=altered)).status in {400, 401}
    for kind in ("payload", "ssl_check", "command"):  # what is read before it is known whose it is
        form = urlencode({kind: "1", "token": "x"}).encode()
        await at.signed(form, form=True, secret="guessed")
    challenge = json.dumps({"type": "url_verification", "challenge": "3eZ"}).encode()
    assert b"3eZ" not in (await at.signed(challenge, secret="guessed")).raw
    other = await at.signed(body, path="/second/events")  # signed for the first account
    assert other.status == 401
    assert await heard(tmp_path) == 0
    assert (await at.signed(body)).status == 200  # and the right one does come in
    assert await heard(tmp_path) == 1


async def test_what_is_sent_again_is_answered_once(at, tmp_path):
    body = message(at)
    for late in (0, 0, 60, 299):
        assert (await at.signed(body, late=late)).status == 200
    ann = at.slack.person("Ben")
    command = urlencode(
        {
            "command": "/moa",
            "text": "status",
            "user_id": str(getattr(ann, "id", ann)),
            "channel_id": "D1",
            "team_id": "T0MOA0001",
            "trigger_id": "t1.the-same",
        }
    ).encode()
    for _ in range(3):
        assert (await at.signed(command, form=True)).status == 200
    assert await heard(tmp_path) == 2


UPDATE = {
    "update_id": 7_000_001,
    "message": {
        "message_id": 11,
        "date": 1_700_000_000,
        "chat": {"id": 555, "type": "private", "first_name": "Eve"},
        "from": {"id": 555, "is_bot": False, "first_name": "Eve"},
        "text": "How do I get there?",
    },
}


async def test_no_forged_update_of_telegram_comes_in(at, tmp_path):
    body = json.dumps(UPDATE).encode()
    there = "/telegram/webhook"
    forged: list[Headers] = [
        {},
        *({SECRET: each} for each in ("", " ", "x", "null", WEBHOOK_SECRET[:-1])),
        *({SECRET: each} for each in (f"{WEBHOOK_SECRET}x", WEBHOOK_SECRET.upper())),
        {SECRET: at.telegram.token},
        {"Authorization": f"Bearer {WEBHOOK_SECRET}"},
        {"X-Telegram-Bot-Api-Secret": WEBHOOK_SECRET},
        [(SECRET, "wrong"), (SECRET, WEBHOOK_SECRET)],
        {SECRET: f"wrong, {WEBHOOK_SECRET}"},
    ]
    for headers in forged:
        assert (await at.raw("POST", there, headers, body)).status == 403, headers
    for path in (f"{there}?secret_token={WEBHOOK_SECRET}", f"{there}/{WEBHOOK_SECRET}"):
        assert (await at.raw("POST", path, {}, body)).status in {401, 403}
    for path in ("/slack/webhook", "/telegram", "/telegram/events", "/webhook"):
        assert (await at.raw("POST", path, {SECRET: WEBHOOK_SECRET}, body)).status == 401
    assert await heard(tmp_path) == 0
    for _ in range(3):  # Telegram's own, and sent again
        assert (await at.raw("POST", there, {SECRET: WEBHOOK_SECRET}, body)).status == 200
    assert await heard(tmp_path) == 1


async def test_there_is_no_door_for_interactions_of_discord(at):
    """They come over the connection that the bot opens itself, with its token, and TLS."""
    posts = {path for method, path in at.routes() if method == "POST"}
    assert {path for path in posts if not path.startswith(("/api/", "/v1/"))} == HOOKS
    ping = {"X-Signature-Ed25519": "0" * 128, "X-Signature-Timestamp": "1700000000"}
    for path in ("/discord/interactions", "/discord/events", "/discord/webhook", "/interactions"):
        answer = await at.raw("POST", path, ping, b'{"type": 1}')
        assert answer.status == 401
        assert b'"type": 1}' not in answer.body
