"""What is said to one person alone gets there once the platform takes it, and no later."""

from __future__ import annotations

import pytest

from core.errors import ChatAway, ChatBusy, ChatClosed, ChatError, ChatUnknown
from gateway.delivery.asides import PAUSES, insistently
from tests.fakes.loop import run_virtual


def told(*failures: ChatError) -> tuple[int, object]:
    """Let a whisper fail so; give how often it was tried, and what came of it."""
    left, tries = list(failures), 0

    async def send() -> str:
        nonlocal tries
        tries += 1
        if left:
            raise left.pop(0)
        return "told"

    async def scenario() -> object:
        try:
            return await insistently(send)
        except ChatError as error:
            return type(error)

    came = run_virtual(scenario())
    return tries, came


@pytest.mark.parametrize(
    "failures",
    [
        [],
        [ChatBusy("wait", retry_after=40)] * 9,
        [ChatAway("503")] * len(PAUSES),
        [ChatUnknown("perhaps")],
        [ChatAway("503"), ChatUnknown("perhaps"), ChatBusy("wait", retry_after=1)],
    ],
)
def test_what_passes_is_waited_for(failures):
    assert told(*failures) == (len(failures) + 1, "told")


@pytest.mark.parametrize(
    ("failures", "error"),
    [
        ([ChatClosed("blocked")], ChatClosed),
        ([ChatError("no such form")], ChatError),
        ([ChatUnknown("perhaps")] * 2, ChatUnknown),  # twice, and never a third time
        ([ChatAway("503")] * (len(PAUSES) + 1), ChatAway),
    ],
)
def test_what_stays_is_given_up(failures, error):
    assert told(*failures) == (len(failures), error)
