"""Shows that a program which lives for a few seconds each time still comes to an answer's end.

What an earlier life has shown as it should be costs nothing of the chat's pace; what is missing
goes first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from core.events import AnswerDelta, TurnFinished
from core.records import Posted
from core.types import Address
from gateway.delivery import ChatBudgets, TurnInfo, deliver
from gateway.delivery.mailbox import Mailbox
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.told import result, started
from tests.gateway.test_delivery import Rows

PACE = 3.0
ON = "It goes on and on. " * 8
TEXT = "\n\n".join(f"Paragraph {n} of a long answer. {ON}" for n in range(9))
PARTS = 5


class Lives:
    """One chat, one outbox, and a program that is killed again and again."""

    def __init__(self, **can) -> None:
        self.chat = FakeChat(pace=PACE, limit=420, lasting=True, **can)
        self.outbox = Rows(self.chat)

    async def live(self, seconds: float, *, streams: str = "") -> bool:
        """Show the turn for so long, then die; True if it was shown to its end."""
        mailbox = Mailbox()
        info = TurnInfo(
            turn_id="t1",
            address=Address(platform="fake", channel="c"),
            posted=tuple(self.outbox.kept.values()),
        )
        mailbox.tell(started())
        if streams:
            mailbox.tell(AnswerDelta(text=streams))
        else:
            mailbox.tell(TurnFinished(result=result(TEXT)))
        try:
            async with asyncio.timeout(seconds):
                return await deliver(
                    info, mailbox, adapter=self.chat, outbox=self.outbox, budgets=ChatBudgets()
                )
        except TimeoutError:
            return False

    def finals(self) -> Sequence[str]:
        return [
            frame.key
            for frame in self.chat.messages.values()
            if frame.final and not getattr(frame.content, "streaming", False)
        ]


@pytest.mark.parametrize("seconds", [0.5, 4.0, 7.0])
def test_an_answer_of_many_parts_is_finished_by_lives_that_take_one_step_each(seconds):
    lives = Lives()

    async def scenario() -> int:
        await lives.live(PACE * (PARTS + 2), streams=TEXT)  # all stands there, the last unfinished
        for life in range(1, 4 * PARTS):
            if await lives.live(seconds):
                return life
        raise AssertionError(lives.finals())

    steps = run_virtual(scenario())
    assert steps <= 2 * PARTS
    assert " ".join(" ".join(lives.chat.texts()).split()) == " ".join(TEXT.split())


def test_what_is_missing_goes_before_what_is_edited_again():
    lives = Lives()

    async def scenario() -> None:
        await lives.live(PACE / 2, streams=TEXT[:100])  # one message of several
        shown = len(lives.chat.log)
        assert await lives.live(PACE * 2 * PARTS)
        requests = [(each.op, each.key) for each in lives.chat.log[shown:]]
        posts = [key for op, key in requests if op == "post"]
        assert posts == sorted(posts)
        assert requests == [*(("post", key) for key in posts), ("edit", "answer/0")]

    run_virtual(scenario())


def test_what_stands_there_as_it_should_is_not_edited_after_a_restart():
    lives = Lives()

    async def scenario() -> None:
        assert await lives.live(PACE * 2 * PARTS)
        sent = len(lives.chat.log)
        assert await lives.live(PACE)
        assert len(lives.chat.log) == sent

    run_virtual(scenario())


def test_what_was_changed_since_it_was_whole_is_edited_after_a_restart():
    """A part was whole and is written anew: that it says what it should is known no more."""
    lives = Lives()

    async def scenario() -> None:
        assert await lives.live(PACE * 2 * PARTS)
        whole: dict[str, Posted] = dict(lives.outbox.kept)
        await lives.live(PACE / 2, streams=TEXT)
        changed = [key for key, row in lives.outbox.kept.items() if row != whole[key]]
        assert changed
        assert await lives.live(PACE * 2 * PARTS)
        assert " ".join(" ".join(lives.chat.texts()).split()) == " ".join(TEXT.split())

    run_virtual(scenario())
