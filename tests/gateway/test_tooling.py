"""Shows the one way to a tool: who is asked, what a yes is good for, what a cut leaves (P4).

Everything runs on the virtual loop around a fake messenger, a fake server and the store in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import Any

import pytest
from typing_extensions import override

from core.authority import AGAIN, SILENT
from core.calls import Chunk
from core.frames import Frame
from core.texts.commands import DECIDED_ALREADY, NOT_YOURS_TO_ALLOW
from core.toolrounds import CANCELLED, UNKNOWN
from core.types import Line, ToolCall
from tests.fakes.chat import FakeChat, frame_text
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.tools import FakeServer
from tests.gateway.guarded import ANN, BEN, DM, GROUP, Scene, guarded

OPEN = "access: {{allow: ['fake:T1'], admins: ['fake:ben']}}\n"
FILE = OPEN + "tools: {{servers: {{files: {{command: [x], approve: {approve}}}}}}}\n{more}"
QUICK = "defaults: {preset: alone}\n"
BOTH = ["files__delete", "files__get"]
NONE = "defaults: {preset: alone, tools: []}\n"


def wants(*calls: tuple[str, str], text: str = "") -> list[object]:
    """Script an answer that calls tools of the server `files`."""
    made = tuple(
        ToolCall(id=f"c{n}", name=f"files__{name}", arguments=arguments)
        for n, (name, arguments) in enumerate(calls)
    )
    return [text, Chunk(tool_calls=made, finish="tool_calls")]


DELETES = {"big": [wants(("delete", '{"path": "/a"}')), ["It is gone."]]}


def scene(
    scripts: Mapping[str, Sequence[Any]],
    server: FakeServer,
    *,
    approve: str = "writes",
    more: str = "",
    store: MemoryStore | None = None,
    chat: FakeChat | None = None,
) -> AbstractAsyncContextManager[Scene]:
    text = FILE.format(approve=approve, more=more + QUICK if "defaults" not in more else more)
    return guarded(scripts, more=text, servers=[server], store=store, chat=chat)


def play(story: Callable[[], Awaitable[None]]) -> None:
    async def told() -> None:
        await story()

    run_virtual(told())


def approvals(scene: Scene) -> list[Frame]:
    """The messages in which somebody is, or was, asked."""
    return [each for each in scene.chat.messages.values() if each.key.startswith("approval/")]


async def asked(scene: Scene, number: int = 1) -> Frame:
    await scene.until(lambda: sum(bool(each.buttons) for each in approvals(scene)) >= number)
    return approvals(scene)[-1]


async def history(scene: Scene, where=DM) -> list[Line]:
    return [line for _, line in await scene.parts.store.lines(where.session)]


def result(lines: list[Line]) -> str:
    (tool,) = [line for line in lines if line.role == "tool"]
    return tool.text


# --- without anybody's yes ----------------------------------------------------------------------


@pytest.mark.parametrize(("approve", "tool"), [("never", "delete"), ("writes", "get")])
def test_what_needs_no_yes_is_run_and_its_result_goes_into_the_history(approve, tool):
    async def story():
        server = FakeServer("files", tool)
        scripts = {"big": [wants((tool, '{"a": 1}'), text="Let me see."), ["Done."]]}
        async with scene(scripts, server, approve=approve) as here:
            await here.say("Do it.")
            await here.idle()
            assert [each.arguments for each in server.calls] == ['{"a":1}']
            assert [line.role for line in await history(here)] == [
                *("user", "assistant", "tool", "assistant"),
            ]
            assert result(await history(here)) == 'did {"a":1}'
            assert "Let me see.\n\nDone." in here.chat.texts()[-1]
            assert approvals(here) == []

    play(story)


def test_moa_19_the_next_turn_extends_what_this_one_asked():
    async def story():
        server = FakeServer("files", "get", "delete")
        scripts = {"big": [wants(("get", "{}")), ["Done."], ["And now?"]]}
        async with scene(scripts, server, approve="never") as here:
            await here.say("Do it.")
            await here.idle()
            await here.say("And?")
            await here.idle()
            made = here.parts.gateway.providers["p"].model.made  # type: ignore[attr-defined]
            first, second, third = (each.call for each in made)
            assert third.lines[: len(second.lines)] == second.lines
            assert first.tools == second.tools == third.tools
            assert [each.name for each in first.tools] == BOTH

    play(story)


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (("ghost", "{}"), "There is no tool 'files__ghost'. The tools are: files__get."),
        (("get", "{not json"), "not JSON"),
        (("get", "[1]"), "JSON object"),
        (("get", "["), "not JSON"),
        (("get", '{"a":' * 9_000), "not JSON"),
    ],
)
def test_what_cannot_be_run_is_told_to_the_model_and_runs_nothing(call, told):
    async def story():
        server = FakeServer("files", "get")
        async with scene({"big": [wants(call), ["Sorry."]]}, server) as here:
            await here.say("Do it.")
            await here.idle()
            assert server.calls == []
            assert told in result(await history(here))
            assert "Sorry." in here.chat.texts()[-1]

    play(story)


@pytest.mark.parametrize(
    ("more", "offered"),
    [
        ("channels: [{platform: fake, channel: G1, tools: []}]\n", []),
        ("channels: [{platform: fake, channel: G1, tools: [files__get]}]\n", ["files__get"]),
        (
            "channels: [{platform: fake, channel: G1, tools: [files]}]\n",
            ["files__delete", "files__get"],
        ),
        (NONE, []),
        (
            f"{NONE}channels: [{{platform: fake, channel: G1, tools: [files__delete]}}]\n",
            ["files__delete"],
        ),
    ],
)
def test_a_channel_has_the_tools_that_the_file_names_for_it(more, offered):
    async def story():
        server = FakeServer("files", "get", "delete")
        async with scene({"big": [["Hi."]]}, server, more=more) as here:
            await here.say("Hello?", where=GROUP, addressed=True)
            await here.idle()
            (made,) = here.parts.gateway.providers["p"].model.made  # type: ignore[attr-defined]
            every = ["files__delete", "files__get"]
            assert [each.name for each in made.call.tools] == (
                every if offered is None else offered
            )

    play(story)


def test_references_never_get_a_tool():
    async def story():
        server = FakeServer("files", "get")
        scripts: dict[str, Any] = {"big": [wants(("get", "{}")), ["Done."]]}
        more = "defaults: {preset: review}\n"
        async with scene(scripts, server, approve="never", more=more) as here:
            await here.say("Do it.")
            await here.idle()
            made = here.parts.gateway.providers["p"].model.made  # type: ignore[attr-defined]
            assert {each.call.slot.model: bool(each.call.tools) for each in made} == {
                "a": False,
                "b": False,
                "big": True,
            }

    play(story)


# --- somebody's yes -----------------------------------------------------------------------------


def test_in_private_the_asker_decides_and_the_message_says_so_afterwards():
    async def story():
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            await here.say("Delete it.")
            frame = await asked(here)
            text = frame_text(frame)
            assert "files/delete needs somebody's yes" in text
            assert '"path": "/a"' in text
            assert "You decide" in text
            assert server.calls == []
            assert await here.press("approve", frame.buttons[0].turn_id, value="0")
            await here.idle()
            assert [each.arguments for each in server.calls] == ['{"path":"/a"}']
            (after,) = approvals(here)
            assert "was allowed by Ann" in frame_text(after)
            assert after.buttons == ()
            assert result(await history(here)) == 'did {"path":"/a"}'

    play(story)


def test_in_a_group_an_admin_decides_and_nobody_else():
    async def story():
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            await here.say("Delete it.", where=GROUP, addressed=True)
            turn = (await asked(here)).buttons[0].turn_id
            await here.press("approve", turn, value="0", who=ANN, where=GROUP)
            await here.heard(NOT_YOURS_TO_ALLOW)
            assert server.calls == []
            assert (await asked(here)).buttons
            await here.press("approve", turn, value="0", who=BEN, where=GROUP)
            await here.idle()
            assert len(server.calls) == 1
            assert "was allowed by Ben" in frame_text(approvals(here)[0])
            await here.press("refuse", turn, value="0", who=BEN, where=GROUP)
            await here.heard(DECIDED_ALREADY)
            (change,) = await here.parts.store.audited(last=10)
            assert (change.key, change.by) == ("approval", "fake:ben")
            assert change.value == f"approve files__delete in turn {turn}"

    play(story)


def test_what_is_refused_is_not_run_and_the_model_is_told():
    async def story():
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            await here.press("refuse", turn, value="0")
            await here.idle()
            assert server.calls == []
            assert "Ann did not allow" in result(await history(here))
            assert "was refused by Ann" in frame_text(approvals(here)[0])

    play(story)


def test_nobody_answers_in_ten_minutes_and_the_turn_goes_on_without():
    async def story():
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            await asyncio.sleep(599)
            assert (await asked(here)).buttons
            await here.parts.idle()
            assert server.calls == []
            assert "nobody answered within 10 minutes" in result(await history(here))
            assert "nobody answered" in frame_text(approvals(here)[0])
            await here.press("approve", turn, value="0")
            await here.heard(DECIDED_ALREADY)
            assert server.calls == []

    play(story)


def test_a_model_that_insists_is_not_asked_for_again():
    async def story():
        server = FakeServer("files", "delete")
        same = wants(("delete", '{"path": "/a"}'))
        other = wants(("delete", '{"path": "/b"}'))
        async with scene({"big": [same, same, other, ["Fine."]]}, server) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            await here.press("refuse", turn, value="0")
            await here.until(lambda: len(approvals(here)) == 2)
            assert '"/b"' in frame_text(approvals(here)[1])
            await here.press("approve", turn, value="1")
            await here.idle()
            assert [each.arguments for each in server.calls] == ['{"path":"/b"}']
            told = [line.text for line in await history(here) if line.role == "tool"]
            assert told[1] == AGAIN

    play(story)


def test_where_nobody_answered_once_the_rest_of_the_turn_does_without():
    async def story():
        server = FakeServer("files", "delete")
        answers = [wants(("delete", f'{{"path": "/{n}"}}')) for n in range(5)]
        async with scene({"big": [*answers, ["Fine."]]}, server) as here:
            await here.say("Delete them.")
            await asked(here)
            began = asyncio.get_running_loop().time()
            await here.parts.idle()
            assert asyncio.get_running_loop().time() - began < 700
            assert len(approvals(here)) == 1
            told = [line.text for line in await history(here) if line.role == "tool"]
            assert told[1:] == [SILENT] * 4

    play(story)


def test_several_calls_at_once_are_decided_one_by_one():
    async def story():
        server = FakeServer("files", "delete")
        both = (("delete", '{"path": "/a"}'), ("delete", '{"path": "/b"}'))
        async with scene({"big": [wants(*both), ["Done."]]}, server) as here:
            await here.say("Delete them.")
            turn = (await asked(here, 2)).buttons[0].turn_id
            second = next(each for each in approvals(here) if "/b" in frame_text(each))
            await here.press("approve", turn, value=second.buttons[0].value)
            await here.until(lambda: server.calls)
            assert [each.arguments for each in server.calls] == ['{"path":"/b"}']
            other = next(each for each in approvals(here) if each.buttons)
            await here.press("refuse", turn, value=other.buttons[1].value)
            await here.idle()
            assert len(server.calls) == 1

    play(story)


def test_stop_while_somebody_is_asked_runs_nothing_and_takes_the_buttons_away():
    async def story():
        server = FakeServer("files", "delete")
        async with scene(DELETES, server) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            await here.press("stop", turn)
            await here.idle()
            (after,) = approvals(here)
            assert after.buttons == ()
            assert "the turn has ended" in frame_text(after)
            assert result(await history(here)) == CANCELLED
            await here.press("approve", turn, value="0")
            await here.heard(DECIDED_ALREADY)
            assert server.calls == []

    play(story)


def test_where_nobody_administers_anything_there_is_only_what_needs_no_yes():
    async def story():
        server = FakeServer("files", "delete", "get")
        more = "access: {allow: ['fake:T1'], chat_admins: false}\n" + QUICK
        text = more + "tools: {servers: {files: {command: [x]}}}\n"
        async with guarded({"big": [["Hi."]]}, more=text, servers=[server]) as here:
            await here.say("Hello?", where=GROUP, addressed=True)
            await here.idle()
            (made,) = here.parts.gateway.providers["p"].model.made  # type: ignore[attr-defined]
            assert [each.name for each in made.call.tools] == ["files__get"]

    play(story)


def test_what_was_read_before_is_named_where_somebody_is_asked():
    async def story():
        server = FakeServer("files", "get", "delete")
        scripts = {"big": [wants(("get", "{}")), wants(("delete", "{}")), ["Done."]]}
        async with scene(scripts, server) as here:
            await here.say("Tidy up.")
            frame = await asked(here)
            assert "has read results of files" in frame_text(frame)
            await here.press("refuse", frame.buttons[0].turn_id, value="0")
            await here.idle()

    play(story)


def test_what_cannot_be_seen_in_arguments_is_spelt_out():
    async def story():
        server = FakeServer("files", "delete")
        hidden = '{"path": "/a\u202egnp.exe"}'
        async with scene({"big": [wants(("delete", hidden)), ["Done."]]}, server) as here:
            await here.say("Delete it.")
            frame = await asked(here)
            assert "\\u202e" in frame_text(frame)
            assert "\u202e" not in frame_text(frame)

    play(story)


# --- after a cut --------------------------------------------------------------------------------


def test_p4_a_call_that_ran_when_the_program_was_cut_is_not_run_again():
    async def story():
        store = MemoryStore()
        slow = FakeServer("files", "delete", seconds=60.0)
        async with scene(DELETES, slow, approve="never", store=store) as here:
            await here.say("Delete it.")
            await here.until(lambda: slow.calls)
        again = FakeServer("files", "delete")
        async with scene(
            {"big": [["It may be gone."]]}, again, approve="never", store=store
        ) as here:
            await here.parts.recover()
            await here.idle()
            assert again.calls == []
            assert result(await history(here)) == UNKNOWN
            assert "It may be gone." in here.chat.texts()[-1]

    play(story)


def test_p4_a_round_that_was_over_is_not_paid_for_again():
    async def story():
        store = MemoryStore()
        server = FakeServer("files", "get")
        hangs = {"big": [wants(("get", "{}"), text="Hm."), [60.0, "Never."]]}
        async with scene(hangs, server, store=store) as here:
            await here.say("Look.")
            model = here.parts.gateway.providers["p"].model
            await here.until(lambda: len(model.made) == 2)  # type: ignore[attr-defined]
        async with scene({"big": [["Done."]]}, server, store=store) as here:
            await here.parts.recover()
            await here.idle()
            assert len(server.calls) == 1
            model = here.parts.gateway.providers["p"].model
            assert len(model.made) == 1  # type: ignore[attr-defined]
            (turn,) = await store.turns(DM.session)
            assert turn.end is not None
            assert turn.end.answer == "Hm.\n\nDone."
            assert [each.text for each in turn.end.calls] == ["Hm.", "Done."]

    play(story)


def test_p4_an_approval_is_asked_once_and_its_button_works_after_a_restart():
    async def story():
        store = MemoryStore()
        server = FakeServer("files", "delete")
        async with scene(DELETES, server, store=store) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            chat = here.chat
        text = FILE.format(approve="writes", more=QUICK)
        done = {"big": [["It is gone."]]}
        async with guarded(done, more=text, servers=[server], store=store, chat=chat) as here:
            await here.parts.recover()
            await asyncio.sleep(5)
            assert len(approvals(here)) == 1
            here.numbers = count(100)
            await here.press("approve", turn, value="0")
            await here.idle()
            assert [each.arguments for each in server.calls] == ['{"path":"/a"}']
            assert len(approvals(here)) == 1
            assert "was allowed by Ann" in frame_text(approvals(here)[0])

    play(story)


class StartsOnce(FakeServer):
    """Answers the first who waits for it at once, and everybody else half a minute later."""

    @override
    async def ready(self):
        await super().ready()
        await asyncio.sleep(0 if self.starts == 1 else 30)


def test_after_a_restart_nothing_is_asked_again_that_has_been_decided_since():
    async def story():
        store = MemoryStore()
        both = {"big": [wants(("delete", '{"path": "/a"}'), ("delete", '{"path": "/b"}'))]}
        async with scene(both, FakeServer("files", "delete"), store=store) as here:
            await here.say("Delete both.")
            turn = (await asked(here, 2)).buttons[0].turn_id
            chat = here.chat
        server = StartsOnce("files", "delete")
        text = FILE.format(approve="writes", more=QUICK)
        done = {"big": [["They are gone."]]}
        async with guarded(done, more=text, servers=[server], store=store, chat=chat) as here:
            await here.parts.recover()
            here.numbers = count(100)
            await asyncio.sleep(5)
            await here.press("approve", turn, value="0")
            await asyncio.sleep(60)
            assert [bool(each.buttons) for each in approvals(here)] == [False, True]
            await here.press("approve", turn, value="1")
            await here.idle()
            assert [each.arguments for each in server.calls] == ['{"path":"/a"}', '{"path":"/b"}']

    play(story)


class StartsSlowly(FakeServer):
    """Takes half a minute to start."""

    @override
    async def ready(self):
        await asyncio.sleep(30)
        await super().ready()


def test_stop_after_a_restart_takes_the_buttons_away_before_any_server_is_there():
    async def story():
        store = MemoryStore()
        async with scene(DELETES, FakeServer("files", "delete"), store=store) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            chat = here.chat
        server = StartsSlowly("files", "delete")
        text = FILE.format(approve="writes", more=QUICK)
        async with guarded({}, more=text, servers=[server], store=store, chat=chat) as here:
            await here.parts.recover()
            here.numbers = count(100)
            await asyncio.sleep(5)
            await here.press("stop", turn)
            await here.idle()
            (after,) = approvals(here)
            assert after.buttons == ()
            assert "the turn has ended" in frame_text(after)

    play(story)


def test_a_yes_that_was_only_stored_when_the_program_was_cut_is_obeyed():
    async def story():
        store = MemoryStore()
        server = FakeServer("files", "delete")
        async with scene(DELETES, server, store=store) as here:
            await here.say("Delete it.")
            turn = (await asked(here)).buttons[0].turn_id
            chat = here.chat
            await here.parts.sessions.drain(0)
            press = here.press("approve", turn, value="0")
            here.parts.gateway.intake.storing._handle = _forget  # cut between storing and doing it
            await press
        text = FILE.format(approve="writes", more=QUICK)
        done = {"big": [["It is gone."]]}
        async with guarded(done, more=text, servers=[server], store=store, chat=chat) as here:
            await here.parts.recover()
            await here.idle()
            assert len(server.calls) == 1

    play(story)


async def _forget(_accepted: object) -> None:
    pass
