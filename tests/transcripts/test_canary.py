"""Shows that nothing of a private conversation reaches others: one word is looked for everywhere.

Ann says it in private, her advisors and the answer repeat it, and she pins it there. Then the team
asks the same question, word for word.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.gateway.harness import running_gateway
from tests.transcripts.stages import MESSENGERS, opened

CANARY = "canary-77-quince"
QUESTION = f"Shall we tell them about {CANARY}?"
PLAIN = "Shall we tell them?"
MODELS = {
    "a": {"answers": [f"I know {CANARY}.", "Better not."], "then": "last"},
    "b": {"answers": [f"So do I: {CANARY}.", "Wait."], "then": "last"},
    "big": {"answers": [f"Never say {CANARY}.", "Say nothing.", "Not yet."], "then": "last"},
}


@pytest.mark.parametrize(
    ("messenger", "scope"),
    [*((each, "channel") for each in MESSENGERS), ("slack", "thread"), ("telegram", "user")],
)
async def test_what_is_private_stays_private(messenger, scope, tmp_path):
    async with opened(messenger) as stage:
        text = stage.configured(MODELS, more=f"defaults: {{session: {scope}}}\n")
        text = text.replace("moa:\n", "moa:\n  save_traces: true\n", 1)
        async with running_gateway(text, tmp_path) as served:
            await stage.ask(QUESTION)
            await stage.answered("Never say")
            await stage.ask(f"memory add {CANARY} is ours")
            await stage.until(lambda: "Pinned" in repr((stage.seen("dm"), stage.toasts)))
            asked = {name: len(served.calls.of(name)) for name in MODELS}
            await stage.ask(PLAIN, where="group")
            await stage.answered("Say nothing.", where="group")
            await stage.ask(PLAIN, where="group", who=stage.ben)
            await stage.answered("Not yet.", where="group")
            later = [c for name in MODELS for c in served.calls.of(name)[asked[name] :]]
            assert later
            assert CANARY not in repr(later)
            # The same words in private and in the team: nobody's advice is used for others.
            assert len(served.calls.of("a")) > asked["a"]
        assert CANARY not in repr(stage.seen("group"))
        assert CANARY in repr(stage.seen("dm"))
    left_behind(tmp_path)


def left_behind(folder) -> None:
    """Look into what the program has written: each session's words are under its own name."""
    private = set()
    with closing(sqlite3.connect(folder / "data" / "moa-gateway.db")) as connection:
        rows = connection.execute("SELECT session, line FROM history").fetchall()
    for session, line in rows:
        if CANARY in line:
            private.add(session)
    assert len(private) == 1
    assert {session for session, _ in rows} != private
    files = [*(folder / "data" / "traces").glob("*.jsonl")]
    assert len(files) > 1
    assert not any(CANARY in each.name for each in files)
    told = [each for each in files if CANARY in each.read_text(encoding="utf-8")]
    assert len(told) == 1
    sessions = {json.loads(line)["session"] for line in told[0].read_text("utf-8").splitlines()}
    assert sessions == private
