"""Shows that a flood takes neither the loop nor the account's messages from answers (P5)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from adapters.chat.telegram import polling
from core.types import Address, Author, Message
from gateway.delivery.asides import SEEN, SPARED, Asides
from gateway.delivery.pacing import PREVIEWS, Account, ChatBudget
from tests.fakes.loop import run_virtual


def test_p5_of_a_whole_batch_few_messages_are_read_before_others_go_on():
    batch = [
        {"update_id": number, "message": {"chat": {"id": number}, "text": "Why?"}}
        for number in range(100)
    ]
    taken: list[int] = []
    between: list[int] = []

    async def take(updates: Sequence[polling.Raw]) -> None:
        taken.extend(int(str(each["update_id"])) for each in updates)

    async def story() -> int | None:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(
                polling._take_all(batch, take, polling.Trouble("telegram"), None)
            )
            while not reading.done():
                before = len(taken)
                await asyncio.sleep(0)
                between.append(len(taken) - before)
        return reading.result()

    assert run_virtual(story()) == 100
    assert taken == [*range(100)]
    assert max(between) <= polling.PER_ROUND


class Seeing:
    """A messenger that notes whose questions it was told to show as seen."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    async def acknowledge(self, message: Message) -> None:
        self.seen.append(message.author.id)


def question(who: str) -> Message:
    return Message(
        event_id=who,
        address=Address(platform="fake", channel=who),
        author=Author(id=who, name=who),
        text="Why?",
        at=0,
    )


def test_p5_a_flood_is_not_shown_as_seen_and_whoever_asks_one_question_is():
    chat = Seeing()

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            asides = Asides(group, {"fake": chat})  # type: ignore[dict-item]
            for _ in range(1_000):
                asides.acknowledge(question("flood"), more=True)
            for number in range(SPARED):
                asides.acknowledge(question(f"polite {number}"), more=False)
            await asyncio.sleep(SEEN.seconds)
            assert chat.seen.count("flood") == SEEN.number - SPARED
            assert len(chat.seen) == SEEN.number
            asides.acknowledge(question("flood"), more=True)
        assert chat.seen[-1] == "flood"

    run_virtual(story())


def test_p5_nothing_is_shown_as_seen_while_the_loop_is_late():
    chat, late = Seeing(), [True]

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            asides = Asides(group, {"fake": chat}, late=lambda: bool(late))  # type: ignore[dict-item]
            asides.acknowledge(question("now"), more=False)
            late.clear()
            asides.acknowledge(question("later"), more=False)

    run_virtual(story())
    assert chat.seen == ["later"]


def test_p5_five_hundred_answers_at_once_show_no_more_than_an_account_takes():
    pace, seconds = 0.25, 10.0
    shown: list[float] = []

    async def one(budget: ChatBudget, until: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until:
            assert budget.may_preview
            budget.previewed(pace)
            shown.append(loop.time())
            await asyncio.sleep(budget.preview_due())

    async def crowd(size: int) -> int:
        account, until = Account(25.0), asyncio.get_running_loop().time() + seconds
        shown.clear()
        async with asyncio.TaskGroup() as group:
            for _ in range(size):
                group.create_task(one(ChatBudget(1.1, account), until))
        return len(shown)

    many = run_virtual(crowd(500))
    assert many <= 500 + PREVIEWS * seconds  # each is shown its first words at once
    few = run_virtual(crowd(20))
    assert few == 20 * seconds / pace
