"""Shows that an answer stands in Slack once, whichever call goes wrong once, and in whatever way.

The real delivery and the real client library against a strict Slack; each case in a workspace of
its own. A table of every call that an answer is written with, by every fault (P2).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final

import pytest

from adapters.chat.slack import SlackChat
from core.events import AnswerDelta, TurnFinished
from core.types import Address
from gateway.delivery import ChatBudgets, TurnInfo, deliver
from gateway.delivery.mailbox import Mailbox
from tests.adapters.chat.slack.conftest import Clocked, nobody_s_home, options
from tests.fakes.told import result, started
from tests.gateway.test_delivery import Rows
from tests.promises.every_call import COMMON
from tests.simulators.base import Fault
from tests.simulators.slack import SlackSimulator

WORDS: Final = "word and word and more words of the answer go by here. "
ANSWER: Final = f"Begin. {WORDS * 12}End-of-it."


def word(error: str) -> Fault:
    return Fault(kind="refuse", status=200, error=error)


PASSING: Final = {
    **COMMON,
    "internal_error": word("internal_error"),
    "invalid_auth": word("invalid_auth"),
    "token_revoked": word("token_revoked"),
    "account_inactive": word("account_inactive"),
    "msg_too_long": word("msg_too_long"),
    "message_not_found": word("message_not_found"),
}
"""Once only: the answer comes all the same."""
CLOSED: Final = {
    each: word(each) for each in ("channel_not_found", "not_in_channel", "is_archived")
}
"""Nothing more is written there, and the turn is over."""
GROWING: Final = {"chat.appendStream", "chat.update"}
POSTS: Final = {"chat.postMessage", "chat.startStream"}


@dataclass(frozen=True, slots=True)
class Case:
    """A call that goes wrong once; `streamed`: the workspace has streams."""

    method: str
    fault: str
    streamed: bool


CALLS: Final = [
    *(("chat.startStream", True), ("chat.appendStream", True), ("chat.stopStream", True)),
    *(("agents.sessions.setStatus", True), ("chat.postMessage", False), ("chat.update", False)),
    ("conversations.replies", False),
]


@pytest.mark.parametrize(("method", "streamed"), CALLS, ids=[each for each, _ in CALLS])
async def test_p2_an_answer_stands_there_once_whichever_call_goes_wrong(method, streamed):
    faults = PASSING | CLOSED
    async with asyncio.TaskGroup() as group:
        cases = [Case(method, each, streamed) for each in faults]
        told = {each: group.create_task(answered(each, faults[each.fault])) for each in cases}
    for case, task in told.items():
        texts, done, hit = task.result()
        assert hit, f"{case}: the call was made"
        whole = [each for each in texts if "End-of-it." in each]
        assert len(whole) <= 1, f"{case}: doubled"
        begun = [each for each in texts if "Begin." in each]
        # What Slack says is gone is written anew.
        assert len(begun) <= 1 or case.fault == "message_not_found", f"{case}: twice begun"
        assert done, f"{case}: it is over"
        if case.fault in PASSING:
            assert len(whole) == 1, f"{case}: lost: {texts}"


async def answered(case: Case, fault: Fault) -> tuple[list[str], bool, bool]:
    """Give what stands in the channel in the end, whether it is over, whether the call was made."""
    async with SlackSimulator() as slack:
        ann = slack.person("ann")
        place = slack.group("room", ann)
        root = await slack.say(place, ann, "Which?")
        chat = SlackChat(options(slack), clock=Clocked(), home=nobody_s_home)
        if not case.streamed:
            slack.faults.plan("chat.startStream", *[word("feature_not_enabled")] * 9)
        if case.method == "conversations.replies":  # what is lost is looked for
            slack.faults.plan("chat.postMessage", Fault(kind="drop"))
        slack.faults.planned[case.method] = deque([fault])
        mailbox = Mailbox()
        info = TurnInfo(
            turn_id="t1",
            address=Address(platform="slack", channel=place.id, thread=root),
            reply_to=f"{root}/{ann.id}/{ann.team}",
            since=int(slack.now() * 1000),
        )
        rows = Rows(type("Log", (), {"log": ()})())
        budgets = ChatBudgets()
        async with asyncio.TaskGroup() as group:
            showing = group.create_task(
                deliver(info, mailbox, adapter=chat, outbox=rows, budgets=budgets)
            )
            mailbox.tell(started("a", turn_id="t1"))
            mailbox.tell(AnswerDelta(text=ANSWER[: len(ANSWER) // 2]))
            await slack.until(lambda: slack.requests.of(*POSTS))
            mailbox.tell(AnswerDelta(text=ANSWER[len(ANSWER) // 2 :]))
            if case.method in GROWING:
                await slack.until(lambda: slack.requests.of(case.method))
            mailbox.tell(TurnFinished(result=result(ANSWER)))
        texts = [each.text for each in slack.shown(place)]
        return texts, showing.result(), not slack.faults.planned[case.method]
