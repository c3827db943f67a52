"""Shows that a changed file is taken while the program runs, and a wrong one changes nothing."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import aiohttp
import pytest

from core.errors import ConfigError
from gateway import config as configuration
from gateway.program.live import changed, merged
from tests.gateway.harness import Process, completed, process_gateway
from tests.gateway.page import Page, answered, answers

FILE = """
providers: {fake: {api: scripted, answers: {one: First., two: Second., "*": Advice.}}}
http: {port: 0, token: test-token-of-the-owner}
moa:
  default_preset: first
  presets:
    first: {enabled: false, aggregator: {provider: fake, model: one}}
"""
MORE = FILE.replace("default_preset: first", "default_preset: second") + (
    "    second: {enabled: false, aggregator: {provider: fake, model: two}}\n"
)
NEWER = MORE.replace("provider: fake, model: two", "provider: other, model: x").replace(
    "providers: {", 'providers: {other: {api: scripted, answers: {"*": Third.}}, '
)


async def moa(folder: Path, *arguments: str) -> tuple[int, str, str]:
    child = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("moa-gateway")),
        *arguments,
        "--config",
        str(folder / "config.yaml"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
    )
    out, err = await child.communicate()
    return child.returncode or 0, out.decode(), err.decode()


def write(folder: Path, text: str) -> None:
    (folder / "config.yaml").write_text(completed(text, folder), encoding="utf-8")


async def models(process: Process) -> list[str]:
    async with (
        aiohttp.ClientSession(headers=process.headers) as http,
        http.get(f"{process.url}/v1/models") as response,
    ):
        return [each["id"] for each in (await response.json())["data"]]


async def test_a_valid_file_is_taken_and_says_what_waits_for_a_restart(tmp_path):
    async with process_gateway(FILE, tmp_path) as process, Page.of(process) as page:
        await page.say("Which?")
        assert answers(await page.until(answered(1))) == ["First."]
        write(tmp_path, NEWER.replace("port: 0", "port: 1") + "timezone: Europe/Berlin\n")
        code, out, err = await moa(tmp_path, "reload")
        assert (code, err) == (0, "")
        assert "Taken: moa, providers." in out
        assert "Needs a restart: timezone, http.port." in out
        assert await models(process) == ["first", "second"]
        await page.say("And now?")
        assert answers(await page.until(answered(2))) == ["First.", "Third."]
        await process.logged("reloaded")


async def test_an_invalid_file_keeps_the_old_and_says_so_in_the_log_and_by_its_exit_code(tmp_path):
    async with process_gateway(FILE, tmp_path) as process:
        for wrong in ("moa: [", MORE.replace("provider: fake, model: two", "provider: nobody")):
            write(tmp_path, wrong)
            code, out, err = await moa(tmp_path, "reload")
            assert (code, out) == (2, "")
            assert "config.yaml:" in err
            assert "keeps the configuration it had" in err
            await process.logged("reload_refused")
            process.stderr.clear()
            assert await models(process) == ["first"]


async def test_secrets_of_a_new_file_are_struck_out_of_the_log_from_then_on(tmp_path):
    async with process_gateway(FILE, tmp_path) as process:
        far = 'far: {api: chat_completions, base_url: "http://h/v1", api_key: very-secret-1}'
        keyed = FILE.replace("providers: {", f"providers: {{{far}, ")
        write(tmp_path, keyed)
        assert (await moa(tmp_path, "reload"))[0] == 0
        write(tmp_path, keyed + "very-secret-1: 1\n")  # a key that there is not, and is told
        assert (await moa(tmp_path, "reload"))[0] == 2
        refused = await process.logged("reload_refused")
        assert "very-secret-1" not in refused
        assert "[secret]" in refused


async def test_sighup_does_the_same(tmp_path):
    async with process_gateway(FILE, tmp_path) as process:
        write(tmp_path, FILE.replace("provider: fake", "provider: nobody"))
        process.reload()
        assert "nobody" in await process.logged("reload_refused")
        write(tmp_path, MORE)
        process.reload()
        await process.logged('"reloaded"')
        assert await models(process) == ["first", "second"]


async def test_keys_of_v1_and_limits_are_those_of_the_new_file(tmp_path):
    async with process_gateway(FILE, tmp_path) as process:
        keyed = FILE.replace("owner}", "owner, keys: {ci: {token: key-of-the-ci}}}")
        write(tmp_path, keyed + "limits: {user: 1/h}\n")
        assert await asked(process, "key-of-the-ci") == 401
        assert (await moa(tmp_path, "reload"))[0] == 0
        assert [await asked(process, "key-of-the-ci") for _ in range(2)] == [200, 429]
        async with Page.of(process) as page:
            await page.say("Which?")
            assert answers(await page.until(answered(1))) == ["First."]
            assert (await page.say("And now?"))[0] == 429
        write(tmp_path, FILE)
        assert (await moa(tmp_path, "reload"))[0] == 0
        assert await asked(process, "key-of-the-ci") == 401


async def asked(process: Process, key: str) -> int:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http,
        http.post(
            f"{process.url}/v1/chat/completions",
            json={"model": "first", "messages": [{"role": "user", "content": "Which?"}]},
        ) as response,
    ):
        return response.status


async def test_a_running_turn_keeps_the_preset_that_it_began_with(tmp_path):
    slow = FILE.replace("one: First.", 'one: {text: "First, and slowly so.", between: 0.4}')
    async with process_gateway(slow, tmp_path) as process, Page.of(process) as page:
        await page.say("Which?")
        await page.until(lambda view: any(each["shown"] for each in view["turns"]))
        write(tmp_path, MORE.replace("    first:", "    gone:"))
        assert (await moa(tmp_path, "reload"))[0] == 0
        assert answers(await page.until(answered(1))) == ["First, and slowly so."]
        assert await models(process) == ["gone", "second"]


async def test_who_is_overridden_is_told_by_check_start_and_reload(tmp_path):
    async with process_gateway(MORE, tmp_path) as process, Page.of(process) as page:
        await page.say("/moa first")
        await page.until(lambda view: view["preset"].startswith("first"))
        line = "chosen in chat: web channel owner, thread conversation-1: preset first, by You on "
        assert line in (await moa(tmp_path, "reload"))[1]
        assert line in (await moa(tmp_path, "config", "check"))[1]
    write(tmp_path, MORE.replace("    first:", "    other:"))
    assert (
        "preset first (there is no such preset any more"
        in (await moa(tmp_path, "config", "check"))[1]
    )
    async with process_gateway(MORE, tmp_path) as process:
        await process.logged(line)


async def test_without_a_gateway_that_runs_nothing_is_reloaded(tmp_path):
    write(tmp_path, FILE)
    code, _, err = await moa(tmp_path, "reload")
    assert code == 2
    assert "No gateway is running on" in err
    write(tmp_path, "moa: [")
    code, _, err = await moa(tmp_path, "reload")
    assert code == 2
    assert "config.yaml:" in err
    assert "No gateway is running on" in err


@pytest.mark.parametrize(
    ("new", "taken", "waits"),
    [
        (FILE, [], []),
        (FILE.replace("token: test", "token: best"), [], ["http.token"]),
        (FILE + "data_dir: ./elsewhere\n", [], ["data_dir"]),
        (FILE + "access: {owners: ['telegram:1']}\n", ["access"], []),
        (FILE + "limits: {user: 3/min}\n", ["limits"], []),
        (FILE + "defaults: {listen: all}\n", ["defaults"], []),
        (FILE.replace("token:", "keys: {ci: {token: abc}}, token:"), ["http"], []),
        (FILE.replace("moa:\n", "moa:\n  save_traces: true\n"), [], ["moa.save_traces"]),
        (
            FILE.replace("providers: {", "providers: {local: {api: embedded}, "),
            ["providers"],
            ["providers.local"],
        ),
    ],
)
def test_each_key_is_taken_or_waits(new, taken, waits):
    old = configuration.parse(FILE, "config.yaml", {})
    config, left = merged(old, configuration.parse(new, "config.yaml", {}))
    assert (changed(old.settings, config.settings), left) == (taken, waits)


def test_a_file_that_is_wrong_is_no_configuration():
    with pytest.raises(ConfigError):
        configuration.parse("moa: [", "config.yaml", {})
