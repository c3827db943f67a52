"""Shows the command line's way to let somebody in, and to read who changed what."""

from __future__ import annotations

import json

import pytest

from adapters.store import open_sqlite
from core.pairing import Pairing, digest
from tests.gateway.harness import process_gateway
from tests.gateway.test_cli import run, write

FILE = """
    providers:
      fake: {api: scripted, answers: {"*": "Go by train."}}
    moa:
      presets:
        alone: {enabled: false, aggregator: {provider: fake, model: big}}
    platforms: {telegram: {token: x}}
    access:
      owners: ["telegram:555"]
      allow: ["telegram:chat:-100123"]
      deny: ["telegram:666"]
    limits: {user: 10/min, running: 3}
"""
LONG = 10**15
OPEN = Pairing(
    platform="telegram", person="99", channel="99", digest=digest("K7MP2QXW"), expires=LONG
)


async def kept(folder) -> None:
    """Leave behind what a gateway does that has run."""
    (folder / "data").mkdir(exist_ok=True)
    store = await open_sqlite(folder / "data" / "moa-gateway.db")
    await store.offer(OPEN, at=0)
    await store.set("session:telegram/-5", "preset", "alone", by="555", at=1_790_000_000_000)
    await store.close()


async def test_a_code_is_approved_without_a_gateway_and_stands_in_the_log(tmp_path):
    file = write(tmp_path, FILE)
    await kept(tmp_path)
    code, out, err = await run("pair", "approve", "k7mp-2qxw", "--config", file, folder=tmp_path)
    assert (code, err) == (0, "")
    assert "telegram:99 is let in, in private." in out
    assert "No gateway is running" in out
    again = await run("pair", "approve", "K7MP2QXW", "--config", file, folder=tmp_path)
    assert again[0] == 2
    assert "That code is not open here" in again[2]
    _, out, _ = await run("audit", "--config", file, folder=tmp_path)
    first, second = out.splitlines()
    assert first.endswith("telegram:555  session:telegram/-5  preset: alone")
    assert second.endswith("command line  access:telegram  allow:99: direct ever")
    _, out, _ = await run("audit", "--json", "--last", "1", "--config", file, folder=tmp_path)
    (told,) = json.loads(out)
    assert (told["by"], told["key"], told["value"]) == ("command line", "allow:99", "direct ever")


async def test_the_check_says_who_is_let_in_by_the_file_and_in_chat(tmp_path):
    file = write(tmp_path, FILE)
    await kept(tmp_path)
    await run("pair", "approve", "K7MP2QXW", "--config", file, folder=tmp_path)
    code, out, _ = await run("config", "check", "--config", file, folder=tmp_path)
    assert code == 0
    assert "access owners: telegram:555\n" in out
    assert "access allow: telegram:chat:-100123\n" in out
    assert "access deny: telegram:666\n" in out
    assert "access in chat: allow telegram:99 in private\n" in out
    assert "limit for one person: 10/min\n" in out
    assert "limit for one person: 3 at once\n" in out


@pytest.mark.parametrize(
    ("subject", "told"),
    [
        ("owners: ['telegram:@ann']", "access.owners.0: names can be changed and copied"),
        ("allow: ['telegram:ann']", "access.allow.0: names can be changed and copied"),
        ("owners: ['telegram:chat:-100']", "access.owners.0: owners are people"),
    ],
)
async def test_the_check_refuses_names(subject, told, tmp_path):
    file = write(
        tmp_path, FILE.split("    access:", maxsplit=1)[0] + f"    access: {{{subject}}}\n"
    )
    code, _, err = await run("config", "check", "--config", file, folder=tmp_path)
    assert code == 2
    assert told in err


async def test_before_the_first_start_nobody_has_changed_anything(tmp_path):
    file = write(tmp_path, FILE)
    code, out, _ = await run("config", "check", "--config", file, folder=tmp_path)
    assert code == 0
    assert "in chat" not in out
    code, _, err = await run("audit", "--config", file, folder=tmp_path)
    assert code == 2
    assert "the gateway makes it when it first runs" in err


async def test_a_gateway_that_runs_is_asked_and_does_it_itself(tmp_path):
    await kept(tmp_path)
    file = FILE.split("    platforms:", maxsplit=1)[0]
    async with process_gateway(file, tmp_path):
        wrong = await run(
            "pair", "approve", "22222222", "--config", write(tmp_path, file), folder=tmp_path
        )
        assert wrong[0] == 2
        assert "That code is not open here" in wrong[2]
        right = await run(
            "pair", "approve", "K7MP2QXW", "--config", write(tmp_path, file), folder=tmp_path
        )
        assert right[0] == 0
        assert "telegram:99 is let in, in private." in right[1]
        assert "No gateway is running" not in right[1]
