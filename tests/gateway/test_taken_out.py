"""Shows that a turn that is taken back leaves nothing in its chat, wherever it was cut."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import ChatAway
from core.frames import Frame, Notice
from core.records import Posted, StoredTurn
from gateway.delivery.info import delivery_id
from gateway.delivery.posts import unpost
from tests.fakes.chat import FakeChat
from tests.fakes.loop import run_virtual
from tests.fakes.turns import start

ANSWER = delivery_id("t1", "answer/0")


def turn(*rows: tuple[str, str | None, Any]) -> StoredTurn:
    return StoredTurn(
        start=start("t1"),
        state="running",
        attempts=1,
        advice=(),
        references_done=0,
        end=None,
        outbox=tuple(
            Posted(turn_id="t1", key=key, message_id=message_id, state=state)
            for key, message_id, state in rows
        ),
    )


def room(*, tells: bool) -> FakeChat:
    chat = FakeChat(platform=start("t1").place.platform, tells=tells)
    chat._stand("m1", Frame(key="panel", content=Notice(text="")), delivery_id("t1", "panel"))
    chat._stand("m2", Frame(key="answer/0", content=Notice(text="")), ANSWER)
    return chat


@pytest.mark.parametrize("state", ["attempting", "piece", "unknown"])
def test_what_was_being_posted_when_it_was_cut_is_looked_for_and_taken_out(state):
    chat = room(tells=True)
    chat.deaf = [ChatAway("not now")]
    cut = turn(("panel", "m1", "delivered"), ("answer/0", None, state))
    run_virtual(unpost({cut.start.place.platform: chat}, cut))
    assert not chat.messages


def test_what_was_refused_is_not_looked_for():
    chat = room(tells=True)
    cut = turn(("panel", "m1", "delivered"), ("answer/0", None, "failed"))
    run_virtual(unpost({cut.start.place.platform: chat}, cut))
    assert not chat.searches
    assert list(chat.messages) == ["m2"]


def test_where_the_platform_cannot_tell_all_else_is_taken_out():
    chat = room(tells=False)
    cut = turn(("answer/0", None, "attempting"), ("panel", "m1", "delivered"))
    run_virtual(unpost({cut.start.place.platform: chat}, cut))
    assert list(chat.messages) == ["m2"]
    assert len(chat.searches) == 1
