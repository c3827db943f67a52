"""Shows where the bot stays, where it may speak, and what it says when it comes or goes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.access import Access
from core.arrivals import people_named, welcome
from core.texts.arrivals import Introduction, farewell, introduction
from core.types import Added, Address, Author

ADDED = Added(
    event_id="e",
    address=Address(platform="discord", channel="c1"),
    author=Author(id="7", name="Ann"),
    at=1,
    place="42",
    rooms=("c1", "c2"),
    circles=("guild:42",),
    groups=("role:9",),
)


def access(*allow, deny=(), **more) -> Access:
    return Access(allow=frozenset(allow), deny=frozenset(deny), **more)


@pytest.mark.parametrize(
    ("rules", "adder", "present", "standing", "rooms"),
    [
        (access(), "stranger", False, "closed", ()),
        (access(public=True), "member", False, "open", ("c1", "c2")),
        (access("discord:guild:42"), "stranger", False, "open", ("c1", "c2")),
        (access(admins=frozenset({"discord:guild:42"})), "stranger", False, "open", ("c1", "c2")),
        (access("discord:chat:c2"), "stranger", False, "open", ("c2",)),
        (access("discord:role:9"), "stranger", False, "partly", ("c1", "c2")),
        (access("discord:7"), "member", False, "partly", ("c1", "c2")),
        (access(), "owner", False, "partly", ("c1", "c2")),
        (access("discord:8"), "stranger", True, "partly", ("c1", "c2")),
        (access("telegram:guild:42"), "stranger", False, "closed", ()),
        (access("discord:guild:42", deny=["discord:guild:42"]), "owner", True, "closed", ()),
        (access("discord:guild:42", deny=["discord:chat:c1"]), "stranger", False, "open", ("c2",)),
        (access("discord:guild:42", deny=["discord:role:9"]), "denied", False, "open", None),
        (access(deny=["discord:chat:c1", "discord:chat:c2"]), "owner", True, "closed", ()),
        (access("discord:7"), "denied", False, "closed", ()),
    ],
)
def test_where_it_stays_and_may_speak(rules, adder, present, standing, rooms):
    found = welcome(rules, ADDED, adder=adder, present=present)
    assert found.standing == standing
    assert found.rooms == (("c1", "c2") if rooms is None else rooms)


def test_where_it_cannot_speak_it_may_stay_all_the_same():
    silent = replace(ADDED, rooms=())
    assert welcome(access("discord:guild:42"), silent, adder="stranger", present=False).rooms == ()
    assert welcome(access(), silent, adder="owner", present=False).standing == "partly"
    assert welcome(access(), silent, adder="stranger", present=False).standing == "closed"


subjects = st.frozensets(
    st.sampled_from(
        [f"discord:{each}" for each in ("7", "guild:42", "role:9", "chat:c1", "chat:c2")]
    )
)


@given(subjects, subjects, st.booleans(), st.sampled_from(["owner", "member", "stranger"]))
def test_a_place_that_is_denied_is_left_and_a_denied_channel_is_never_spoken_in(
    allow, deny, present, adder
):
    found = welcome(Access(allow=allow, deny=deny), ADDED, adder=adder, present=present)
    if "discord:guild:42" in deny:
        assert found.standing == "closed"
    assert not {f"discord:chat:{each}" for each in found.rooms} & deny
    if not allow and adder == "stranger" and not present:
        assert found.standing == "closed"


def test_only_the_people_of_that_platform_are_looked_for():
    rules = Access(
        owners=frozenset({"discord:1"}),
        admins=frozenset({"discord:role:2", "discord:3"}),
        allow=frozenset({"discord:guild:4", "discord:5", "telegram:6", "discord:7"}),
        deny=frozenset({"discord:7"}),
    )
    assert people_named(rules, "discord") == {"1", "3", "5"}


# --- what it says ---------------------------------------------------------------------------

TOLD = Introduction(
    me="@moa",
    ask="/ask",
    choose="/moa",
    privacy="/privacy",
    preset="review",
    models=3,
    vendors=["openai", "anthropic"],
    kept=90 * 86_400,
)


def test_an_introduction_says_what_is_really_set():
    text = introduction(TOLD)
    assert "I am @moa: an AI, and no person." in text
    assert "3 models of openai and anthropic (preset review)" in text
    assert "with /ask QUESTION" in text
    assert "for 90 days" in text
    assert "What is not said to me I neither keep nor pass on." in text
    assert "/moa: which models answer here. /privacy: what is kept" in text
    assert "let in" not in text
    assert "thread" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"models": 1, "vendors": ["local"]}, "goes to 1 model of local (preset review)."),
        ({"vendors": ["a", "b", "c"]}, "3 models of a, b and c"),
        ({"threads": True}, "In a thread that began with me, just write."),
        ({"everything": True}, "I answer whatever is said here, unless"),
        ({"everything": True}, "I keep what is said here, and my answers, for 90 days."),
        ({"kept": None}, "and my answers, for ever."),
        ({"kept": 0}, "and my answers, only until it is answered."),
        ({"partly": True}, "For now I answer only those whom my operator has let in."),
        ({"hears": False, "ask": "/ask@moa_bot"}, "with /ask@moa_bot QUESTION or by replying"),
        ({"hears": False, "threads": True}, "by mentioning me, by replying to me"),
    ],
)
def test_an_introduction_differs_with_what_is_set(change, words):
    assert words in introduction(replace(TOLD, **change))


def test_who_does_not_hear_everything_promises_no_answer_to_it():
    deaf = introduction(replace(TOLD, hears=False, threads=True, everything=True))
    assert "just write" not in deaf
    assert "whatever is said" not in deaf


@pytest.mark.parametrize(
    ("contact", "words"), [("Zoe", "please ask Zoe: "), ("", "please ask whoever runs me: ")]
)
def test_a_farewell_is_one_line_with_whom_to_ask_and_for_what(contact, words):
    text = farewell("discord:guild:42", contact)
    assert words in text
    assert '"discord:guild:42"' in text
    assert "\n" not in text
