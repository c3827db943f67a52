"""Shows that a stored turn is asked again against another preset, and compared (MOA-34)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.harness import running_gateway
from tests.gateway.http.programs import asked, client
from tests.gateway.page import Page, answered
from tests.gateway.test_cli import run, write
from tests.simulators.provider import ProviderSimulator, Reply

CONFIG = """
providers:
  sim: {{api: chat_completions, base_url: "{url}", timeouts: {{total: 5}}}}
moa:
  save_traces: true
  default_preset: review
  presets:
    review:
      reference_models: [{{provider: sim, model: wise}}]
      aggregator: {{provider: sim, model: big}}
      fanout: user_turn
    quick:
      reference_models: [{{provider: sim, model: wise}}, {{provider: sim, model: bold}}]
      aggregator: {{provider: sim, model: small}}
      fanout: user_turn
    down:
      enabled: false
      aggregator: {{provider: sim, model: broken}}
prices:
  "sim:wise": {{input: 1, output: 1}}
  "sim:bold": {{input: 1, output: 1}}
  "sim:big": {{input: 100, output: 100}}
  "sim:small": {{input: 1, output: 1}}
"""
REPLIES = {
    "wise": Reply(text="Take the train."),
    "bold": Reply(text="Fly."),
    "big": Reply(text="Go by train: it is calm."),
    "small": Reply(text="Train."),
    "broken": Reply(status=404),
}


@pytest.fixture
async def models():
    async with ProviderSimulator(REPLIES) as simulator:
        yield simulator


async def traced(models: ProviderSimulator, folder: Path) -> Path:
    """Let a gateway answer one question of a chat; give the file that tells of it."""
    config = CONFIG.format(url=models.base_url)
    async with running_gateway(config, folder) as gateway, Page.of(gateway) as page:
        await page.say("How do I get there?")
        await page.until(answered(1))
    (file,) = (folder / "data" / "traces").iterdir()
    models.seen.clear()
    return file


def at_rest(folder: Path) -> dict[str, bytes]:
    return {str(each): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


async def test_moa_34_a_turn_is_asked_again_and_both_stand_side_by_side(models, tmp_path):
    file = await traced(models, tmp_path)
    config = write(tmp_path, CONFIG.format(url=models.base_url))
    before = at_rest(tmp_path / "data")
    told = ["replay", str(file), "--preset", "quick", "--compare", "--config", config]
    code, out, err = await run(*told, folder=tmp_path)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    rows = {line[:12].strip(): line[12:].split() for line in lines if line[:1].isalpha()}
    assert rows["preset"] == ["review", "quick"]
    assert rows["answered by"] == ["sim:big", "sim:small"]
    assert out.index("--- old answer (review)") < out.index("Go by train: it is calm.")
    assert out.index("Go by train: it is calm.") < out.index("--- new answer (quick)")
    assert lines[-1] == "Train."
    old, new = rows["dollars"]
    assert float(old.removeprefix("$")) > float(new.removeprefix("$")) > 0
    assert sorted(seen.body["model"] for seen in models.seen) == ["bold", "small", "wise"]
    sent = models.seen[-1].body["messages"]
    assert [line["content"] for line in sent[:-1]] == ["How do I get there?"]
    assert "Fly." in sent[-1]["content"]
    assert "big" not in sent[-1]["content"]
    assert at_rest(tmp_path / "data") == before


async def test_moa_34_without_more_words_the_last_turn_meets_its_own_preset(models, tmp_path):
    file = await traced(models, tmp_path)
    config = write(tmp_path, CONFIG.format(url=models.base_url))
    code, out, _ = await run("replay", str(file), "--config", config, folder=tmp_path)
    assert code == 0
    assert "old answer" not in out
    assert out.rstrip().endswith("--- new answer (review)\n\nGo by train: it is calm.")


async def test_moa_34_for_programs_it_is_one_json_object(models, tmp_path):
    file = await traced(models, tmp_path)
    config = write(tmp_path, CONFIG.format(url=models.base_url))
    turn = json.loads(file.read_text())["turn_id"]
    told = ["replay", f"{file}:{turn}", "-p", "quick", "--json", "--config", config]
    code, out, _ = await run(*told, folder=tmp_path)
    told_ = json.loads(out)
    assert (code, told_["turn_id"], told_["tools_left_out"]) == (0, turn, 0)
    assert told_["old"]["answer"] == "Go by train: it is calm."
    assert told_["new"]["answer"] == "Train."
    assert told_["new"]["advisors"] == {"used": 2, "asked": 2}
    assert float(told_["old"]["dollars"]) > float(told_["new"]["dollars"]) > 0
    assert told_["new"]["seconds"] > 0


async def test_moa_34_a_step_of_a_program_is_asked_again_without_its_tools(models, tmp_path):
    call = {
        "id": "c1",
        "type": "function",
        "function": {"name": "clock", "arguments": '{"zone": "Europe/Kyiv"}'},
    }
    models.replies["big"] = Reply(text="", tool_calls=(call,))
    lines: list[Any] = [
        {"role": "system", "content": "Be short."},
        *asked("What time is it?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "12:30"},
    ]
    tool: Any = {
        "type": "function",
        "function": {"name": "clock", "parameters": {"type": "object"}},
    }
    text = CONFIG.format(url=models.base_url)
    async with running_gateway(text, tmp_path) as gateway, client(gateway) as api:
        await api.chat.completions.create(model="review", messages=lines, tools=[tool])
    (file,) = (tmp_path / "data" / "traces").iterdir()
    models.seen.clear()
    config = write(tmp_path, text)
    told = ["replay", str(file), "-p", "quick", "--config", config]
    code, out, _ = await run(*told, folder=tmp_path)
    assert code == 0
    assert "Tools are off in a replay; the old turn called 1 of them." in out
    body = models.seen[-1].body
    assert "tools" not in body
    assert {line["role"] for line in body["messages"]} == {"system", "user", "assistant"}
    assert "12:30" in json.dumps(body["messages"])


async def test_moa_34_a_replay_without_an_answer_says_why_and_ends_with_1(models, tmp_path):
    file = await traced(models, tmp_path)
    config = write(tmp_path, CONFIG.format(url=models.base_url))
    told = ["replay", str(file), "-p", "down", "--config", config]
    code, out, _ = await run(*told, folder=tmp_path)
    assert code == 1
    assert "sim:broken did not answer: The provider refused the request (404)" in out


async def test_moa_34_what_cannot_be_replayed_is_the_operators_mistake(models, tmp_path):
    file = await traced(models, tmp_path)
    config = write(tmp_path, CONFIG.format(url=models.base_url))
    garbage = tmp_path / "garbage.jsonl"
    garbage.write_text("no trace\n")
    deep = tmp_path / "deep.jsonl"
    deep.write_text('{"turn_id": ' + "[" * 100_000 + "\n")
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    newer = tmp_path / "newer.jsonl"
    newer.write_text(json.dumps({**json.loads(file.read_text()), "schema": 99}))
    mistakes = {
        (str(tmp_path / "gone.jsonl"),): "cannot be read: No such file",
        (str(garbage),): "is no trace of a turn",
        (str(deep),): "is no trace of a turn",
        (str(empty),): "there is nothing in it",
        (str(newer),): "was written in the form 99; this version reads 1",
        (str(file), "--turn", "nobody"): "there is no turn nobody in it",
        (str(file), "--preset", "quik"): "Did you mean 'quick'?",
    }
    for arguments, sentence in mistakes.items():
        code, out, err = await run("replay", *arguments, "--config", config, folder=tmp_path)
        assert (code, out) == (2, "")
        assert sentence in err
        assert "Traceback" not in err
    assert models.seen == []
