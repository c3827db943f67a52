"""P9: pages of the database are overwritten while people talk, on all three messengers.

What is found broken takes nothing more, so the platforms keep it; the log says once what to do,
and the file is left as it is.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import aiohttp

from tests.gateway.harness import Process, process_gateway
from tests.gateway.messenger_scene import scene
from tests.gateway.page import Page, answered, writing
from tests.gateway.test_full_disk import complaints
from tests.promises.test_p3_one_process import CONFIG
from tests.promises.test_p9_while_it_runs import data
from tests.simulators.provider import ProviderSimulator, Reply

ONCE = {"a": 1, "b": 1, "big": 1}


async def test_p9_overwritten_pages_stop_the_intake_and_a_copy_goes_on(tmp_path):
    async with scene(tmp_path, "dm") as there:
        async with there.started():
            await there.ask("Hello?")
            await there.answered()
            await there.settled()
        shutil.copy(data(tmp_path), tmp_path / "copy.db")
        async with there.started() as process:
            await there.listening()
            assert await ready(process) == 200
            broken = overwrite(data(tmp_path))
            await there.ask()
            await there.refused()
            assert await ready(process) == 503
            assert not there.models.about("How do I get there?")
            (line,) = complaints(process)
            assert f"{data(tmp_path)} is no usable database" in line
            assert "It was left as it is" in line
            assert "Traceback" not in "\n".join(process.stderr)
            assert not any("How do I get there?" in each for each in process.stderr)
            await there.killed(process)
        assert data(tmp_path).read_bytes() == broken
        for log in data(tmp_path).parent.glob("moa-gateway.db-*"):
            log.unlink()
        shutil.copy(tmp_path / "copy.db", data(tmp_path))
        async with there.started():
            await there.answered(2)
            there.holds(answers=2)
            there.cost(ONCE)


def overwrite(path: Path) -> bytes:
    """Write garbage to where every page but the first begins; give what stands there then."""
    found = bytearray(path.read_bytes())
    page = int.from_bytes(found[16:18])
    with path.open("r+b") as file:  # in place: it is the file that the program has open
        for at in range(page, len(found), page):
            found[at : at + 64] = b"\xa5" * 64
            file.seek(at)
            file.write(b"\xa5" * 64)
    return bytes(found)


async def ready(process: Process) -> int:
    async with aiohttp.ClientSession() as http, http.get(f"{process.url}/readyz") as found:
        return found.status


async def test_p9_a_turn_at_work_says_nothing_more_once_pages_are_overwritten(tmp_path):
    whole = Reply(text="Go by train, and do not worry. The end.", between=0.1)
    async with ProviderSimulator({"big": whole}) as models:
        config = CONFIG.format(url=models.base_url)
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            await page.say("One?")
            await page.until(answered(1))
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            await page.say("Two?")
            await page.until(writing)
            overwrite(data(tmp_path))
            await process.logged("store_takes_nothing")
            assert (await page.say("Three?"))[0] == 503
            process.terminate()
            await process.ended()
            assert len(complaints(process)) == 1
            assert "Traceback" not in "\n".join(process.stderr)
