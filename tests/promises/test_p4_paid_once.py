"""P4: finished work is not paid for twice: whoever's answer is stored is not asked again.

The simulated provider counts the calls, and a tool server its runs.
"""

from __future__ import annotations

from tests.chaos.conftest import cradle, there
from tests.chaos.test_points_tools import runs, with_bank
from tests.transcripts.stages import MESSENGERS

__all__ = ["cradle", "there"]


async def test_p4_each_call_that_is_stored_was_made_once_over_every_kill(there):
    """A turn is killed twice, once among its advisors and once in its answer."""
    for platform in MESSENGERS:
        await there.crash(f"references.closed@{platform}")
        async with there.armed(f"answer.begun@{platform}"):
            pass
    await there.recovered()
    for each in there.asked:
        calls = there.calls(each)
        assert (calls["a"], calls["b"]) == (1, 1), (each.stage.platform, calls)
        assert calls["big"] <= 3, (each.stage.platform, calls)  # each kill cut one of them


async def test_p4_a_tool_runs_once_however_often_its_turn_is_killed(there):
    paid = with_bank(there, "never")
    await there.crash("tools.kept@telegram")
    await there.crash("tool.returned@slack")
    await there.crash("turn.ended@discord")
    await there.recovered()
    assert runs(paid) == len(MESSENGERS)
