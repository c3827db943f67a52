"""Answers and files that unfold without end, and names that are paths.

The program runs as an operator starts it, so that its memory is its own: what it took at most is
read from the system.
"""

from __future__ import annotations

import asyncio
import io
import re
import zipfile
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml
from aiohttp import web

from tests.gateway.harness import Process, process_gateway, running_gateway
from tests.gateway.page import Page, answered, answers
from tests.simulators.provider import ProviderSimulator, Reply
from tests.transcripts.stages import MESSENGERS, opened

MEGABYTE = 1024 * 1024
ROOM = 200 * MEGABYTE
"""What bombs may take at most, one after the other: the longest document is 64 MB."""
JSON = {"Content-Type": "application/json"}
STREAM = {"Content-Type": "text/event-stream"}


def bomb(begin: bytes) -> bytes:
    """Give a quarter of a gigabyte of blanks behind a beginning, packed as one."""
    packing = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    blanks = b" " * (16 * MEGABYTE)
    pieces = [packing.compress(begin), *(packing.compress(blanks) for _ in range(16))]
    return b"".join((*pieces, packing.flush()))


class Bombs:
    """A server of models and of tools whose every answer is a bomb."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[str] = []
        self._packed = {
            "json": bomb(b'{"choices": ['),
            "stream": bomb(b"data: "),
            "error": bomb(b'{"error": {"message": "'),
        }

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer with what the path names: packed, or a stream that does not end."""
        how = request.match_info["how"]
        self.asked.append(how)
        if how == "endless":
            return await self._endless(request)
        head = {"Content-Encoding": "gzip", **(STREAM if how == "stream" else JSON)}
        status = 400 if how == "error" else 200
        response = web.StreamResponse(status=status, headers=head)
        await response.prepare(request)
        try:
            for start in range(0, len(packed := self._packed[how]), 65_536):
                await response.write(packed[start : start + 65_536])
        except ConnectionError:
            pass  # it has had enough
        return response

    async def _endless(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers=STREAM)
        await response.prepare(request)
        try:
            while True:
                await response.write(b"data: " + b"x" * 65_536)  # an event that never ends
        except ConnectionError:
            return response


@asynccontextmanager
async def bombs() -> AsyncIterator[Bombs]:
    made = Bombs()
    app = web.Application()
    app.router.add_route("*", "/{how}/{rest:.*}", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield made
    await runner.cleanup()


def most(process: Process) -> int:
    """Give the most memory that it has taken until now, in bytes."""
    told = Path(f"/proc/{process.child.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", told)
    assert found
    return int(found[1]) * 1024


KINDS = ("json", "stream", "error", "endless")


def exploding(url: str) -> str:
    presets = {}
    providers: dict[str, Any] = {"p": {"api": "scripted", "answers": {"big": "Go by train."}}}
    for api in ("chat_completions", "responses", "messages"):
        for kind in KINDS:
            name = f"{api}-{kind}"
            providers[name] = {"api": api, "base_url": f"{url}/{kind}/v1"}
            presets[name] = {"enabled": False, "aggregator": {"provider": name, "model": "m"}}
    presets["plain"] = {"enabled": False, "aggregator": {"provider": "p", "model": "big"}}
    servers = {each: {"url": f"{url}/{each}/mcp", "connect": 10} for each in KINDS}
    return yaml.safe_dump(
        {
            "providers": providers,
            "moa": {"presets": presets, "default_preset": "plain"},
            "tools": {"servers": servers},
        }
    )


async def test_no_answer_that_unfolds_or_does_not_end_is_taken_in(tmp_path):
    async with (
        bombs() as server,
        process_gateway(exploding(server.url), tmp_path) as process,
        Page.of(process) as page,
        aiohttp.ClientSession(process.url, headers=process.headers) as http,
    ):
        before = most(process)
        await page.say("How do I get there?")  # looks for the tools as well
        assert answers(await page.until(answered(1)))
        for api in ("chat_completions", "responses", "messages"):
            for kind in KINDS:
                body = {"model": f"{api}-{kind}", "messages": [{"role": "user", "content": "Hi"}]}
                async with asyncio.timeout(50):
                    async with http.post("/v1/chat/completions", json=body) as answer:
                        assert answer.status >= 400, (api, kind)
                        assert len(await answer.read()) < 2_000
        assert {*server.asked} == set(KINDS)
        assert most(process) - before < ROOM
        await page.say("And back?")  # it is none the worse
        assert len(answers(await page.until(answered(2)))) == 2


# --- names that are paths, and files that unfold -----------------------------------------------

NAMES = (
    "../../../../escaped",
    "..\\..\\escaped",
    "/etc/passwd",
    "file:///etc/passwd",
    "\\\\host\\share\\escaped",
    "C:\\escaped",
    "CON",
    "nul.txt",
    ".",
    "..",
    ".htaccess",
    "a/b/../../../escaped",
    "escaped\u202etxt.exe",
    "escaped\ufeff\u2066",
    "escaped\nnext line",
    "escaped'; rm -rf ~; '",
    "$(touch escaped)",
    "%2e%2e%2fescaped",
    "x" * 200,
)
KEPT = re.compile(r"[0-9a-f]{64}")


def names_in(folder: Path) -> set[str]:
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


@cache
def zip_bomb() -> bytes:
    """Give what calls itself a document, and unfolds to a hundred times its size and more."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escaped", "x")
        archive.writestr("word/document.xml", b" " * (32 * MEGABYTE))
    return file.getvalue()


@pytest.mark.parametrize("platform", [*MESSENGERS, "web"])
async def test_a_name_is_only_a_name_and_an_archive_only_bytes(platform, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    async with (
        ProviderSimulator({"*": Reply(text="Read.")}) as models,
        opened(platform) as stage,
    ):
        whole: dict[str, Any] = yaml.safe_load(stage.configured({"*": "unused"}))
        whole["providers"]["p"] = {"api": "chat_completions", "base_url": models.base_url}
        async with running_gateway(yaml.safe_dump(whole), folder) as gateway:
            await stage.join(gateway)
            for number, name in enumerate(NAMES if platform == "web" else NAMES[::4], 1):
                await stage.ask(f"Read it {number}.", files=[(name, f"text {number}".encode())])
                await stage.answered("Read.", times=number)
                asked = models.seen[-1].raw.decode()
                # Where the platform's address has the name in it, it is refused as what it is.
                assert f"text {number}" in asked or "not read: " in asked, (number, name)
            before = len(models.seen)
            await stage.ask("And this.", files=[("a.docx", zip_bomb())])
            await stage.answered("Read.", times=number + 1)
            assert max(len(each.raw) for each in models.seen[before:]) < MEGABYTE
    kept = names_in(folder / "data" / "files")
    assert kept
    assert all(KEPT.fullmatch(each) for each in kept), kept
    assert not [each for each in names_in(tmp_path) if "escaped" in each]
    assert names_in(tmp_path) - {"here"} <= {f"here/{each}" for each in names_in(folder)}


async def test_an_upload_without_end_is_cut_off_and_leaves_nothing(tmp_path):
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield bytes(MEGABYTE)

    whole = yaml.safe_load(exploding("http://127.0.0.1:9"))
    text = yaml.safe_dump({name: each for name, each in whole.items() if name != "tools"})
    async with running_gateway(text, tmp_path) as gateway, Page.of(gateway) as page:
        status = 0
        try:
            async with page.http.post(f"{page.path}/files", data=endless()) as answer:
                status = answer.status
        except aiohttp.ClientError:
            status = 413  # it was cut while it was sent
        assert status == 413
        async with page.http.get("/api/status") as answer:
            assert answer.status == 200
        assert names_in(tmp_path / "data" / "files") == set()
