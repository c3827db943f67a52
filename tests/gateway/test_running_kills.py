"""Shows that a kill loses nothing of what waits, and leaves no note about it behind.

The real program runs against strict platforms that outlive it, on all three at once.
"""

from __future__ import annotations

from tests.gateway.messenger_scene import begun, finals, question, scene
from tests.transcripts.stages import Stage, Where

NOTE = "answered before this one"


def noted(stage: Stage, where: Where) -> bool:
    return any(NOTE in each.text for each in stage.seen(where))


async def test_killed_while_a_question_waits_it_is_answered_and_its_note_goes(tmp_path):
    async with scene(tmp_path, "dm") as there:
        there.models.stall()
        async with there.started() as process:
            await there.ask()
            await there.everywhere(begun)
            await there.ask("And back?")
            await there.everywhere(noted)
            await there.rows("outbox", 3, "turn_id LIKE 'line/%' AND message_id <> ''")
            await there.killed(process)
        there.models.whole()
        async with there.started():
            await there.answered(2)
            await there.everywhere(lambda stage, where: not noted(stage, where))
            await there.rows("turns", 6, "state = 'delivered'")
        for stage in there.stages:
            assert len(finals(stage, "dm")) == 2, stage.platform
            assert there.asked(stage, "dm", "And back?")["a"] == 1, stage.platform


async def test_killed_right_behind_a_burst_it_is_answered_as_one_question(tmp_path):
    async with scene(tmp_path, "dm") as there:
        there.models.stall()
        async with there.started() as process:
            await there.ask()
            await there.everywhere(begun)
            await there.ask("See this:")
            await there.go_on("Is it right?")
            await there.rows("inbox", 6, "state = 'waiting'")
            await there.killed(process)
        there.models.whole()
        async with there.started():
            await there.answered(2)
            await there.settled(6)
        for stage in there.stages:
            asked = [str(each.body["messages"][-1]) for each in there.models.seen]
            both = [
                each
                for each in asked
                if question(stage, "dm", "See this:") in each
                and question(stage, "dm", "Is it right?") in each
            ]
            assert both, stage.platform
            assert len(finals(stage, "dm")) == 2, stage.platform
