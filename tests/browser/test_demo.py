"""A stranger's first minute: `demo`, a page, a starter question, three advisors, a real answer."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import SIZE, picture, started

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]

MODELS = os.environ.get("MOA_GATEWAY_MODELS") or str(
    Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "moa-gateway" / "models"
)
PATIENCE = 120_000  # ms; the model is real, may have to be fetched, and shares two cores
STARTER = "Why is it good to take a break at work?"
VENDORS = ("OPENROUTER", "ANTHROPIC", "OPENAI", "GEMINI", "XAI", "MISTRAL", "DEEPSEEK", "GROQ")
NO_KEYS = {f"{name}_API_KEY": "" for name in VENDORS}


async def test_a_starter_question_is_answered_by_a_real_model_with_no_key(browser, tmp_path):
    environ = {**NO_KEYS, "PORT": "0", "MOA_GATEWAY_MODELS": MODELS, "MOA_GATEWAY_TOKEN": ""}
    with started(tmp_path, ["demo", "--data-dir", str(tmp_path / "data")], environ) as link:
        page = await browser.new_page(viewport=SIZE, color_scheme="light")
        await page.goto(link)
        assert "code=" not in page.url
        await expect(page.get_by_text("135 million parameters")).to_be_visible()
        await page.get_by_role("button", name=STARTER).click()
        rows = page.get_by_role("region", name="Advisors").locator(".row")
        await expect(rows).to_have_count(3)
        for row in range(3):
            await expect(rows.nth(row)).to_contain_text(
                re.compile(r"done .* s .* \$0"), timeout=PATIENCE
            )
        answer = page.get_by_role("region", name="Answer", exact=True)
        await expect(answer).to_contain_text(
            re.compile(r"small.*advisors 3/3.*tokens.*\$0", re.DOTALL), timeout=PATIENCE
        )
        await picture(page, "demo-light")
        said = await answer.inner_text()
        await page.reload()
        await expect(answer).to_contain_text(said.split("\n")[0])
        await page.emulate_media(color_scheme="dark")
        await picture(page, "demo-dark")
