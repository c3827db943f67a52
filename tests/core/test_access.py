"""Shows who is let in, and as what."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import ADMITTED, NAMED_ADMINS, Access, Grant, decided, subject_to_allow
from core.types import Address, Author

ANN = Author(id="555", name="Ann", circles=("guild:42", "role:7"))
GROUP = Address(platform="discord", channel="c1")


def access(*, owners=(), admins=(), allow=(), deny=()) -> Access:
    return Access(
        owners=frozenset(owners),
        admins=frozenset(admins),
        allow=frozenset(allow),
        deny=frozenset(deny),
    )


@pytest.mark.parametrize(
    ("rules", "role"),
    [
        (Access(), "stranger"),
        (access(allow=["discord:555"]), "member"),
        (access(allow=["discord:guild:42"]), "member"),
        (access(allow=["discord:chat:c1"]), "member"),
        (access(allow=["telegram:555", "discord:Ann", "discord:55", "discord:42"]), "stranger"),
        (access(admins=["discord:role:7"]), "admin"),
        (access(owners=["discord:555"]), "owner"),
        (access(owners=["discord:guild:42"]), "stranger"),
        (access(owners=["discord:555"], deny=["discord:555"]), "denied"),
        (access(allow=["discord:555"], deny=["discord:role:7"]), "denied"),
        (access(allow=["discord:guild:42"], deny=["discord:chat:c1"]), "denied"),
        (Access(public=True), "member"),
        (Access(public=True, deny=frozenset({"discord:555"})), "denied"),
    ],
)
def test_who_somebody_is(rules, role):
    assert rules.role(ANN, GROUP, direct=False) == role


def test_a_chat_that_is_let_in_is_no_private_chat_of_that_name():
    rules = access(allow=["discord:chat:c1"])
    assert rules.role(ANN, GROUP, direct=True) == "stranger"


@pytest.mark.parametrize(
    ("rules", "role"),
    [
        (access(allow=["discord:guild:42"]), "guest"),
        (Access(public=True), "guest"),
        (access(admins=["discord:role:7"]), "guest"),
        (access(allow=["discord:555"]), "member"),
        (access(owners=["discord:555"]), "owner"),
        (replace(access(allow=["discord:guild:42"]), guests=True), "member"),
    ],
)
def test_a_guest_is_not_let_in_with_everybody_else(rules, role):
    assert rules.role(replace(ANN, is_guest=True), GROUP, direct=False) == role


@pytest.mark.parametrize(
    ("rules", "role"),
    [
        (access(allow=["discord:555"]), "member"),
        (access(allow=["discord:555"], admins=["discord:role:7"]), "member"),
        (access(owners=["discord:555"], admins=["discord:555"]), "bot"),
        (access(allow=["discord:guild:42", "discord:role:7", "discord:chat:c1"]), "bot"),
        (access(admins=["discord:guild:42"]), "bot"),
        (Access(public=True), "bot"),
        (access(allow=["discord:555"], deny=["discord:guild:42"]), "denied"),
    ],
)
@pytest.mark.parametrize("admin", [True, False])
def test_a_bot_is_let_in_by_its_own_id_alone_and_is_never_more_than_a_member(rules, role, admin):
    robot = replace(ANN, is_bot=True, is_admin=admin)
    assert rules.role(robot, GROUP, direct=False) == role
    if role != "denied":
        assert rules.role(robot, GROUP, direct=False, chat="deny") == "bot"
        assert rules.role(robot, GROUP, direct=False, chat="allow") == "member"


def test_who_administers_a_chat_does_so_here_unless_the_file_says_no():
    boss = replace(ANN, is_admin=True)
    rules = access(allow=["discord:555"])
    assert rules.role(boss, GROUP, direct=False) == "chat_admin"
    assert replace(rules, chat_admins=False).role(boss, GROUP, direct=False) == "member"
    assert Access().role(boss, GROUP, direct=False) == "stranger"


subjects = st.sets(
    st.sampled_from(["discord:555", "discord:guild:42", "discord:role:7", "discord:chat:c1"])
).map(frozenset)
rules_ = st.builds(
    Access,
    owners=subjects,
    admins=subjects,
    allow=subjects,
    deny=subjects,
    chat_admins=st.booleans(),
    guests=st.booleans(),
    public=st.booleans(),
)
people = st.builds(
    Author,
    id=st.just("555"),
    name=st.just("Ann"),
    circles=st.sampled_from([(), ("guild:42",), ("guild:42", "role:7")]),
    is_guest=st.booleans(),
    is_admin=st.booleans(),
)


@given(rules_, people, st.booleans())
def test_nobody_is_let_in_whom_nothing_names(rules, author, direct):
    role = rules.role(author, GROUP, direct=direct)
    if not (rules.owners | rules.admins | rules.allow) and not rules.public:
        assert role not in ADMITTED
    assert rules.role(author, replace(GROUP, platform="other"), direct=direct) not in ADMITTED or (
        rules.public
    )


@given(rules_, people, st.booleans())
def test_to_be_denied_wins(rules, author, direct):
    mine = {"discord:555", *(f"discord:{each}" for each in author.circles)}
    if mine & rules.deny:
        assert rules.role(author, GROUP, direct=direct) == "denied"


def test_the_accounts_of_one_platform_are_apart():
    rules = access(owners=["slack:U1"], admins=["slack:U2"], allow=["slack:T1"])
    for id_, role in (("U1", "owner"), ("U2", "admin"), ("U3", "member")):
        author = Author(id=id_, name="Ann", circles=("T1",))
        here = Address(platform="slack", channel="C1")
        assert rules.role(author, here, direct=False) == role
        there = replace(here, platform="slack-eu")
        assert rules.role(author, there, direct=False) == "stranger"


# --- what is decided in chat ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "chat", "role"),
    [
        (Access(), "allow", "member"),
        (Access(), "deny", "denied"),
        (access(allow=["discord:555"]), "deny", "denied"),
        (access(admins=["discord:555"]), "deny", "denied"),
        (access(owners=["discord:555"]), "deny", "owner"),
        (access(owners=["discord:555"], deny=["discord:555"]), "deny", "denied"),
        (access(deny=["discord:guild:42"]), "allow", "denied"),
        (access(admins=["discord:role:7"]), "allow", "admin"),
    ],
)
def test_a_decision_in_chat_stands_beside_the_file(rules, chat, role):
    assert rules.role(ANN, GROUP, direct=False, chat=chat) == role


def test_a_guest_who_is_let_in_by_their_own_id_in_chat_is_let_in():
    guest = replace(ANN, is_guest=True)
    assert Access().role(guest, GROUP, direct=False, chat="allow") == "member"


grants = st.lists(
    st.builds(
        Grant,
        decision=st.sampled_from(["allow", "deny"]),
        until=st.none() | st.integers(0, 10),
        direct=st.booleans(),
    ),
    max_size=4,
)


@given(grants, st.integers(0, 10), st.booleans())
def test_of_what_holds_a_deny_wins_and_what_has_run_out_counts_for_nothing(said, now, direct):
    held = [
        each
        for each in said
        if (each.until is None or each.until > now) and (direct or not each.direct)
    ]
    found = decided(said, now, direct=direct)
    assert (found is None) == (not held)
    assert (found == "deny") == any(each.decision == "deny" for each in held)


@given(rules_, people, st.booleans(), st.sampled_from([None, "allow", "deny"]))
def test_no_platform_and_no_decision_in_chat_makes_anybody_an_admin_of_access(
    rules, author, direct, chat
):
    if rules.role(author, GROUP, direct=direct, chat=chat) in NAMED_ADMINS:
        mine = {"discord:555", "discord:chat:c1", *(f"discord:{each}" for each in author.circles)}
        assert mine & (rules.owners | rules.admins)


def test_an_operator_is_told_what_lets_a_person_or_a_place_in():
    assert subject_to_allow(ANN, GROUP, direct=True) == "discord:555"
    assert subject_to_allow(ANN, GROUP, direct=False) == "discord:guild:42"
    alone = replace(ANN, circles=("role:7",))
    assert subject_to_allow(alone, GROUP, direct=False) == "discord:chat:c1"
