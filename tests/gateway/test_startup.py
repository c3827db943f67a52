"""Shows that it starts fast: what is not needed to take in a message is not there yet."""

from __future__ import annotations

import asyncio
import json
import sys

from tests.gateway.harness import process_gateway, running_gateway
from tests.gateway.page import Page, answered, answers

CONFIG = """
    providers:
      fake: {api: scripted, answers: {"*": "Go by train."}}
      paid: {api: chat_completions, base_url: "http://127.0.0.1:9/v1", api_key: "unused"}
    moa:
      presets:
        review:
          reference_models: [{provider: fake, model: a}]
          aggregator: {provider: fake, model: big}
"""
LATER = (
    "genai_prices",
    "xllamacpp",
    "telegram",
    "discord",
    "slack_bolt",
    "httpx",
    "mcp",
    "pydantic",
    "nh3",
    "markdown_it",
)


TELEGRAM = """
    platforms:
      telegram: {token: "123456:abcdef", base_url: "http://127.0.0.1:9/bot"}
"""
OF_OTHERS = ("discord", "slack_bolt", "slack_sdk", "mcp", "markdown_it", "nh3", "pypdf", "PIL")
OF_NOBODY = (
    "rich.segment",
    "pygments.token",
    "cryptography.utils",
    "greenlet._greenlet",
    "pydantic.main",
)
"""Modules of libraries that others ask for if they are there, and can do without."""
MODULES = 1_250
"""As many as the program with one messenger may load; each costs half a millisecond of a start."""
UNCOMPILED = """
import json, os, sys
import gateway.cli.serving, gateway.http.face
import adapters.chat.telegram, adapters.chat.discord, adapters.chat.slack
kept = [(each.__name__, each.__cached__) for each in list(sys.modules.values())
        if "site-packages" in (getattr(each, "__cached__", None) or "")]
print(json.dumps([name for name, file in kept if not os.path.exists(file)]))
"""


async def printed(code: str) -> list[str]:
    """The list that a Python of its own prints."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    found: list[str] = json.loads(out)
    return found


async def imported(*modules: str) -> set[str]:
    """The top-level packages that importing these brings along."""
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    return {name.partition(".")[0] for name in await printed(code)}


async def test_what_only_some_need_is_not_imported_before_it_is_ready():
    found = await imported("gateway.cli.root", "gateway.cli.serving", "gateway.http.face")
    assert found.isdisjoint(LATER)


async def test_version_and_help_import_next_to_nothing():
    found = await imported("gateway.cli.root")
    assert found.isdisjoint({*LATER, "aiohttp", "asyncio", "yaml", "msgspec", "structlog"})


async def test_a_start_loads_the_one_messenger_that_it_has_and_nothing_of_others(tmp_path):
    told = {"PYTHONPROFILEIMPORTTIME": "1"}  # each module that is loaded, on a line of its own
    async with process_gateway(CONFIG + TELEGRAM, tmp_path, environ=told) as process:
        lines = [each for each in process.stderr if each.startswith("import time:")]
    names = [each.rpartition("|")[2].strip() for each in lines]
    found = {name.partition(".")[0] for name in names if "." in name}
    assert "telegram" in found
    assert found.isdisjoint(OF_OTHERS)
    assert set(names).isdisjoint(OF_NOBODY)
    assert len(names) < MODULES


async def test_no_library_is_compiled_at_each_start_anew():
    # Two thirds of a start were that, where PYTHONDONTWRITEBYTECODE is set and nobody had done it.
    assert await printed(UNCOMPILED) == []


async def test_a_message_is_taken_in_as_soon_as_the_address_is_printed(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process, Page.of(process) as page:
        assert (await page.say("How do I get there?"))[0] == 202
        assert answers(await page.until(answered(1))) == ["Go by train."]


async def test_the_same_in_this_process(tmp_path):
    async with running_gateway(CONFIG, tmp_path) as gateway, Page.of(gateway) as page:
        assert (await page.say("How do I get there?"))[0] == 202
        assert answers(await page.until(answered(1))) == ["Go by train."]
