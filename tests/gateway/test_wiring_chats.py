"""Shows that each configured account becomes a chat with its own settings, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest

from core.errors import ConfigError
from core.records import Standing
from gateway import config as configuration
from gateway import wiring
from gateway.clock import SystemClock
from tests.fakes.memory_store import MemoryStore

TEXT = """
providers: {p: {api: scripted, answers: {"*": "Yes."}}}
moa: {presets: {review: {enabled: false, aggregator: {provider: p, model: m}}}}
"""
TELEGRAM = "telegram: {token: '123456:abcdef'}"
WEBHOOK = (
    "eu: {type: telegram, token: '123456:abcdef', mode: webhook, "
    "public_url: 'https://bot.example.org/moa/'}"
)
DISCORD = "discord: {token: abcdefgh}"
SLACK = "slack: {bot_token: xoxb-1, app_token: xapp-1}"
EVENTS = "slack: {bot_token: xoxb-1, signing_secret: abcdefgh, mode: http}"


async def standing(platform, user, workspaces):
    return Standing(preset="review", presets=("review",), dollars=Decimal(0), turns=0)


PARTS = wiring.ChatParts(
    clock=SystemClock(),
    config=lambda: configuration.parse(TEXT, "config.yaml", {}),
    presets=lambda _: ("review",),
    gaps=MemoryStore(),
    standing=standing,
)


def opened(*platforms: str) -> tuple[wiring.Messenger, ...]:
    text = TEXT + "platforms: {" + ", ".join(platforms) + "}"
    return wiring.open_chats(configuration.parse(text, "config.yaml", {}), PARTS)


@pytest.mark.parametrize(
    ("platform", "name", "hooks"),
    [
        (TELEGRAM, "telegram", []),
        (WEBHOOK, "eu", ["/eu/webhook"]),
        (DISCORD, "discord", []),
        (SLACK, "slack", []),
        (EVENTS, "slack", ["/slack/events"]),
    ],
)
async def test_an_account_becomes_a_chat(platform, name, hooks):
    (chat,) = opened(platform)
    assert chat.platform == name
    assert list(chat.hooks) == hooks


async def test_the_web_is_no_messenger():
    assert opened("web: {enabled: true}") == ()
    assert [each.platform for each in opened(TELEGRAM, DISCORD, SLACK)] == [
        "telegram",
        "discord",
        "slack",
    ]


IMPORT = """
import sys
{block}
from gateway import config, wiring
wiring.import_chats(config.parse({text!r}, "config.yaml", {{}}))
print(sorted(sys.modules.keys() & {{"telegram", "discord", "slack_bolt", "slack_sdk"}}))
"""


def imported(platforms: str, block: str = "") -> subprocess.CompletedProcess[str]:
    code = IMPORT.format(block=block, text=f"{TEXT}platforms: {{{platforms}}}")
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("platforms", "libraries"),
    [("web: {}", []), (TELEGRAM, ["telegram"]), (DISCORD, ["discord"])],
)
def test_only_what_is_configured_is_imported(platforms, libraries):
    assert imported(platforms).stdout == f"{libraries}\n"


def test_a_library_that_is_missing_is_named_with_what_installs_it():
    done = imported(TELEGRAM, 'sys.modules["telegram"] = None')
    assert "pip install 'moa-gateway[telegram]'" in done.stderr
    assert ConfigError.__name__ in done.stderr


def test_nothing_brings_colours_along_that_nobody_asked_for():
    code = (
        "import sys\n"
        "from gateway.cli.lean import without\n"
        "with without('rich', 'pygments'):\n"
        "    import structlog, adapters.chat.telegram\n"
        "assert 'rich' not in sys.modules, 'rich is there'\n"
        "import rich.console\n"  # whoever wants it has it
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=False)
    assert done.returncode == 0
