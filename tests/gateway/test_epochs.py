"""A new history epoch is logged with its reason, and nothing else is taken for one (MOA-19)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import structlog
from structlog.testing import capture_logs

from core.outcomes import CallReport
from core.types import Image, Line, Tool, ToolCall
from gateway.turn import epochs
from gateway.turn.epochs import Epochs
from tests.fakes.loop import run_virtual
from tests.fakes.memory_store import MemoryStore
from tests.fakes.model import ScriptedModel
from tests.fakes.turns import PRESET, start
from tests.gateway.assembled import assembled

SYSTEM = Line.of("system", "Be kind.")
BLOCK = replace(Line.of("user", "Advice."), trailing=True)
TALK = tuple(Line.of(role, f"{role} {n}") for n in range(4) for role in ("user", "assistant"))


def call(*lines: Line, label: str = "p:big") -> CallReport:
    return CallReport(label=label, lines=lines)


def reasons(noted: Epochs, *calls: CallReport, preset=PRESET, tools=(), turn="t2") -> list[str]:
    with capture_logs() as logs:
        noted.note(replace(start(turn), preset=preset), calls, tools)
    assert all(entry["turn_id"] == turn for entry in logs)
    return [entry["reason"] for entry in logs if entry["event"] == "history_epoch"]


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        (TALK, []),
        (TALK[:2], []),  # a Retry behind rounds of tools: what is sent was all sent before
        ((*TALK, Line.of("user", "And now?")), []),
        ((Line.of("developer", "Be brief."), *TALK), ["another system prompt"]),
        (TALK[2:], ["window cut"]),
        ((*TALK[:2], Line.of("user", "Something else")), ["history changed"]),
        ((Line.of("user", "A new beginning"),), ["history changed"]),
    ],
)
def test_moa_19_an_epoch_is_logged_with_its_reason(lines, why):
    noted = Epochs()
    assert reasons(noted, call(SYSTEM, *TALK[:6], BLOCK)) == []
    head = () if lines[0].role == "developer" else (SYSTEM,)
    assert reasons(noted, call(*head, *lines, BLOCK)) == why
    assert reasons(noted, call(*head, *lines, Line.of("user", "Go on."))) == []


def test_moa_19_another_preset_and_other_tools_are_reasons_of_their_own():
    noted = Epochs()
    assert reasons(noted, call(*TALK)) == []
    assert reasons(noted, call(*TALK), preset=replace(PRESET, name="other")) == ["another preset"]
    tools = (Tool(name="look", parameters={"type": "object"}),)
    other = replace(PRESET, name="other")
    assert reasons(noted, call(*TALK), preset=other, tools=tools) == ["other tools"]
    assert reasons(noted, call(*TALK), preset=other, tools=tools) == []


def test_moa_19_each_slot_has_a_history_of_its_own():
    noted = Epochs()
    assert reasons(noted, call(*TALK), call(*TALK[:1], label="p:spare")) == []
    assert reasons(noted, call(*TALK, label="p:spare")) == []
    assert reasons(noted, call(*TALK[1:])) == ["window cut"]


def test_rounds_of_tools_and_pictures_within_a_turn_are_no_epoch():
    asked = Line(role="user", parts=("What is it?", Image(url="data:,x")))
    used = Line(role="assistant", tool_calls=(ToolCall(id="1", name="look", arguments="{}"),))
    found = Line(role="tool", parts=("a cat",), tool_call_id="1")
    noted = Epochs()
    assert reasons(noted, call(asked, BLOCK), call(asked, used, found, BLOCK)) == []
    assert reasons(noted, call(asked, used, found, Line.of("assistant", "A cat."))) == []


def test_of_long_gone_sessions_nothing_is_kept(monkeypatch):
    monkeypatch.setattr(epochs, "SESSIONS", 1)
    noted = Epochs()
    assert reasons(noted, call(*TALK)) == []
    with capture_logs():
        noted.note(replace(start("t1"), session="web:other"), [call(*TALK)], ())
    assert reasons(noted, call(*TALK[2:])) == []


def test_a_turn_in_which_nobody_was_asked_changes_nothing():
    noted = Epochs()
    assert reasons(noted, call(*TALK)) == []
    assert reasons(noted) == []
    assert reasons(noted, call(*TALK[2:])) == ["window cut"]


def test_moa_19_a_preset_that_is_changed_in_chat_stands_in_the_log():
    async def story():
        async with assembled(MemoryStore(), ScriptedModel()) as parts:
            for text in ("Why?", "And then?"):
                await parts.ask(text)
                await parts.idle()
            assert logs == []
            await parts.command("alone")
            await parts.ask("And now?")
            await parts.idle()

    with capture_logs(processors=[only]) as logs:
        run_virtual(story())
    [entry] = logs
    assert (entry["model"], entry["reason"]) == ("p:big", "another preset")


def only(_logger, _method, event):
    """Pass on what is said of epochs alone."""
    if event["event"] != "history_epoch":
        raise structlog.DropEvent
    return event
