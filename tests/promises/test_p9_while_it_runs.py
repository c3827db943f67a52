"""P9: what becomes of the data under a program that runs: deleted, moved, cut, overwritten.

Whatever was confirmed is stored; what is not stored is not confirmed, and the log says what to do.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.gateway.harness import Process, process_gateway, refused_gateway
from tests.gateway.page import Page, answered, answers
from tests.gateway.test_full_disk import complaints
from tests.promises.test_p3_one_process import CONFIG
from tests.simulators.provider import ProviderSimulator, Reply

REPLIES = {"big": Reply(text="Go by train.")}


async def ready(page: Page) -> int:
    async with page.http.get("/readyz") as found:
        return found.status


def data(folder: Path) -> Path:
    return folder / "data" / "moa-gateway.db"


@pytest.mark.parametrize("name", ["moa-gateway.db", "moa-gateway.db-wal"])
async def test_p9_what_is_moved_away_while_it_runs_is_missed_at_once(name, tmp_path):
    async with ProviderSimulator(REPLIES) as models:
        config = CONFIG.format(url=models.base_url)
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            await page.say("One?")
            await page.until(answered(1))
            file = data(tmp_path).with_name(name)
            file.rename(tmp_path / "elsewhere")
            assert await ready(page) == 200
            status, body = await page.say("Two?", event_id="event-two1")
            assert (status, "put it back" in body["error"]["message"]) == (503, True)
            assert await ready(page) == 503
            await process.logged("store_takes_nothing")
            (tmp_path / "elsewhere").rename(file)
            assert (await page.say("Two?", event_id="event-two1"))[0] == 202
            assert answers(await page.until(answered(2))) == ["Go by train."] * 2
            await process.logged("store_takes_data_again")
            assert await ready(page) == 200
            said(process)
    assert stored(tmp_path) == 2


async def test_p9_a_file_that_is_cut_while_it_runs_takes_nothing_more(tmp_path):
    async with ProviderSimulator(REPLIES) as models:
        config = CONFIG.format(url=models.base_url)
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            await page.say("One?")
            await page.until(answered(1))
        async with process_gateway(config, tmp_path) as process, Page.of(process) as page:
            await page.say("Two?")
            await page.until(answered(2))
            shutil.copy(data(tmp_path), tmp_path / "whole.db")
            shutil.copy(f"{data(tmp_path)}-wal", tmp_path / "whole.db-wal")
            os.truncate(data(tmp_path), 8192)
            status, body = await page.say("Three?")
            assert status == 503, body
            await process.logged("is no usable database")
            assert await ready(page) == 503
            said(process)
        code, told = await refused_gateway(config, tmp_path)
        assert (code, "is no usable database" in told) == (2, True)


def said(process: Process) -> None:
    assert len(complaints(process)) == 1
    assert not any("Traceback" in line for line in process.stderr)


def stored(folder: Path) -> int:
    with closing(sqlite3.connect(data(folder))) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (number,) = connection.execute("SELECT COUNT(*) FROM inbox").fetchone()
    return int(number)
