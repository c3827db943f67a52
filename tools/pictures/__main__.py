"""Takes the pictures; started by hand. See the package for what they are."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path
from shutil import which
from typing import Literal

from jinja2 import Environment, FileSystemLoader
from playwright.async_api import Browser, async_playwright

from tools.pictures.drawing import DRAWN, buttons
from tools.pictures.palette import packed
from tools.pictures.turn import asked

IMAGES = Path(__file__).resolve().parents[2] / "docs" / "images"
MOST_BYTES = 150_000
KINDS = {
    "telegram": ("MoA", "private chat"),
    "discord": ("# team", "a channel of a server"),
    "slack": ("# team", "a thread in a channel"),
}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")


async def page_of(platform: str) -> str:
    """Have a question answered, and draw what stands there then."""
    place, kind = KINDS[platform]
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True
    )
    with tempfile.TemporaryDirectory() as folder:
        async with asked(platform, Path(folder)) as stage:
            return environment.get_template("page.html").render(
                platform=platform,
                place=place,
                kind=kind,
                bubbles=list(DRAWN[platform](stage)),
                buttons=buttons,
            )


async def photograph(browser: Browser, page: str, platform: str) -> None:
    """Take a light picture and a dark one."""
    for theme in THEMES:
        context = await browser.new_context(
            viewport={"width": 720, "height": 200}, color_scheme=theme, device_scale_factor=2
        )
        tab = await context.new_page()
        await tab.set_content(page)
        path = IMAGES / f"{platform}{'-dark' if theme == 'dark' else ''}.png"
        path.write_bytes(await packed(tab, await tab.screenshot(full_page=True)))
        await context.close()
        size = path.stat().st_size
        print(f"{path.relative_to(IMAGES.parents[1])}: {size / 1000:.0f} kB")
        if size > MOST_BYTES:
            sys.exit(f"that is more than {MOST_BYTES / 1000:.0f} kB")


async def main() -> None:
    """Take the pictures that are asked for."""
    parser = argparse.ArgumentParser(prog="python -m tools.pictures")
    parser.add_argument("platforms", nargs="*", choices=[[], *DRAWN], help="default: all")
    parser.add_argument("--keep", action="store_true", help="leave the pages beside the pictures")
    given = parser.parse_args()
    chromium = which("chromium") or which("chromium-browser") or which("google-chrome")
    if chromium is None:
        sys.exit("there is no chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium,
            args=["--no-sandbox", "--disable-dev-shm-usage"],  # containers have neither
        )
        for platform in given.platforms or DRAWN:
            page = await page_of(platform)
            if given.keep:
                (IMAGES / f"{platform}.html").write_text(page, encoding="utf-8")
            await photograph(browser, page, platform)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
