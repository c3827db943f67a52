"""Shows how a call that needs somebody's yes reads, before and after: nothing in it can hide."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.approvals import SHOWN, arguments_text
from core.frames import Permission
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


def test_long_arguments_are_cut_openly():
    shown = arguments_text(json.dumps({"text": "x" * 5_000}))
    assert len(shown) < SHOWN + 100
    assert shown.endswith("more characters are not shown here.")


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20), max_size=3))
def test_whatever_is_in_arguments_can_be_seen_and_read_back(arguments):
    shown = arguments_text(json.dumps(arguments))
    assert all(each.isprintable() or each == "\n" for each in shown)
    if "\\" not in json.dumps(arguments, ensure_ascii=False):
        assert json.loads(shown) == arguments
