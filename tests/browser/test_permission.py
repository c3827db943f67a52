"""A tool that needs somebody's yes, on the page: what is seen, pressed, and seen again."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Site, started
from tests.browser.test_chat import answered, ask

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

SERVER = Path(__file__).parents[1] / "simulators" / "mcp_stdio.py"
CONFIG = f"""
data_dir: ${{DATA_DIR}}
http: {{port: 0, token: "${{BROWSER_TOKEN}}"}}
providers:
  p:
    api: scripted
    answers:
      big:
        - text: Let me say it.
          tool_calls: [{{name: files__say, arguments: {{text: "<b>hello</b> *you*"}}}}]
        - It was said.
moa:
  presets:
    alone: {{enabled: false, aggregator: {{provider: p, model: big}}}}
tools:
  servers:
    files: {{command: [{sys.executable}, {SERVER}]}}
"""
TOKEN = "a-token-for-the-permission-tests"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("permission")
    config = folder / "gateway.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    environ = {"DATA_DIR": str(folder / "data"), "BROWSER_TOKEN": TOKEN}
    with started(folder, ["run", "--config", str(config)], environ) as link:
        yield Site(url=link.partition("?")[0], link=link, token=TOKEN)


async def test_a_call_is_shown_as_it_is_survives_a_reload_and_runs_once_it_is_allowed(page):
    await ask(page, "Say hello.")
    asked = page.get_by_role("region", name="A tool wants to run")
    await expect(asked).to_contain_text("files/say needs somebody's yes before it runs:")
    await expect(asked.get_by_role("region", name="Arguments")).to_have_text(
        '{\n  "text": "<b>hello</b> *you*"\n}'
    )
    await expect(page.locator("#status")).to_have_text("Waiting for a yes or no")
    await page.reload()
    await asked.get_by_role("button", name="Allow").click()
    await answered(page)
    await expect(asked).to_contain_text("files/say was allowed by You:")
    await expect(asked.get_by_role("button")).to_have_count(0)
    await expect(page.get_by_role("region", name="Answer", exact=True)).to_contain_text(
        "It was said."
    )
    await page.reload()
    await expect(asked).to_contain_text("files/say was allowed by You:")
