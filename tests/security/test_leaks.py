"""One word of a private conversation, looked for wherever somebody else could come upon it.

Ann says it in private: in a question, an answer, advice, a pinned fact, a summary, a tool's result,
a file's name. Then Ben asks, commands and presses everything that there is, in the team and in
private, also with the ids of Ann's turns. `tests/transcripts/test_canary.py` and
`tests/transcripts/test_canary_everywhere.py` do the same with the whole program on each messenger,
down to the bytes on the disk and the log.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import get_args

import pytest

from core.calls import Chunk
from core.errors import UserError
from core.frames import Action
from core.menu import MENU
from core.types import Address, Author, Said, Speaker, ToolCall
from tests.fakes.chat import frame_text
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ANN, BEN, DM, GROUP, Scene, guarded

CANARY = "canary-31-quince"
PRIVATE = Address(platform="fake", channel="D2")
QUESTION = "Shall we tell them?"
FILE = """access: {{allow: ['fake:T1'], admins: ['fake:ben']}}
tools: {{servers: {{files: {{command: [x], approve: never}}}}}}
defaults: {{session: {scope}}}
"""
LONG = " word" * 600


def scripts() -> dict[str, object]:
    call = ToolCall(id="c", name="files__get", arguments="{}")
    looks = [Chunk(tool_calls=(call,), finish="tool_calls")]
    secret = [f"It is {CANARY}.{LONG}"]
    return {
        "a": [[f"I know {CANARY}."], [f"And {CANARY}."], ["Wait."]],
        "b": [[f"So do I: {CANARY}."], [f"Yes, {CANARY}."], ["Wait."]],
        "big": [looks, secret, secret, [f"They spoke of {CANARY}."], ["Say nothing."]],
    }


@asynccontextmanager
async def told(scope: str) -> AsyncIterator[tuple[Scene, str]]:
    """Let Ann have said it; gives the id of her last turn."""
    server = FakeServer("files", "get", answer=lambda _: CANARY)
    text = FILE.format(scope=scope)
    async with guarded(scripts(), more=text, servers=[server], store=MemoryStore()) as scene:
        quoted = Said(speaker=Speaker(id="eve", name="Eve"), text=CANARY, message_id="m9")
        await scene.say(f"Is it {CANARY}?{LONG}", answers=quoted)
        await scene.idle()
        await scene.say(f"{QUESTION} {CANARY}{LONG}")
        await scene.idle()
        turn = await scene.last_turn()
        await scene.press("up", turn)
        await scene.command("memory", f"add {CANARY} is ours")
        await scene.command("compact")
        await scene.idle()
        asked = repr([each.call for each in scene.model.made])
        assert CANARY in asked
        assert scene.model.taken["big"] == 4  # a summary has been made of it, too
        yield scene, turn


def seen_since(scene: Scene, whispers: int) -> str:
    """Everything that stands anywhere but in Ann's own conversation, or was told to others."""
    others = [each for each in scene.chat.log if each.channel != DM.channel]
    private = [frame for to, frame in scene.chat.whispers[whispers:] if to.author != ANN]
    handed = [frame for who, frame in scene.chat.handed if who != ANN.id]
    return repr(others) + "".join(map(frame_text, private)) + repr(private) + repr(handed)


@pytest.mark.parametrize("scope", ["thread", "channel", "user"])
def test_nothing_private_reaches_others_whatever_they_do(scope):
    async def story() -> None:
        async with told(scope) as (scene, turn):
            made, whispers = len(scene.model.made), len(scene.chat.whispers)
            for where in (GROUP, PRIVATE, replace(GROUP, thread="t7")):
                for words in (QUESTION, "Go on.", "What did Ann say?", "export", "memory list"):
                    with suppress(UserError):
                        await scene.say(words, who=BEN, where=where, addressed=True)
                    await scene.idle()
                for entry in MENU:
                    for arguments in ("", "list", "all", turn, CANARY[:6]):
                        with suppress(UserError):
                            await scene.command(entry.name, arguments, who=BEN, where=where)
                        await scene.idle()
                for action in get_args(Action):
                    for value in ("", "0", "1"):
                        with suppress(UserError):
                            await scene.press(action, turn, value=value, who=BEN, where=where)
                        await scene.idle()
            assert len(scene.model.made) > made
            assert "Say nothing." in seen_since(scene, whispers)  # it looks where words are
            assert CANARY not in repr([each.call for each in scene.model.made[made:]])
            assert CANARY not in seen_since(scene, whispers)

    run_virtual(story())


def test_somebody_who_is_called_the_same_is_another():
    """A name is chosen; what is somebody's own goes by their id."""

    async def story() -> None:
        async with told("user") as (scene, _):
            made, whispers = len(scene.model.made), len(scene.chat.whispers)
            twin = Author(id="ann2", name=ANN.name, circles=ANN.circles)
            for where in (GROUP, PRIVATE):
                await scene.say("What did I say?", who=twin, where=where, addressed=True)
                await scene.idle()
                for name in ("export", "memory", "cost", "retry", "undo"):
                    await scene.command(name, "", who=twin, where=where)
                    await scene.idle()
            assert CANARY not in repr([each.call for each in scene.model.made[made:]])
            assert CANARY not in seen_since(scene, whispers)

    run_virtual(story())


def test_what_comes_in_the_same_breath_from_two_people_is_two_questions():
    """A burst joins what one person says, and never what another does."""

    async def story() -> None:
        text = FILE.format(scope="user")
        async with guarded(more=text, store=MemoryStore()) as scene:
            await scene.say(f"It is {CANARY}.", who=ANN, where=GROUP, addressed=True, at=60_000)
            await scene.say("And mine?", who=BEN, where=GROUP, addressed=True, at=60_100)
            await scene.idle()
            asked = [each.call for each in scene.model.of("big")]
            assert len(asked) == 2
            assert sum(CANARY in repr(each) for each in asked) == 1

    run_virtual(story())
