"""Shows the command line as an operator meets it: what is printed, where, and the exit codes."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.gateway.harness import completed, process_gateway
from tests.gateway.page import Page, answered, stored

PROGRAM = str(Path(sys.executable).with_name("moa-gateway"))
CONFIG = """
    providers:
      fake: {api: scripted, answers: {"*": "Go by train."}}
      paid: {api: chat_completions, base_url: "http://127.0.0.1:9/v1", api_key: "${NO_SUCH_KEY:-}"}
    moa:
      default_preset: review
      presets:
        review:
          reference_models: [{provider: fake, model: a}]
          aggregator: {provider: fake, model: big}
        paid:
          enabled: false
          aggregator: {provider: paid, model: big}
"""


async def run(*arguments: str, folder: Path, **environ: str) -> tuple[int, str, str]:
    """Run a command to its end: exit code, stdout, stderr."""
    child = await asyncio.create_subprocess_exec(
        PROGRAM,
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=folder,
        env={**os.environ, **environ},
    )
    out, err = await child.communicate()
    assert child.returncode is not None
    return child.returncode, out.decode(), err.decode()


def write(folder: Path, text: str = CONFIG) -> str:
    file = folder / "config.yaml"
    file.write_text(completed(text, folder))
    return str(file)


async def test_version_and_help_are_said(tmp_path):
    code, out, _ = await run("version", folder=tmp_path)
    assert (code, out.split()[0]) == (0, "moa-gateway")
    code, out, _ = await run("--help", folder=tmp_path)
    assert code == 0
    assert "demo" in out
    assert "run" in out


@pytest.mark.parametrize("command", [["run"], ["config", "check"], ["health"]])
async def test_without_a_file_it_says_what_to_do(tmp_path, command):
    code, out, err = await run(*command, folder=tmp_path)
    assert (code, out) == (2, "")
    assert "config.yaml" in err
    assert "config.example.yaml" in err
    assert "moa-gateway demo" in err
    assert "Traceback" not in err


async def test_the_file_may_be_named_by_the_environment(tmp_path):
    write(tmp_path)
    (tmp_path / "config.yaml").rename(tmp_path / "other.yaml")
    code, out, _ = await run(
        "config", "check", folder=tmp_path, MOA_GATEWAY_CONFIG=str(tmp_path / "other.yaml")
    )
    assert code == 0
    assert "preset review (default): ready" in out


async def test_check_says_what_the_file_amounts_to(tmp_path):
    code, out, _ = await run("config", "check", "--config", write(tmp_path), folder=tmp_path)
    assert code == 0
    assert "preset review (default): ready" in out
    assert "preset paid: unavailable" in out
    assert not (tmp_path / "data").exists()


async def test_moa_35_39_check_says_who_condenses_who_acts_and_that_plain_questions_go_alone(
    tmp_path,
):
    slot = "aggregator: {provider: fake, model: big}"
    more = "acting_model: {provider: fake, model: acts}\n          auto: true"
    text = CONFIG.replace(slot, f"{slot}\n          {more}", 1)
    code, out, _ = await run("config", "check", "--config", write(tmp_path, text), folder=tmp_path)
    assert code == 0
    assert "  aggregator: fake:big (condenses the advice, privately)\n" in out
    assert "  acting model: fake:acts (answers and uses the tools)\n" in out
    assert "  auto: plain questions are answered without the references\n" in out
    assert "for each message; fanout: user_turn makes it 1; each time one call more" in out
    assert "not supported" not in out


async def test_check_names_every_mistake_with_its_line(tmp_path):
    wrong = CONFIG.replace("default_preset", "default_presett").replace("api_key", "api_kee")
    code, _, err = await run("config", "check", "--config", write(tmp_path, wrong), folder=tmp_path)
    assert code == 2
    assert "config.yaml:3: " in err
    assert "(did you mean 'api_key'?)" in err
    assert "default_preset" in err
    assert "Traceback" not in err


async def test_the_schema_is_json(tmp_path):
    code, out, _ = await run("config", "schema", folder=tmp_path)
    assert code == 0
    assert "moa" in json.loads(out)["$defs"] or "moa" in out


async def test_health_tells_a_gateway_that_answers_from_one_that_does_not(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process:
        code, out, _ = await run("health", "--url", process.url, folder=tmp_path)
        assert code == 0
        assert "is ready" in out
        url = process.url
    code, out, err = await run("health", "--url", url, folder=tmp_path)
    assert (code, out) == (1, "")
    assert "does not answer" in err


async def test_moa_38_votes_are_counted_while_a_gateway_runs_and_after_it(tmp_path):
    async def stats(*more: str) -> tuple[int, str, str]:
        return await run("presets", "stats", *more, folder=tmp_path)

    write(tmp_path)
    code, out, err = await stats()
    assert (code, out) == (2, "")
    assert "the gateway makes it when it first runs" in err
    async with process_gateway(CONFIG, tmp_path) as gateway, Page.of(gateway) as page:
        await page.say("How do I get there?")
        view = await page.until(answered(1))
        await page.press("up", view["turns"][0]["turn_id"])
        await stored(tmp_path, "select vote from votes")
        told = (await stats())[1].splitlines()
        assert told[0] == "review: 1 vote, 1 👍 0 👎 · 29 more before anything can be judged"
        assert told[1].startswith("  fake:a: 1 vote, ")
    code, out, err = await stats("--json")
    assert (code, err) == (0, "")
    assert json.loads(out)[0]["up"] == 1


@pytest.mark.parametrize("url", ["nonsense", "http://127.0.0.1:99999", "ftp://127.0.0.1"])
async def test_health_refuses_what_is_no_address(tmp_path, url):
    code, _, err = await run("health", "--url", url, folder=tmp_path)
    assert code == 2
    assert "is no address" in err
    assert "Traceback" not in err


async def test_health_tells_a_gateway_that_is_up_and_cannot_answer(tmp_path):
    text = CONFIG.replace("api: scripted", "api: chat_completions").replace(
        'answers: {"*": "Go by train."}', 'base_url: "http://127.0.0.1:9/v1", api_key: ""'
    )
    async with process_gateway(text, tmp_path) as process:
        code, _, err = await run("health", "--url", process.url, folder=tmp_path)
    assert code == 1
    assert "is not ready" in err


@pytest.mark.parametrize("command", [["frobnicate"], ["run", "--port", "3"], ["config", "chek"]])
async def test_a_command_that_does_not_exist_is_the_operators_mistake(tmp_path, command):
    code, _, err = await run(*command, folder=tmp_path)
    assert code == 2
    assert "Error: No such" in err
