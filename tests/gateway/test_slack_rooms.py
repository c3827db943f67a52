"""Shows people in Slack being answered by the whole gateway while Slack is slow, busy or odd."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.texts.running import LEFT_LINE
from core.wording import LABELS
from tests.gateway.harness import running_gateway
from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator
from tests.simulators.slack.model import Place

ANSWER = "The train leaves at nine and arrives at ten, if nothing happens. " * 14
SAID = {"text": ANSWER, "first": 0.2, "between": 0.05, "chunk": 30}
CONFIG = """\
platforms:
{platforms}
providers:
  p: {{api: scripted, answers: {{a: {{text: Walk., first: 0.2}}, big: {big}}}}}
moa:
  default_preset: review
  presets:
    review:
      reference_models: [{{provider: p, model: a}}]
      aggregator: {{provider: p, model: big}}
access: {access}
budgets: {{total: {{daily: 1}}, unpriced: 0}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Slack with a bot in it."""

    slack: SlackSimulator

    def finals(self, place: Place) -> list[Any]:
        """Give the answers that are whole."""
        return [
            each
            for each in self.slack.shown(place)
            if not each.streaming and any(LABELS["retry"] in label for label in each.buttons)
        ]

    async def answered(self, *places: Place, seconds: float = 60.0) -> None:
        """Wait until there is a whole answer in each place."""
        await self.slack.until(lambda: all(map(self.finals, places)), seconds=seconds)

    def calls(self, *methods: str) -> list[Any]:
        return list(self.slack.requests.of(*methods))


@asynccontextmanager
async def room(
    tmp_path: Path,
    *,
    big: dict[str, Any] | None = None,
    access: str = "{public: true}",
    more: str = "",
) -> AsyncIterator[Room]:
    async with SlackSimulator() as slack:
        big_ = yaml.safe_dump(big or SAID, default_flow_style=True, width=1_000_000).strip()
        config = CONFIG.format(platforms=slack.config(), big=big_, access=access) + more
        async with running_gateway(config, tmp_path):
            await slack.connected()
            yield Room(slack=slack)


async def test_one_conversation_under_flood_control_holds_up_no_other(tmp_path):
    async with room(tmp_path) as there:
        slack = there.slack
        ann, ben = slack.person("ann"), slack.person("ben")
        here, elsewhere = slack.dm(ann), slack.dm(ben)
        busy = Fault(kind="refuse", status=429, retry_after=25)
        slack.faults.plan("chat.appendStream", busy)
        await slack.say(here, ann, "When?")
        await slack.until(lambda: any(each.status == 429 for each in slack.requests.entries))
        await slack.say(elsewhere, ben, "When?")
        await there.answered(elsewhere)
        assert not there.finals(here)
        await there.answered(here)
        assert ANSWER.strip() in there.finals(here)[0].text


async def test_slack_s_own_stop_in_one_thread_of_a_direct_message_stops_no_other(tmp_path):
    async with room(tmp_path, big=SAID | {"first": 2.5}) as there:
        slack = there.slack
        ann = slack.person("ann")
        dm = slack.dm(ann)
        first = await slack.say(dm, ann, "Which train?")
        await there.answered(dm)
        second = await slack.say(dm, ann, "And which bus?")
        await slack.until(lambda: slack.shown(dm)[-1].reply_to == second)
        await slack.native_stop(dm, ann, second)
        await slack.until(lambda: len(there.finals(dm)) == 2)
        whole, stopped = there.finals(dm)
        assert (whole.reply_to, stopped.reply_to) == (first, second)
        assert ANSWER.strip() in whole.text
        assert ANSWER.strip() not in stopped.text


async def test_two_threads_of_a_direct_message_are_two_questions_and_stop_takes_one_out_of_the_line(
    tmp_path,
):
    async with room(tmp_path, big=SAID | {"first": 2.5}) as there:
        slack = there.slack
        ann = slack.person("ann")
        dm = slack.dm(ann)
        first = await slack.say(dm, ann, "Which train?")
        await slack.until(lambda: slack.shown(dm))
        second = await slack.say(dm, ann, "And which bus?")
        await slack.until(lambda: (dm.id, second) in slack.space.sessions)
        await slack.native_stop(dm, ann, second)
        await slack.until(
            lambda: any(LEFT_LINE in str(each) for each in there.calls("chat.postEphemeral"))
        )
        await there.answered(dm)
        (whole,) = there.finals(dm)
        assert whole.reply_to == first
        assert ANSWER.strip() in whole.text
        third = await slack.say(dm, ann, "And which ship?")
        await slack.until(lambda: len(there.finals(dm)) == 2)
        assert there.finals(dm)[1].reply_to == third


async def test_whoever_is_not_let_in_reads_why_and_their_question_stays_with_them(tmp_path):
    async with room(tmp_path, access="{allow: [slack:U0SOMEBODY]}") as there:
        slack = there.slack
        ann = slack.person("ann")
        channel = slack.group("team", ann)
        await slack.command(channel, ann, "moa", "ask what nobody else should read?")
        await slack.until(lambda: slack.shown(channel))
        (shown,) = slack.shown(channel)
        assert shown.whispered_to == ann.id
        assert "access.allow" in shown.text
        assert not there.calls("chat.postMessage")


async def test_a_preset_that_there_is_not_is_told_to_the_one_who_asked_for_it(tmp_path):
    async with room(tmp_path) as there:
        slack = there.slack
        ann = slack.person("ann")
        channel = slack.group("team", ann)
        await slack.command(channel, ann, "moa", "ask preset:reviev why?")
        await slack.until(lambda: slack.shown(channel))
        (shown,) = slack.shown(channel)
        assert shown.whispered_to == ann.id
        assert "review" in shown.text
        assert not there.calls("chat.postMessage")


@pytest.mark.parametrize("slow", [False, True])
async def test_where_it_listens_to_all_a_guest_is_not_answered_and_a_member_is(tmp_path, slow):
    short = SAID | {"text": "At nine."}
    async with room(tmp_path, big=short, more="defaults: {listen: all}\n") as there:
        slack = there.slack
        ann, eve = slack.person("ann"), slack.person("eve", guest=True)
        channel = slack.group("team", ann, eve)
        if slow:
            slack.faults.plan("users.info", Fault(kind="delay", seconds=1.3))
        await slack.say(channel, eve, "And when does mine leave?")
        await slack.settled()
        await slack.say(channel, ann, "When?")
        await there.answered(channel)
        (answer,) = slack.shown(channel)
        assert answer.text.startswith("At nine.")
        follow_up = await slack.say(channel, ann, "From where?", thread=answer.reply_to)
        await slack.until(lambda: len(there.finals(channel)) == 2)
        assert there.finals(channel)[1].reply_to == answer.reply_to != follow_up
