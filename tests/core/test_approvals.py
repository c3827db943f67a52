"""Shows how a call that needs somebody's yes reads, before and after: nothing in it can hide."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approvals import SHOWN, approval_frames, whole
from core.events import ApprovalChanged
from core.frames import File, Frame, Permission
from core.records import Approval, Decision
from tests.fakes.permission import NASTY, TURN, permission


def content(*asked, **how) -> Permission:
    shown = permission(*asked, **how).content
    assert isinstance(shown, Permission)
    return shown


def test_it_says_what_runs_with_what_who_decides_and_what_was_read():
    shown = content()
    assert shown.title == "🔐 files/delete needs somebody's yes before it runs:"
    assert json.loads(shown.arguments) == NASTY
    assert "read results of web before" in shown.below
    assert "An admin or owner of this place decides, within 10 minutes." in shown.below


def test_its_buttons_name_the_turn_and_the_number_and_ring():
    frame = permission()
    assert [(each.action, each.turn_id, each.value) for each in frame.buttons] == [
        ("approve", TURN, "0"),
        ("refuse", TURN, "0"),
    ]
    assert (frame.key, frame.final, frame.notify) == ("approval/0", True, True)


@pytest.mark.parametrize(
    ("decision", "said"),
    [
        ("approved", "✓ files/delete was allowed by @everyone:"),
        ("used", "✓ files/delete was allowed by @everyone:"),
        ("refused", "✗ files/delete was refused by @everyone and not run:"),
        ("expired", "✗ files/delete was not run: nobody answered within 10 minutes."),
    ],
)
def test_afterwards_it_says_who_decided_and_the_buttons_are_gone(decision, said):
    frame = permission(decision)
    assert content(decision).title == said
    assert content(decision).below == ""
    assert frame.buttons == ()


def test_a_turn_that_has_ended_asks_nobody_any_more():
    frame = permission(ended=True)
    assert frame.buttons == ()
    assert "the turn has ended" in content(ended=True).title


LONG = {"note": "x" * SHOWN, "zap": "rm -rf /\u200b"}
"""What a model may write so that its end is out of sight."""


def long(decision: Decision = "waiting", *, files: bool) -> list[Frame]:
    approval = Approval(
        number=2,
        server="files",
        tool="files__run",
        arguments=json.dumps(LONG),
        digest="d",
        expires=1,
        decision=decision,
    )
    return approval_frames([ApprovalChanged(approval=approval)], TURN, ended=False, files=files)


def test_what_no_message_holds_is_there_as_a_file_before_anybody_is_asked():
    file, asked = long(files=True)
    assert isinstance(file.content, File)
    assert file.content.name == "arguments-3.json"
    assert json.loads(file.content.text.replace("\\\\u", "\\u")) == LONG
    assert "rm -rf /\\u200b" in file.content.text
    assert isinstance(asked.content, Permission)
    assert "rm -rf" not in asked.content.arguments
    assert len(asked.content.arguments) < SHOWN + 200
    assert "stand in arguments-3.json" in asked.content.arguments
    assert asked.buttons


def test_afterwards_no_file_is_sent_for_it_any_more():
    (frame,) = long("approved", files=True)
    assert isinstance(frame.content, Permission)


def test_a_page_or_a_terminal_shows_all_of_it():
    (frame,) = long(files=False)
    assert isinstance(frame.content, Permission)
    assert "rm -rf /\\u200b" in frame.content.arguments


def test_levels_do_not_make_it_long():
    """Line by line, each of these numbers would stand behind two hundred blanks."""
    deep = '{"a":' + "[" * 95 + ",".join(["1"] * 45_000) + "]" * 95 + "}"
    assert len(whole(deep)) < 3 * len(deep)
    assert json.loads(whole(deep)) == json.loads(deep)


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_whatever_is_in_arguments_can_be_seen_and_read_back(arguments):
    shown = whole(json.dumps(arguments))
    assert all(each.isprintable() or each == "\n" for each in shown)
    if "\\" not in json.dumps(arguments, ensure_ascii=False):
        assert json.loads(shown) == arguments
