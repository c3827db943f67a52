"""Shows that a change is done once, whatever of it was not noted any more (P4)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace

from tests.gateway.messenger_scene import TEXT, begun, finals
from tests.simulators.provider import Reply
from tests.transcripts.stages import MESSENGERS


async def test_p4_a_change_that_was_not_noted_as_done_throws_no_advice_away(there):
    """The turn that asks it as it is now goes on, and its advisors are not asked again."""
    for platform in MESSENGERS:
        there.scene.models.close("a")
        asked = there.question(platform, "dm")
        changed = replace(asked, words=f"Which way is it? (number {len(there.asked)}.)")
        async with there.armed(f"change.done@{platform}", noted=False):
            said = await asked.stage.ask(asked.words)
            await asked.stage.until(lambda asked=asked: there.calls(asked)["a"])
            await asked.stage.change(said, changed.words, where="dm", who=asked.stage.ann)
        there.asked[-1] = changed
        there.scene.models.open()
        waiting = "FROM inbox WHERE kind = 'edited' AND state = 'waiting'"
        (change,) = await there.scene.stored(f"SELECT seq, state, payload, erased {waiting}")
        async with there.armed(f"references.closed@{platform}"):
            pass  # done, asked anew, and advised
        restored(there, *change)
        await there.recovered()
        calls = there.calls(changed)
        assert (calls["a"], calls["b"]) == (1, 1)


async def test_p2_half_an_answer_goes_whose_question_was_deleted_before_the_kill(there):
    """Its text has left the store, so nobody could say the rest: what stands there goes, too."""
    there.scene.models.replies["big"] = Reply(text=TEXT, size=20, between=0.1)
    for platform in ("discord", "slack"):  # Telegram tells of no deletion
        asked = there.question(platform, "dm")
        stage = asked.stage
        async with there.armed(f"change.done@{platform}", noted=False):
            said = await stage.ask(asked.words)
            await stage.until(lambda stage=stage: begun(stage, "dm"))
            there.scene.flood(stage, "dm", 900)
            await there.scene.stored("SELECT 1 FROM turns WHERE state = 'answered'")
            assert not finals(stage, "dm")
            await stage.unsay(said, where="dm", who=stage.ann)
        assert stage.seen("dm")
        there.scene.flood(stage, "dm", 0)
        async with there.alive():
            await stage.until(lambda stage=stage: not stage.seen("dm"))
            await there.scene.stored(
                "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM turns WHERE erased = 0)"
            )
        assert await there.scene.stored("SELECT count(*) FROM outbox") == [(0,)]


def restored(there, seq, state, payload, erased):
    """Let the inbox have a change as it came in: the disk was too slow to say that it was done."""
    with closing(sqlite3.connect(there.scene.folder / "data" / "moa-gateway.db")) as connection:
        connection.execute(
            "UPDATE inbox SET state = ?, payload = ?, erased = ? WHERE seq = ?",
            (state, payload, erased, seq),
        )
        connection.commit()
