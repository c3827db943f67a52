"""Everything that the bot says, while everybody means it ill: no preview, and nobody is called.

One story for each messenger. It has to bring every kind of thing out that there is to say, most of
it with words of strangers, models and tools in it, and by every call that carries words; each call
is then looked at on its own. `tests/harmless_calls.py` looks at the calls of all other tests.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeAlias

import pytest

from core.frames import Action
from core.texts.access import DENIED
from core.texts.commands import NOT_YOURS, NOT_YOURS_TO_ALLOW
from core.texts.running import CHANGED
from core.wording import LABELS
from tests import harmless_calls
from tests.gateway.harness import running_gateway
from tests.gateway.messenger_scene import PLACES
from tests.security.said import ADDRESS, OFF, Talk, talking, wanting
from tests.simulators.provider import Reply
from tests.transcripts.stages import MESSENGERS, Stage

HOUR = 3600.0
END = "The end."
COMMANDS = {
    "help": "What you can do here",
    "status": "can answer",
    "cost": "This chat has cost",
    "privacy": "What I keep",
    "memory add": "Pinned as number 1",
    "memory list": "Pinned here",
    "memory remove": "Removed: ",
    "moa": "answers here",
    "undo": "I took out the question",
    "new": "fresh start",
    "forget": "Nobody can bring it back",
}
IN_BOTH = ("panel", "answer being written", "answer that was stopped", "answer")
REPEATING = {"memory list", "memory remove", "undo"}


async def brought_in(talk: Talk) -> None:
    stage = talk.stage
    await stage.until(stage.listening)
    people = (stage.ann, stage.ben, talk.eve)
    if stage.platform == "telegram":
        stage.places["group"] = stage.sim.group(f"lab {ADDRESS}", *people, basic=True)
        await stage.ask("help", where="group")
    else:
        await stage.bring(stage.ann)
        for each in people:
            stage._join(each)
    await talk.sees("introduction", "an AI, and no person")


async def answers(talk: Talk) -> None:
    stage, bait = talk.stage, talk.bait
    for where in PLACES:
        talk.anew()
        talk.says(f"It begins {bait}. " * 30 + END, stall_after=2_000)
        await stage.ask(f"How do I get there? {bait}", where=where)
        await talk.sees(f"panel, {where}", "Take", evil=True)
        await talk.sees(f"answer being written, {where}", "It begins", but="— stopped")
        await stage.command("stop", where=where)
        await talk.sees(f"answer that was stopped, {where}", "— stopped")
        await stage.answered("It begins", where=where)
        talk.says(f"Short {bait} " + END)
        await stage.ask("And in short?", where=where)
        await talk.sees(f"answer, {where}", "Short", evil=True)
        await stage.answered("Short", where=where)
    talk.anew()
    await stage.press(LABELS["advisors"], where="group")
    await talk.sees("advice", "Walk", evil=True)


async def long_answers(talk: Talk) -> None:
    stage, bait = talk.stage, talk.bait
    talk.anew()
    talk.says("".join(f"Step {n}: go {bait}.\n\n" for n in range(140)) + END)
    await stage.ask("And in detail?")
    await talk.sees("last part of a long answer", END, but="Step 7:", evil=True)
    await stage.answered(END, times=2)
    talk.says("Take it: \n```py\n" + f"go('{bait}')\n" * 900 + "```\n" + END)
    await stage.ask("As a program?")
    await talk.sends("file of an answer", ".py", "dm")
    await stage.answered(END, times=3)


async def refused(talk: Talk) -> None:
    stage, bait = talk.stage, talk.bait
    talk.anew()
    await stage.press(LABELS["retry"], where="group", who=stage.ben)
    await talk.sees("refusal of a press", NOT_YOURS)
    talk.models.replies["big"] = Reply(
        status=400, error={"error": {"message": f"no {bait}", "type": "invalid_request_error"}}
    )
    await stage.ask("And what is wrong?")
    await talk.sees("error", "did not answer", evil=True)


async def in_line(talk: Talk) -> None:
    stage = talk.stage
    talk.anew()
    talk.says("One. " + END)
    talk.models.close("big")
    await stage.ask(f"First {talk.bait}")
    await talk.sees("panel, dm", "Take", evil=True)  # so that what follows does not join it
    await goes_on(talk, "And the second?")
    await talk.sees("place in line", "answered before this one")
    talk.models.open("big")
    await stage.answered("One. ", times=2)


async def changed(talk: Talk) -> None:
    stage = talk.stage
    talk.anew()
    talk.says("Before. " + END)
    said = await stage.ask("To Dovre?", where="group")
    await stage.answered("Before. ", where="group")
    await stage.change(said, f"To Dover? {talk.bait}", where="group", who=stage.ann)
    await talk.sees("question that was changed", CHANGED)
    talk.says(f"Anew {talk.bait} " + END)
    await stage.press(LABELS["retry"], where="group")
    await talk.sees("answer to a changed question", "Anew", evil=True)
    await stage.answered("Anew", where="group")


async def allowed(talk: Talk) -> None:
    stage = talk.stage
    wanted: dict[Action, str] = {"approve": talk.bait, "refuse": f"{talk.bait} " * 60}
    for decision, arguments in wanted.items():
        talk.anew()
        talk.models.replies["big"] = wanting(arguments)
        await stage.ask(f"Say it, {decision}.", where="group")
        await talk.sees("approval asked for", "needs somebody's yes", evil=True)
        talk.says(f"It was said, {decision}. " + END)
        await stage.until(partial(buttoned, stage, decision))
        if decision == "approve":
            await stage.press(LABELS[decision], where="group", who=stage.ann)
            await talk.sees("refusal to decide", NOT_YOURS_TO_ALLOW)
        else:
            await talk.sends("file of arguments", "arguments-1.json", "group")
        await stage.press(LABELS[decision], where="group", who=talk.eve)
        words = {"approve": "was allowed by", "refuse": "was refused by"}[decision]
        await talk.sees(f"approval decided, {decision}", words, evil=True)
        await stage.answered(f"It was said, {decision}.", where="group")


def buttoned(stage: Stage, decision: Action) -> bool:
    return any(LABELS[decision] in str(each.buttons) for each in stage.seen("group"))


async def commands(talk: Talk) -> None:
    stage = talk.stage
    talk.anew()
    talk.says("Yes. " + END)
    await stage.ask(f"And now? {talk.bait}")
    await stage.answered("Yes. ")
    await goes_on(talk, "export")
    await talk.sends("file of an export", ".md", "dm")
    for name, words in COMMANDS.items():
        talk.anew()
        more = {"memory add": f" see {talk.bait}", "memory remove": " 1"}.get(name, "")
        await goes_on(talk, f"{name}{more}")
        await talk.sees(f"command {name}", words, evil=name in REPEATING)
    await stage.command("status", where="group")
    await talk.sees("command, by the platform's own means", "can answer")


async def goes_on(talk: Talk, text: str) -> None:
    """Say something in the private conversation that was last begun."""
    stage = talk.stage
    if stage.platform == "slack":
        await stage.sim.say(stage.places["dm"], stage.ann, text, thread=stage.threads["dm"])
    else:
        await stage.ask(text)


async def away(talk: Talk) -> None:
    talk.anew()
    await talk.stage.asked_ago(3 * HOUR, f"And then? {talk.bait}")
    await talk.sees("away note", "came while I was away")
    await talk.stage.press(LABELS["skip"])
    await talk.sees("away note, skipped", "Skipped")


async def shut_out(talk: Talk) -> None:
    stage, ben = talk.stage, talk.stage.ben
    talk.anew()
    stage.places["eve"] = stage.sim.dm(talk.eve)
    stage.threads["eve"] = None
    where: Any = "eve"
    await stage.ask(f"deny {stage.platform}:{ben.id}", where=where, who=talk.eve)
    await talk.sees("somebody shut out", "is shut out")
    await stage.ask(f"And I? {talk.bait}", who=ben, where="group")
    await talk.sees("refusal of a person", DENIED)


async def moved(talk: Talk) -> None:
    stage = talk.stage
    talk.anew()
    talk.says(f"Moved {talk.bait} " + END)
    stage.places["group"] = await stage.sim.migrate(stage.places["group"])
    await stage.ask("And here?", where="group")
    await talk.sees("answer after a move", "Moved", evil=True)
    await stage.answered("Moved", where="group")


async def at_home(talk: Talk) -> None:
    talk.anew()
    await talk.stage.sim.open_home(talk.stage.ann)
    await talk.sees("home", "answers you.", method="views.publish")


async def quoted(talk: Talk) -> None:
    stage = talk.stage
    talk.anew()
    await stage.command("ask", f"And by command? {talk.bait}", where="group")
    await talk.sees("question by command", "And by command?", evil=True)


Scene: TypeAlias = Callable[[Talk], Awaitable[None]]
ANSWERS: tuple[Scene, ...] = (brought_in, answers, long_answers, in_line)
REST: tuple[Scene, ...] = (brought_in, changed, refused, allowed, commands, away)
OWN: dict[str, tuple[Scene, ...]] = {
    "telegram": (moved, shut_out),
    "discord": (quoted, shut_out),
    "slack": (quoted, at_home, shut_out),
}
KINDS_OF_ANSWERS = {
    *(f"{each}, {where}" for each in IN_BOTH for where in PLACES),
    *("introduction", "advice", "last part of a long answer", "file of an answer"),
    "place in line",
}
KINDS_OF_THE_REST = {
    *(f"command {name}" for name in COMMANDS),
    *("introduction", "error", "file of arguments", "file of an export"),
    *("refusal of a press", "refusal to decide", "refusal of a person", "somebody shut out"),
    *("question that was changed", "answer to a changed question"),
    *("approval asked for", "approval decided, approve", "approval decided, refuse"),
    *("command, by the platform's own means", "away note", "away note, skipped"),
}
OWN_KINDS = {
    "telegram": {"answer after a move"},
    "discord": {"question by command"},
    "slack": {"question by command", "home"},
}


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_no_answer_shows_a_preview_or_calls_anybody(messenger: str, tmp_path):
    async with talking(messenger) as talk, running_gateway(talk.configured(), tmp_path):
        await played(talk, ANSWERS, KINDS_OF_ANSWERS)
    assert {
        "telegram": {"sendMessage", "editMessageText", "sendMessageDraft", "sendDocument"},
        "discord": {"create_message", "edit_message", "callback", "edit_answer"},
        "slack": {
            *("chat.postMessage", "chat.startStream", "chat.appendStream", "chat.stopStream"),
            *("files.getUploadURLExternal", "files.completeUploadExternal", "respond"),
            "agents.sessions.setStatus",
        },
    }[messenger] <= talk.methods()


@pytest.mark.parametrize("messenger", MESSENGERS)
async def test_nothing_else_does_either(messenger: str, tmp_path):
    async with talking(messenger) as talk, running_gateway(talk.configured(), tmp_path):
        await played(talk, (*REST, *OWN[messenger]), KINDS_OF_THE_REST | OWN_KINDS[messenger])
    assert {
        "telegram": {"sendMessage", "editMessageText", "sendDocument", "answerCallbackQuery"},
        "discord": {"create_message", "edit_message", "callback", "follow_up", "edit_answer"},
        "slack": {
            *("chat.postMessage", "chat.update", "chat.postEphemeral", "respond"),
            *("files.completeUploadExternal", "views.publish"),
        },
    }[messenger] <= talk.methods()


async def played(talk: Talk, story: Sequence[Scene], kinds: set[str]) -> None:
    """Play it to its end; it has to bring all these kinds about, each call of them harmless."""
    for each in story:
        await each(talk)
    assert set(talk.seen) == kinds
    assert all(talk.seen.values())
    messenger = talk.stage.platform
    for call in talk.calls():
        assert list(harmless_calls.RULES[messenger](call.method, call.params)) == [], call
        assert OFF[messenger](call.method, call.params), call
    assert talk.called() <= {talk.stage.ann.id}  # who asked may be told by a sound that it is done
