"""Shows what is typed and chosen in Slack outside of a thread: `/moa stop`, `/moa retry`, Home."""

from __future__ import annotations

import json

import pytest

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import opened

WORDS = "It begins with a train that was late. "
SLOW = {"text": WORDS * 20 + "The end.", "between": 0.1}
MODELS = {"a": "Take the train.", "b": "Walk.", "big": [SLOW, "Go by train."]}
QUICK = {**MODELS, "big": ["Walk.", "Go by train."]}


async def test_stop_in_a_channel_stops_what_runs_in_ones_thread(tmp_path):
    async with opened("slack") as slack, running_gateway(slack.configured(MODELS), tmp_path):
        await slack.ask("Why?", where="group")
        await slack.reads(WORDS, where="group")
        await slack.sim.command(slack.places["group"], slack.ann, "moa", "stop")
        stopped = await slack.reads("— stopped", where="group")
        assert "The end." not in stopped.text


async def test_retry_in_a_channel_asks_again_in_ones_thread(tmp_path):
    async with opened("slack") as slack, running_gateway(slack.configured(QUICK), tmp_path):
        ts = await slack.ask("Why?", where="group")
        await slack.answered("Walk.", where="group")
        await slack.sim.command(slack.places["group"], slack.ann, "moa", "retry")
        again = await slack.answered("Go by train.", where="group")
        assert again.id in {each.id for each in slack.sim.shown(slack.places["group"], thread=ts)}


async def test_what_was_chosen_at_home_is_shown_there(tmp_path):
    async with opened("slack") as slack, running_gateway(slack.configured(QUICK), tmp_path):
        await slack.until(slack.listening)
        before = await slack.sim.open_home(slack.ann)
        assert "review answers you." in json.dumps(before)
        await slack.sim.press_home(slack.ann, "Choose a preset", option="alone")
        await slack.until(lambda: "alone answers you." in json.dumps(home(slack)))
        assert "alone answers you." in json.dumps(await slack.sim.open_home(slack.ann))
        await slack.ask("Why?")
        await slack.answered("Walk.")
        assert slack.panels() == []


@pytest.mark.parametrize("locked", [False, True])
async def test_home_knows_what_the_workspace_uses(locked, tmp_path):
    row = {"platform": "slack", "workspace": "T0MOA0001", "preset": "alone", "locked": locked}
    more = f"workspaces: [{json.dumps(row)}]\n"
    async with (
        opened("slack") as slack,
        running_gateway(slack.configured(QUICK, more=more), tmp_path),
    ):
        await slack.until(slack.listening)
        assert "alone answers you." in json.dumps(await slack.sim.open_home(slack.ann))
        await slack.sim.press_home(slack.ann, "Choose a preset", option="review")
        said = "The operator has fixed the preset" if locked else "review answers you."
        await slack.until(lambda: said in json.dumps(home(slack)))
        after = json.dumps(await slack.sim.open_home(slack.ann))
        assert ("alone" if locked else "review") + " answers you." in after


def home(slack):
    return slack.sim.space.homes[slack.ann.id]


async def test_a_question_by_command_stands_quoted_in_the_channel_with_its_answer_below(tmp_path):
    async with opened("slack") as slack, running_gateway(slack.configured(QUICK), tmp_path):
        await slack.command("ask", "preset:alone Why?", where="group")
        await slack.reads("Walk.", where="group")
        quote, answer = slack.seen("group")
        assert quote.text == "*Ann* asked:\n>Why?"
        assert "Walk." in answer.text
        below = slack.sim.shown(slack.places["group"], thread=quote.id)
        assert answer.id in {each.id for each in below}
