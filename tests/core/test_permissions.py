"""Shows who may do what: every command and every button, for every role, in every place."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import ADMINS, ADMITTED, Role, Who, permits
from core.frames import Action
from core.menu import ALIASES, MENU
from core.permissions import PRESSES, allowed, needed
from core.presets import Catalogue, Preset, Slot
from core.types import Address, Author, Command, Press

ROLES: tuple[Role, ...] = get_args(Role)
WHO: tuple[Who, ...] = get_args(Who)
CATALOGUE = Catalogue(
    presets={"review": Preset(name="review", aggregator=Slot(provider="p", model="m"))},
    default="review",
)
ANN = Author(id="ann", name="Ann")
PLACES = {
    "dm": (Address(platform="x", channel="d"), True),
    "channel": (Address(platform="x", channel="c"), False),
    "thread": (Address(platform="x", channel="c", thread="t"), False),
}
roles = st.sampled_from(ROLES)
places = st.sampled_from(sorted(PLACES))


def command(name: str, args: str, place: str) -> Command:
    address, direct = PLACES[place]
    return Command(
        event_id="e", address=address, author=ANN, name=name, args=args, at=1, direct=direct
    )


def press(action: str, place: str) -> Press:
    address, direct = PLACES[place]
    return Press(
        event_id="e",
        address=address,
        author=ANN,
        action=action,
        turn_id="t1",
        at=1,
        value="review",
        direct=direct,
    )


def test_every_button_has_a_row():
    assert set(PRESSES) == set(get_args(Action))


@given(st.sampled_from(WHO), roles, st.booleans())
def test_nobody_may_anything_who_is_not_let_in(who, role, own):
    if role not in ADMITTED:
        assert not permits(who, role, own=own)


@given(st.sampled_from(WHO), st.booleans())
def test_each_role_may_what_the_one_below_it_may(who, own):
    ranks: list[Role] = ["member", "chat_admin", "admin", "owner"]
    may = [permits(who, role, own=own) for role in ranks]
    assert may == sorted(may)
    assert may[-1]


@given(st.sampled_from(WHO), roles)
def test_only_what_one_asked_oneself_makes_a_difference_to_an_asker(who, role):
    if permits(who, role, own=True) != permits(who, role, own=False):
        assert (who, role) == ("asker", "member")


def test_who_administers_a_chat_is_no_operator():
    assert permits("admins", "chat_admin")
    assert not permits("operators", "chat_admin")
    assert permits("operators", "admin")
    assert not permits("owners", "admin")


@pytest.mark.parametrize(
    ("args", "dm", "channel", "thread"),
    [
        ("", "anybody", "anybody", "anybody"),
        ("review", "oneself", "admins", "members"),
        ("review me", "oneself", "oneself", "oneself"),
        ("review thread", "oneself", "admins", "members"),
        ("review channel", "oneself", "admins", "admins"),
        ("off", "oneself", "admins", "members"),
        ("default channel", "oneself", "admins", "admins"),
    ],
)
def test_moa_5_whose_a_choice_is_follows_from_where_it_holds(args, dm, channel, thread):
    for name in ("moa", "preset"):
        found = [needed(command(name, args, each), CATALOGUE) for each in PLACES]
        assert found == [dm, channel, thread]


@given(st.sampled_from(sorted({each.name for each in MENU} | set(ALIASES))), st.text(), places)
def test_every_command_is_for_somebody_whatever_follows_it(name, args, place):
    assert needed(command(name, args, place), CATALOGUE) in WHO


@given(st.sampled_from(sorted(PRESSES)), places)
def test_a_button_is_for_whom_its_command_is_for(action, place):
    who = needed(press(action, place), CATALOGUE)
    if action in {"stop", "retry"}:
        assert who == needed(command(action, "", place), CATALOGUE)
    if action == "pick":
        assert who == needed(command("moa", "review", place), CATALOGUE)
    if action in {"approve", "refuse"}:
        assert who == ("asker" if place == "dm" else "admins")


@given(roles)
def test_help_has_what_may_be_given_and_nothing_else(role):
    names = {each.name for each in allowed(role)}
    for each in MENU:
        whos = {each.who, *each.forms.values()}
        assert (each.name in names) == any(permits(who, role, own=True) for who in whos)


@given(roles, st.sampled_from(["approve", "refuse"]), places, st.booleans())
def test_who_may_allow_a_call_of_a_tool(role, action, place, own):
    """The asker of a shared chat may not, unless their role allows it."""
    may = permits(needed(press(action, place), CATALOGUE), role, own=own)
    in_private = place == "dm" and own and role in ADMITTED
    assert may == (role in ADMINS or in_private)
