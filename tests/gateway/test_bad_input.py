"""Shows what becomes of bad input: a sentence with place and remedy, exit code 2, nothing lost."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.gateway.harness import TOKEN, process_gateway, refused_gateway
from tests.gateway.page import Page, answered, answers, notices, said, writing
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
    providers:
      fake: {api: scripted, answers: {"*": "Go by train."}}
    moa:
      presets:
        review:
          reference_models: [{provider: fake, model: a}]
          aggregator: {provider: fake, model: big}
"""
ASKING = """
    providers:
      sim: {{api: chat_completions, base_url: "{url}"{more}}}
    moa:
      presets:
        review:
          reference_models: [{{provider: sim, model: a}}, {{provider: sim, model: b}}]
          aggregator: {{provider: sim, model: big}}
          fanout: user_turn
"""


def told_well(code: int, err: str) -> None:
    assert code == 2, err
    assert "Traceback" not in err
    assert err.startswith("moa-gateway: ")


# --- the operator's ----------------------------------------------------------------------------

WRONG = {
    "unknown key": (CONFIG + "\n    reactions: {on: true}", ["config.yaml:9", "reactions"]),
    "duplicate key": (CONFIG + "\n    moa: {}", ["config.yaml:9", "moa", "twice"]),
    "wrong type": (CONFIG + "\n    http: {port: many}", ["config.yaml:9", "http.port"]),
    "not YAML": (CONFIG + "\n    http: [", ["config.yaml"]),
    "secret not set": (
        CONFIG + '\n    http: {port: 0, token: "${NO_SUCH_SECRET}"}',
        ["config.yaml:9", "NO_SUCH_SECRET"],
    ),
    "blank token off loopback": (
        CONFIG + '\n    http: {host: 0.0.0.0, port: 0, token: ""}',
        ["http.token", "required"],
    ),
    "unknown provider": (
        CONFIG.replace("provider: fake, model: big", "provider: fak, model: big"),
        ["fak", "'fake'"],
    ),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_file_is_told_with_its_place(name, tmp_path):
    text, words = WRONG[name]
    code, err = await refused_gateway(text, tmp_path)
    told_well(code, err)
    for word in words:
        assert word in err


async def test_a_port_in_use_is_told_and_the_data_is_left_alone(tmp_path):
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        text = f"{CONFIG}\n    http: {{port: {port}, token: {TOKEN}}}"
        code, err = await refused_gateway(text, tmp_path)
    told_well(code, err)
    assert f"Port {port}" in err
    assert "http.port" in err


async def test_a_second_process_on_the_same_data_is_refused_and_the_first_goes_on(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process, Page.of(process) as page:
        code, err = await refused_gateway(CONFIG, tmp_path)
        told_well(code, err)
        assert f"process {process.child.pid}" in err
        await page.say("How do I get there?")
        assert answers(await page.until(answered(1))) == ["Go by train."]


async def test_a_text_file_in_the_place_of_the_database_is_left_as_it_is(tmp_path):
    file = tmp_path / "data" / "moa-gateway.db"
    file.parent.mkdir()
    file.write_text("My shopping list: apples, pears, and a train ticket.\n")
    code, err = await refused_gateway(CONFIG, tmp_path)
    told_well(code, err)
    assert str(file) in err
    assert file.read_text().startswith("My shopping list")


async def test_data_of_a_newer_version_is_refused_by_name(tmp_path):
    async with process_gateway(CONFIG, tmp_path):
        pass
    file = tmp_path / "data" / "moa-gateway.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 99")
    code, err = await refused_gateway(CONFIG, tmp_path)
    told_well(code, err)
    assert "version 99" in err


async def test_a_data_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "data").write_text("not a folder")
    code, err = await refused_gateway(CONFIG, tmp_path)
    told_well(code, err)
    assert str(tmp_path / "data") in err


# --- people's ----------------------------------------------------------------------------------


async def test_empty_and_huge_messages_are_refused_in_words(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process, Page.of(process) as page:
        for text, expected in (("", 400), (" \n ", 400), ("a" * 1024 * 1024, 413)):
            status, body = await page.say(text)
            assert status == expected
            assert body["error"]["message"]
        assert (await page.look())["waiting"] == []
        async with page.http.post(f"{page.path}/messages", data=b"\xff{rubbish") as response:
            assert response.status == 400
        assert not any("Traceback" in line for line in process.stderr)


async def test_an_unknown_preset_is_named_and_changes_nothing(tmp_path):
    async with process_gateway(CONFIG, tmp_path) as process, Page.of(process) as page:
        assert (await page.choose("reviev"))[0] == 202
        view = await page.until(lambda view: bool(notices(view)))
        assert "review" in notices(view)[0]
        assert view["preset"] == "review"
        asked = {"model": "reviev", "messages": [{"role": "user", "content": "Hi?"}]}
        async with page.http.post("/v1/chat/completions", json=asked) as response:
            assert response.status == 404
            assert "review" in (await response.json())["error"]["message"]


async def test_a_browser_that_closes_in_mid_answer_finds_the_answer_later(tmp_path):
    async with ProviderSimulator({"*": Reply(text="Go by train, slowly.", between=0.2)}) as models:
        text = ASKING.format(url=models.base_url, more="")
        async with process_gateway(text, tmp_path) as process:
            async with Page.of(process) as page:
                await page.say("How do I get there?")
                await page.until(writing)
            async with Page.of(process) as page:
                assert answers(await page.until(answered(1))) == ["Go by train, slowly."]
            assert not any("Traceback" in line for line in process.stderr)


# --- the models' -------------------------------------------------------------------------------


@pytest.fixture
async def models() -> AsyncIterator[ProviderSimulator]:
    async with ProviderSimulator({"*": Reply(text="Go by train.")}) as simulator:
        yield simulator


HURRY = ", timeouts: {connect: 1, first_token: 1, between_tokens: 1, total: 3}"
RUBBISH = b"<html><body>Welcome to the hotel's network. Please sign in.</body></html>"
BAD_MODELS = {
    "down": Reply(status=503),
    "slow": Reply(first=60),
    "stalls": Reply(text="I begin, but " * 20, stall_after=400),
    "rubbish": Reply(raw=RUBBISH, headers={"Content-Type": "text/html"}),
    "half an answer": Reply(text="I begin, but " * 20, drop_after=700),
    "half an emoji": Reply(raw=b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\ndata: ['),
    "nothing": Reply(raw=b""),
}


@pytest.mark.parametrize("name", BAD_MODELS)
async def test_a_bad_aggregator_fails_the_turn_in_words_and_the_next_one_works(
    name, models, tmp_path: Path
):
    models.replies["big"] = BAD_MODELS[name]
    text = ASKING.format(url=models.base_url, more=HURRY)
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        view = await page.until(answered(1))
        assert view["turns"][0]["ending"] == "failed"
        assert len(said(view["turns"][0])) > 20
        models.replies["big"] = Reply(text="Go by train.")
        await page.say("And now?")
        view = await page.until(answered(2))
        assert answers(view)[1] == "Go by train."
        assert not any("Traceback" in line for line in process.stderr)


@pytest.mark.parametrize("name", BAD_MODELS)
async def test_a_bad_advisor_leaves_the_answer_to_the_others(name, models, tmp_path):
    models.replies["a"] = BAD_MODELS[name]
    text = ASKING.format(url=models.base_url, more=HURRY)
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        view = await page.until(answered(1))
        assert answers(view) == ["Go by train."]
        assert not any("Traceback" in line for line in process.stderr)


async def test_a_provider_that_nobody_answers_for_is_told(tmp_path):
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    text = ASKING.format(url=f"http://127.0.0.1:{port}/v1", more=HURRY)
    async with process_gateway(text, tmp_path) as process, Page.of(process) as page:
        await page.say("How do I get there?")
        view = await page.until(answered(1))
        assert view["turns"][0]["ending"] == "failed"
        assert not any("Traceback" in line for line in process.stderr)
