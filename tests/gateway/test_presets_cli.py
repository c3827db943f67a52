"""Shows `moa-gateway presets` as an operator meets it, with real HTTP to simulated providers."""

from __future__ import annotations

import json
from decimal import Decimal
from textwrap import dedent

import pytest
import yaml

from gateway.config import parse
from tests.gateway.test_cli import run
from tests.simulators.openai_rules import Complaint
from tests.simulators.provider import ProviderSimulator, Reply

USAGE = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
CONFIG = """\
http: {{token: t}}
providers:
  sim: {{api: chat_completions, base_url: "{url}"}}
  newer: {{api: responses, base_url: "{url}"}}
  paid: {{api: chat_completions, base_url: "{url}", api_key: "${{NO_SUCH_KEY:-}}"}}
moa:
  default_preset: review
  presets:
    review:
      reference_models:
        - {{provider: sim, model: good, max_tokens: 500}}
        - {{provider: sim, model: wrong, role: Doubt everything}}
        - {{provider: paid, model: any}}
        - {{provider: sim, model: off, enabled: false}}
      aggregator: {{provider: newer, model: big, fallbacks: [{{provider: sim, model: spare}}]}}
      quorum: 1
      grace: 0
      auto: true
      fanout: user_turn
    guided:
      reference_models: [{{provider: sim, model: good}}]
      aggregator: {{provider: sim, model: big}}
      acting_model: {{provider: newer, model: acts}}
    broken:
      reference_models: [{{provider: sim, model: good}}]
      aggregator: {{provider: sim, model: wrong}}
    locked:
      enabled: false
      aggregator: {{provider: paid, model: any}}
prices:
  "sim:good": {{input: 1, output: 10}}
  "newer:big": {{input: 2, output: 20}}
"""


@pytest.fixture
async def sim():
    wrong = Reply(status=401, error=Complaint("Incorrect key", code="invalid_api_key").body)
    replies = {"wrong": wrong, "*": Reply(text="About {last}", usage=USAGE)}
    async with ProviderSimulator(replies) as simulator:
        yield simulator


@pytest.fixture
def folder(sim, tmp_path):
    (tmp_path / "config.yaml").write_text(CONFIG.format(url=sim.base_url))
    return tmp_path


async def test_the_list_says_who_is_in_a_mixture_and_what_cannot_answer(folder):
    code, out, err = await run("presets", "list", folder=folder)
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "review (default): sim:good + sim:wrong + paid:any → newer:big",
        "guided: sim:good → sim:big → newer:acts",
        "broken: sim:good → sim:wrong",
        "locked: paid:any · unavailable (paid: no key)",
    ]
    code, out, _ = await run("presets", "list", "--json", folder=folder)
    assert code == 0
    assert json.loads(out)[1] == {
        "name": "guided",
        "default": False,
        "available": True,
        "reason": None,
        "references": ["sim:good"],
        "aggregator": "sim:big",
        "acting_model": "newer:acts",
    }


@pytest.mark.parametrize("name", ["review", "guided", "broken", "locked"])
async def test_a_preset_is_shown_as_it_can_be_pasted(folder, name):
    code, out, err = await run("presets", "show", name, folder=folder)
    assert (code, err) == (0, "")
    whole = (folder / "config.yaml").read_text()
    pasted = whole[: whole.index("moa:")] + out
    before, after = parse(whole, "a", {}), parse(pasted, "b", {})
    assert after.catalogue.presets[name] == before.catalogue.presets[name]
    code, shown, _ = await run("presets", "show", f"moa/{name}", "--json", folder=folder)
    assert code == 0
    assert json.loads(shown) == yaml.safe_load(out)


async def test_what_nobody_has_to_say_is_not_shown(folder):
    _, out, _ = await run("presets", "show", "locked", folder=folder)
    assert out == dedent("""\
        moa:
          presets:
            locked:
              aggregator:
                provider: paid
                model: any
              enabled: false
              fanout: per_iteration
        """)


async def test_a_test_asks_everybody_and_says_what_each_took(folder, sim):
    code, out, err = await run("presets", "test", "review", "-m", "Ships?", folder=folder)
    lines = out.splitlines()
    assert code == 0
    good, wrong, locked, acting, _, answer, *_, total = lines
    assert good.startswith("reference 1  ✓ sim:good · done · ")
    assert good.endswith(" · $0.0020 · 1,000 tokens in, 100 out")
    assert wrong == (
        "reference 2  ✗ sim:wrong (Doubt everything) · failed: its key is missing or not accepted"
    )
    assert locked == "reference 3  – paid:any · skipped: no key"
    assert acting.startswith("aggregator   ✓ newer:big · done · ")
    assert acting.endswith(" · $0.0040 · 1,000 tokens in, 100 out")
    assert answer.startswith("About ")
    assert total.startswith("review · $0.0060 · ")
    assert "Incorrect key" in err  # why it failed, for whoever has to mend it
    block = str(sim.seen[-1].body["input"])
    assert "Ships?" in block
    assert "About Ships?" in block


async def test_programs_get_exact_figures(folder):
    code, out, _ = await run("presets", "test", "review", "--json", folder=folder)
    told = json.loads(out)
    assert code == 0
    assert (told["preset"], told["answered"], told["error"]) == ("review", True, None)
    assert Decimal(told["dollars"]) == Decimal("0.006")
    assert told["priced"] is True
    good, wrong, locked, acting = told["slots"]
    assert (good["slot"], good["label"], good["outcome"]) == ("reference 1", "sim:good", "ok")
    assert good["tokens"]["input"] == 1000
    assert (wrong["outcome"], wrong["reason"]) == ("failed", "auth")
    assert (locked["outcome"], locked["reason"], locked["seconds"]) == ("skipped", "no key", None)
    assert (acting["slot"], Decimal(acting["dollars"])) == ("aggregator", Decimal("0.004"))


async def test_who_condenses_and_who_acts_are_told_apart_moa_39(folder):
    code, out, _ = await run("presets", "test", "guided", "--json", folder=folder)
    assert code == 0
    slots = [(each["slot"], each["label"], each["outcome"]) for each in json.loads(out)["slots"]]
    assert slots == [
        ("reference 1", "sim:good", "ok"),
        ("synthesizer", "sim:big", "ok"),
        ("aggregator", "newer:acts", "ok"),
    ]
    _, out, _ = await run("presets", "test", "guided", folder=folder)
    assert [line.partition("  ")[0] for line in out.splitlines()[:3]] == [
        "reference 1",
        "aggregator",
        "acting model",
    ]


async def test_without_an_answer_the_exit_code_is_1(folder):
    code, out, _ = await run("presets", "test", "broken", folder=folder)
    assert code == 1
    assert "aggregator   ✗ sim:wrong · failed: its key is missing or not accepted" in out


async def test_a_fallback_that_answers_has_a_line_of_its_own(folder, sim):
    sim.replies["big"] = Reply(status=400)
    code, out, _ = await run("presets", "test", "review", folder=folder)
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("aggregator")]
    assert ["✗ newer:big" in lines[0], "✓ sim:spare" in lines[1]] == [True, True]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("show", "revew"), "review"),
        (("test", "revew"), "review"),
        (("test", "locked"), "no key"),
        (("list", "--config", "nowhere.yaml"), "nowhere.yaml"),
        (("test",), "NAME"),
    ],
)
async def test_the_operators_mistakes_have_exit_code_2(folder, arguments, told):
    code, out, err = await run("presets", *arguments, folder=folder)
    assert (code, out) == (2, "")
    assert told in err


async def test_nothing_is_written_and_no_gateway_is_in_the_way(folder):
    """The store belongs to the gateway that may be running."""
    await run("presets", "test", "review", folder=folder)
    assert [each.name for each in folder.iterdir()] == ["config.yaml"]
