"""P1: no accepted message is lost, whatever is killed when.

The whole program against the three platforms. Every crash point has its test in tests/chaos.
"""

from __future__ import annotations

from tests.chaos.conftest import cradle, there

__all__ = ["cradle", "there"]


async def test_p1_killed_again_and_again_each_message_has_its_one_answer(there):
    """Each kill comes into what the ones before it have left, on whatever platform."""
    for point in (
        "intake.stored@slack",
        "turn.unbegun@discord",
        "turn.begun@telegram",
        "references.closed@slack",
        "answer.begun@discord",
        "turn.ended@slack",
        "post.accepted@discord",
        "turn.shown@telegram",
    ):
        await there.crash(point)
    await there.recovered()
