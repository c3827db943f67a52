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


async def imported(*modules: str) -> set[str]:
    """The top-level packages that importing these brings along."""
    code = f"import sys, json, {', '.join(modules)}; print(json.dumps(list(sys.modules)))"
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    return {name.partition(".")[0] for name in json.loads(out)}


async def test_what_only_some_need_is_not_imported_before_it_is_ready():
    found = await imported("gateway.cli.root", "gateway.cli.serving", "gateway.http.face")
    assert found.isdisjoint(LATER)


async def test_version_and_help_import_next_to_nothing():
    found = await imported("gateway.cli.root")
    assert found.isdisjoint({*LATER, "aiohttp", "asyncio", "yaml", "msgspec", "structlog"})


async def test_a_message_is_taken_in_as_soon_as_the_address_is_printed(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process, Page.of(process) as page:
        assert (await page.say("How do I get there?"))[0] == 202
        assert answers(await page.until(answered(1))) == ["Go by train."]


async def test_the_same_in_this_process(tmp_path):
    async with running_gateway(CONFIG, tmp_path) as gateway, Page.of(gateway) as page:
        assert (await page.say("How do I get there?"))[0] == 202
        assert answers(await page.until(answered(1))) == ["Go by train."]
