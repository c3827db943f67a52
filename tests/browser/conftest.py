"""A real browser at a real gateway whose models are scripted.

`site` is all that a test knows of the gateway: another one is put under test by changing it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import which

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from tests.patience import PATIENCE

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-for-the-browser-tests"
SIZE: ViewportSize = {"width": 1240, "height": 860}

expect.set_options(timeout=1000 * PATIENCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A gateway at work. `link` is what it printed: good for one browser."""

    url: str
    link: str
    token: str


@dataclass
class Visit:
    """One browser's visit, and what its console complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def chromium() -> str:
    found = which("chromium") or which("chromium-browser") or which("google-chrome")
    if found is None:
        missing = "there is no chromium: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Run the gateway as people do; it takes a free port and says which."""
    config = Path(__file__).with_name("gateway.yaml")
    folder = tmp_path_factory.mktemp("browser")
    environ = {"DATA_DIR": str(folder / "data"), "BROWSER_TOKEN": TOKEN}
    with started(folder, ["run", "--config", str(config)], environ) as link:
        yield Site(url=link.partition("?")[0], link=link, token=TOKEN)


@contextmanager
def started(folder: Path, arguments: list[str], environ: dict[str, str]) -> Iterator[str]:
    """Start the real program, give the link that it prints, and end it as an operator would."""
    command = [sys.executable, "-c", "from gateway.cli import main; main()", *arguments]
    with (
        (folder / "log").open("w+") as log,
        subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environ},
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as child,
    ):
        assert child.stdout is not None
        line = child.stdout.readline()
        try:
            assert line.startswith("Open "), (folder / "log").read_text()
            yield line.removeprefix("Open ").strip()
        finally:
            child.terminate()
        assert child.wait(timeout=PATIENCE) == 0, (folder / "log").read_text()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """One for all tests, since its start takes seconds; each visit has a profile of its own."""
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-dev-shm-usage"],  # containers have neither
        )
        yield started
        await started.close()


async def picture(page: Page, name: str) -> None:
    """Keep a picture for the README, when asked to."""
    if os.environ.get("UPDATE_SCREENSHOTS") == "1":
        folder = ROOT / "docs" / "images"
        folder.mkdir(parents=True, exist_ok=True)
        await page.screenshot(path=folder / f"{name}.png")


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, site: Site) -> AsyncIterator[Visit]:
    """Sign in and open the page; a complaint in its console (a breach of CSP too) is a failure."""
    context = await browser.new_context(base_url=site.url, viewport=SIZE, color_scheme="light")
    got = await context.request.post(
        "/api/session", headers={"Authorization": f"Bearer {site.token}"}
    )
    assert got.status == 204
    visit = Visit(await context.new_page(), context)
    visit.page.on(
        "console",
        lambda message: visit.complaints.append(message.text) if message.type == "error" else None,
    )
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    await visit.page.goto("/")
    yield visit
    await context.close()
    assert visit.complaints == []


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit.page
