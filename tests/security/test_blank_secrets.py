"""A secret that is blank is a mistake, or closes what it is for: never "no check".

Every key that is a secret is found in the types of the file. Whoever adds one has to say below
what becomes of it when it is blank.
"""

from __future__ import annotations

from itertools import product

import pytest

from core.errors import ConfigError
from gateway import config as configuration
from tests.gateway.harness import TOKEN
from tests.security.house import WEBHOOK_SECRET, House, house
from tests.security.secret_keys import Path, secret_keys

BASE = """
providers:
  p: {{api: scripted, answers: {{big: Yes.}}}}
  {provider}
moa: {{presets: {{alone: {{enabled: false, aggregator: {{provider: p, model: big}}}}}}}}
access: {{allow: [telegram:1]}}
{more}
"""
TELEGRAM = "telegram: {{token: {it}, mode: webhook, public_url: https://bot.example.org}}"
REFUSED: dict[Path, str] = {
    ("platforms", "*discord", "token"): "platforms: {{discord: {{token{it}}}}}",
    ("platforms", "*slack", "app_token"): "platforms: {{slack: {{bot_token: x, app_token{it}}}}}",
    ("platforms", "*slack", "bot_token"): "platforms: {{slack: {{bot_token{it}, app_token: x}}}}",
    ("platforms", "*slack", "signing_secret"): (
        "platforms: {{slack: {{bot_token: x, mode: http, signing_secret{it}}}}}"
    ),
    ("platforms", "*telegram", "token"): "platforms: {{telegram: {{token{it}}}}}",
    ("http", "token"): "http: {{host: 0.0.0.0, token{it}}}",
}
"""The program does not start."""
CLOSED: frozenset[Path] = frozenset(
    {
        ("http", "keys", "*", "token"),  # the key opens nothing
        ("platforms", "*telegram", "webhook_secret"),  # one is made of the bot's token
        ("providers", "*chat_completions", "api_key"),  # the provider is not asked (MOA-7)
        ("providers", "*messages", "api_key"),
        ("providers", "*responses", "api_key"),
    }
)
SENT: frozenset[Path] = frozenset(
    {
        *(("providers", f"*{api}", "headers", "*") for api in ("chat_completions", "messages")),
        *(
            ("providers", f"*{api}", "headers", "*")
            for api in ("responses", "embedded", "scripted")
        ),
        ("tools", "servers", "*", "env", "*"),
        ("tools", "servers", "*", "headers", "*"),
    }
)
"""What we show to others: whoever is shown a blank one has to refuse it."""
BLANKS = (': ""', ': " "', ': "\\t"', ': "\\n"', ":", ": null", ': "${{BLANK}}"', ': "${{BLANKS}}"')
ENVIRON = {"BLANK": "", "BLANKS": "  "}


def test_it_is_decided_for_every_secret_what_a_blank_one_means():
    assert {*REFUSED, *CLOSED, *SENT} == secret_keys()


@pytest.mark.parametrize("path", REFUSED)
def test_no_platform_and_no_open_address_starts_with_a_blank_secret(path, tmp_path):
    empty = tmp_path / "empty"
    for text in ("", " \n", "\n\n"):
        empty.write_text(text)
        _refused(path, f"_file: {empty}")
    for blank in BLANKS:
        _refused(path, blank.format())


def _refused(path: Path, blank: str) -> None:
    text = BASE.format(provider="", more=REFUSED[path].format(it=blank))
    with pytest.raises(ConfigError, match=path[-1]):
        configuration.parse(text, "config.yaml", ENVIRON)


@pytest.mark.parametrize("api", ["chat_completions", "messages", "responses"])
def test_a_provider_with_a_blank_key_is_not_asked(api):
    for blank in BLANKS:
        if blank in {":", ": null"}:
            continue  # left out, which means that none is sent
        key = f"q: {{api: {api}, base_url: http://127.0.0.1:9, api_key{blank.format()}}}"
        more = "defaults: {preset: asking}"
        text = BASE.format(provider=key, more=more).replace(
            "presets: {",
            "presets: {asking: {enabled: false, aggregator: {provider: q, model: m}}, ",
        )
        config = configuration.parse(text, "config.yaml", ENVIRON)
        assert "no key" in config.unavailable(config.catalogue.presets["asking"]), blank


async def blank_doors(at: House) -> None:
    """Come with nothing, and with what is nothing."""
    nothing = ("", " ", "\t", '""', "''", "None", "null", "undefined", "0")
    for value in nothing:
        for headers in ({"Authorization": f"Bearer {value}"}, {"Authorization": value}):
            for path in ("/v1/models", "/api/status", "/metrics"):
                assert (await at.raw("GET", path, headers)).status == 401, (path, headers)
        header = {"X-Telegram-Bot-Api-Secret-Token": value}
        assert (await at.raw("POST", "/telegram/webhook", header, b"{}")).status == 403
        for path, stamp in product(("/slack/events", "/second/events"), ("", "0", "9999999999")):
            signed = {"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": value}
            assert (await at.raw("POST", path, signed, b"{}")).status in {400, 401}
    assert (await at.raw("POST", "/telegram/webhook", {}, b"{}")).status == 403
    assert (await at.raw("POST", "/slack/events", {}, b"{}")).status in {400, 401}


async def test_nothing_opens_no_door_whatever_is_blank(tmp_path, monkeypatch):
    async with house(tmp_path) as at:
        await blank_doors(at)
    _blank(monkeypatch, f"webhook_secret: {WEBHOOK_SECRET}", 'webhook_secret: ""')
    async with house(tmp_path) as at:
        await blank_doors(at)


async def test_a_token_left_blank_on_this_machine_is_made_and_asked_for(
    tmp_path, monkeypatch, capfd
):
    _blank(monkeypatch, f"token: {TOKEN}", 'token: ""')
    async with house(tmp_path) as at:
        await blank_doors(at)
        made = capfd.readouterr().err.rpartition("next start: ")[2].split()[0]
        assert len(made) >= 32
        answer = await at.raw("GET", "/api/status", {"Authorization": f"Bearer {made}"})
        assert answer.status == 200


def _blank(monkeypatch: pytest.MonkeyPatch, key: str, blank: str) -> None:
    parse = configuration.parse

    def blanked(text: str, *more):
        assert key in text
        return parse(text.replace(key, blank), *more)

    monkeypatch.setattr(configuration, "parse", blanked)
